"""MQTT: the state and events for home automation, and a mute switch. Needs the extra `mqtt`."""

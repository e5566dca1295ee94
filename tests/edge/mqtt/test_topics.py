"""Names and contents of messages, and settings that do not go together."""

from __future__ import annotations

import json

from onlookers import Desk, tally

from edge.mqtt.settings import Mqtt, find_mqtt_clashes
from edge.mqtt.topics import Topics, list_discovery, make_state, name_device


def test_devices_of_the_same_host_name_have_different_names() -> None:
    first, second = name_device("raspberrypi", "1111"), name_device("raspberrypi", "2222")
    assert first != second
    assert first == name_device("raspberrypi", "1111")
    assert first.startswith("raspberrypi-") and "1111" not in first
    assert name_device("my door/+#", "1").startswith("my-door-")


def test_every_discovered_thing_is_in_the_state() -> None:
    state = json.loads(make_state(Desk().said, tally().read()))
    topics = Topics("maskwatch/door-1")
    configs = [json.loads(each.payload) for each in list_discovery("homeassistant", "door-1", topics, "9.9")]
    keys = {each["value_template"].removeprefix("{{ value_json.").removesuffix(" }}") for each in configs}
    assert keys <= state.keys()
    assert len({each["unique_id"] for each in configs}) == len(configs)


def test_a_blind_camera_is_a_problem_with_a_reason() -> None:
    said = Desk().said | {"state": "blind", "camera_fault": "camera 0:\n unplugged"}
    state = json.loads(make_state(said, tally().read()))
    assert (state["problem"], state["reason"]) == ("ON", "camera 0: unplugged")


def test_a_coral_that_fails_is_a_problem_with_a_reason() -> None:
    said = Desk().said | {"accelerator_fault": "no answer for 1 s"}
    state = json.loads(make_state(said, tally().read()))
    assert (state["problem"], state["reason"], state["runs_on"]) == ("ON", "no answer for 1 s", "cpu")


def test_settings_that_do_not_go_together_are_named() -> None:
    mqtt = Mqtt(ca_file="/ca.pem", password_file="/password")
    assert [list(each) for each in find_mqtt_clashes(mqtt)] == [["mqtt.ca_file"], ["mqtt.password_file"]]
    assert not list(find_mqtt_clashes(Mqtt(tls=True, ca_file="/ca.pem", username="door", password_file="/password")))

"""The device: camera, models, alarm, pins. Never TensorFlow."""

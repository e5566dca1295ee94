"""Turns a trained Keras model into the int8 TFLite model that the device runs, and proves that it still works."""

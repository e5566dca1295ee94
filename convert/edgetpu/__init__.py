"""Checks an int8 model against the Edge TPU compiler's limits, has it compiled, and verifies what came out."""

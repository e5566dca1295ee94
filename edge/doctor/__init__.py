"""Looks at everything that an appliance needs, and says what is wrong and what to do about it.

`examine(patient)` gives findings. One file a group of checks; nothing is changed, nothing needs root, and whatever may
hang or crash (drivers, native libraries) is tried in a process of its own that has a time limit.
"""

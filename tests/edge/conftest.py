"""Hypothesis profiles: `--hypothesis-profile=many` looks at more than 10,000 histories of the door."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("many", max_examples=2500, deadline=None)

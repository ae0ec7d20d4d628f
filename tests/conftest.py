"""Settings that all tests share."""

import os

from hypothesis import settings

# No deadline: a test never asserts a time. In CI the examples are the same in each run.
settings.register_profile("desk", deadline=None, max_examples=100)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

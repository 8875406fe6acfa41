"""Work counted in calls, the same on every machine: a test never asserts a time."""

import sys


def calls(function):
    """Return how many functions, of Python and of C, are called while `function` runs."""
    count = 0

    def seen(_frame, event, _argument):
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count

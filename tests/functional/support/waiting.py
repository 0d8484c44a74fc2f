"""Waiting for something to become true: by looking again, never by hoping
that a fixed time is enough."""

import os
import time

#: Seconds after which a test gives up.  Far more than anything needs: it only
#: bounds how long a broken server holds up the suite.
DEADLINE = float(os.environ.get("UCORN_TEST_DEADLINE", "30"))


def until(check, what, deadline=DEADLINE, pause=0.01):
    """Returns the first true result of check().  what: in words, or a function that says
    it at the end."""
    end = time.monotonic() + deadline
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            words = what() if callable(what) else what
            raise AssertionError(f"not within {deadline:.0f} s: {words}")
        time.sleep(pause)

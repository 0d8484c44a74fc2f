"""Waiting for something to become true: by looking again, never by hoping
that a fixed time is enough."""

import os
import time

#: Seconds after which a test gives up.  Far more than anything needs: it only
#: bounds how long a broken server holds up the suite.
DEADLINE = float(os.environ.get("UCORN_TEST_DEADLINE", "30"))


def until(check, what, deadline=DEADLINE):
    """Returns the first true result of check()."""
    end = time.monotonic() + deadline
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:.0f} s: {what}")
        time.sleep(0.01)

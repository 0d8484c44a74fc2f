"""A test holds an application at a point by a file that it has yet to make."""

import os
import time

PATIENCE = 60  # seconds: longer than any test waits for its answer


def wait_for_file(path):
    end = time.monotonic() + PATIENCE
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise TimeoutError(f"nobody made {path}")
        time.sleep(0.01)

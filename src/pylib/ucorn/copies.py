"""The end of a process that the application has forked on another thread than Python's first.

Python can be taken down on its first thread only, which such a process does not have: since 3.13
it would crash.  So the process ends as those of multiprocessing do."""

import atexit
import contextlib
import sys
import threading
import traceback


def end():
    """Joins threads and runs atexit functions.  Gives whether all that was printed is written."""
    try:
        threading._shutdown()
    except BaseException:
        traceback.print_exc()
    with contextlib.suppress(BaseException):  # before 3.10 it raises what it has printed
        atexit._run_exitfuncs()
    return all([_is_written(stream) for stream in (sys.stdout, sys.stderr)])


def _is_written(stream):
    try:
        if stream is not None and not stream.closed:
            stream.flush()
    except Exception:
        return False
    return True

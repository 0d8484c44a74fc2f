"""Tells what Python looks like from inside."""

import os
import signal
import sys
import traceback
import warnings
from pathlib import Path

from wsgiapp import as_json

STACK_AT_IMPORT = [frame.name for frame in traceback.extract_stack()]


def first_warned():
    """Where a warning goes that is meant for who has called the first function of all."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("for the caller", stacklevel=len(traceback.extract_stack()) + 1)
    return caught[0].filename


def app(environ, start_response):
    maps = Path("/proc/self/maps").read_text()
    looks = {
        "argv": sys.argv[1:],
        "orig_argv": getattr(sys, "orig_argv", sys.argv)[1:],
        "path": sys.path,
        "flags": repr(sys.flags),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "main": sorted(vars(sys.modules["__main__"])),
        "modules": sorted(name for name in sys.modules if "ucorn" in name),
        "hook": sys.excepthook is sys.__excepthook__,
        "last": [name for name in vars(sys) if name.startswith("last_")],
        "signals": {name: str(signal.getsignal(getattr(signal, name))) for name in (
            "SIGPIPE", "SIGXFSZ", "SIGHUP", "SIGCHLD")},
        "stack": [frame.name for frame in traceback.extract_stack()],
        "stack_at_import": STACK_AT_IMPORT,
        "warned": first_warned(),
        "environ": sorted(os.environ),
        "comm": Path("/proc/self/comm").read_text(),
    }  # fmt: skip
    how = {"exe": os.readlink("/proc/self/exe"), "library": "libpython" in maps}
    return as_json(start_response, {"looks": looks, "how": how})

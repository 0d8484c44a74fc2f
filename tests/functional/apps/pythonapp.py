"""Tells what Python looks like from inside."""

import json
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path

STACK_AT_IMPORT = [frame.name for frame in traceback.extract_stack()]


def first_warned():
    """Where a warning goes that is meant for who has called the first function of all."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("for the caller", stacklevel=len(traceback.extract_stack()) + 1)
    return caught[0].filename


def looks():
    """What is not to depend on the way in which Python has started."""
    main = vars(sys.modules["__main__"])
    return {
        "argv": sys.argv,
        "orig_argv": getattr(sys, "orig_argv", None),
        "path": sys.path,
        "importers": sorted(sys.path_importer_cache),
        "flags": repr(sys.flags),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "main": {name: str(value) for name, value in main.items() if name != "__builtins__"},
        "modules": sorted(sys.modules),
        "hook": repr(sys.excepthook).partition(" at ")[0],
        "last": [name for name in vars(sys) if name.startswith("last_")],
        "signals": {
            name: str(signal.getsignal(getattr(signal, name))).partition(" at ")[0]
            for name in ("SIGPIPE", "SIGXFSZ", "SIGHUP", "SIGINT", "SIGTERM")
        },
        "stack": [frame.name for frame in traceback.extract_stack()],
        "stack_at_import": STACK_AT_IMPORT,
        "warned": first_warned(),
        "environ": dict(os.environ),
        "comm": Path("/proc/self/comm").read_text(),
        "cmdline": os.fsdecode(Path("/proc/self/cmdline").read_bytes()).rstrip("\0").split("\0"),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
    }  # fmt: skip


def tell(file=sys.stdout):
    print(json.dumps(looks()), file=file)


def app(environ, start_response):
    maps = Path("/proc/self/maps").read_text()
    how = {
        "exe": os.readlink("/proc/self/exe"),
        "library": "libpython" in maps,
        "libev": "libev.so" in maps,  # which applications may bring: ours is to be another one
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"looks": looks(), "how": how}).encode()]

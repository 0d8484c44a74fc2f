# env: DEBUG=1 PRELOAD=True
import os


def flag(name, default="0"):
    return os.getenv(name, default).lower() in ("1", "true", "yes")


reload = flag("DEBUG")
preload_app = flag("PRELOAD")
capture_output = flag("CAPTURE")
spew = False

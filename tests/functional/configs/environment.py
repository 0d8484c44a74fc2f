"""Everything from the environment, as images for containers do it."""

import json
import multiprocessing
import os


def env(name, default=None):
    return os.environ.get(f"APP_{name}", default)


def flag(name):
    return env(name, "false").lower() in ("1", "true", "yes", "on")


cores = multiprocessing.cpu_count()
if env("WORKERS"):
    workers = int(env("WORKERS"))
    assert workers > 0
else:
    workers = max(int(float(env("WORKERS_PER_CORE", "1")) * cores), 2)
    if env("MAX_WORKERS"):
        workers = min(workers, int(env("MAX_WORKERS")))

bind = env("BIND") or f"{env('HOST', '0.0.0.0')}:{env('PORT', '80')}"
loglevel = env("LOG_LEVEL", "info")
accesslog = env("ACCESS_LOG", "-") or None
errorlog = env("ERROR_LOG", "-") or None
worker_tmp_dir = "/dev/shm"
graceful_timeout = env("GRACEFUL_TIMEOUT", "120")
timeout = env("TIMEOUT", "120")
keepalive = env("KEEP_ALIVE", "5")
preload_app = flag("PRELOAD")
proc_name = env("NAME")
raw_env = [f"{name[4:]}={value}" for name, value in os.environ.items() if name[:4] == "ENV_"]

print(json.dumps({"workers": workers, "bind": bind, "loglevel": loglevel}))

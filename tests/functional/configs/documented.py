"""In the style of gunicorn's documentation: every group of settings, every hook.

Nothing here knows of ucorn, or of a test, but for NOTES: the file that hooks write to."""

import os
import sys
import threading
import traceback

# --- Server socket

backlog = 2048

# --- Worker processes

workers = 2
worker_class = "sync"
worker_connections = 1000
timeout = 30
keepalive = 2

# --- Debugging

spew = False

# --- Server mechanics

daemon = False
raw_env = [
    "DJANGO_SECRET_KEY=something",
    "SPAM=eggs",
]
pidfile = None
umask = 0
user = None
group = None
tmp_upload_dir = None

# --- Logging

errorlog = "-"
loglevel = "info"
accesslog = "-"
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'

# --- Process naming

proc_name = None

# --- Server hooks


def note(text):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(text + "\n")


def on_starting(server):
    note("on_starting")


def on_reload(server):
    note("on_reload")


def nworkers_changed(server, new_value, old_value):
    note(f"nworkers_changed {old_value} {new_value}")


def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)
    note(f"post_fork {worker.age}")


def pre_fork(server, worker):
    note(f"pre_fork {worker.age}")


def pre_exec(server):
    server.log.info("Forked child, re-executing.")


def when_ready(server):
    server.log.info("Server is ready. Spawning workers")
    note("when_ready")


def post_worker_init(worker):
    note(f"post_worker_init {worker.age}")


def worker_int(worker):
    worker.log.info("worker received INT or QUIT signal")
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    code = []
    for ident, stack in sys._current_frames().items():
        code.append(f"\n# Thread: {names.get(ident, '')}({ident})")
        for filename, line, name, text in traceback.extract_stack(stack):
            code.append(f'File: "{filename}", line {line}, in {name}')
            if text:
                code.append(f"  {text.strip()}")
    worker.log.debug("\n".join(code))
    note(f"worker_int {worker.age} {len(code) > 1}")


def worker_abort(worker):
    worker.log.info("worker received SIGABRT signal")


def pre_request(worker, req):
    worker.log.debug("%s %s", req.method, req.path)
    req.seen = True


def post_request(worker, req, environ, resp):
    note(f"post_request {req.seen} {environ['PATH_INFO']} {resp.status_code}")


def child_exit(server, worker):
    note(f"child_exit {worker.age}")


def worker_exit(server, worker):
    note(f"worker_exit {worker.age}")


def on_exit(server):
    note("on_exit")


def ssl_context(conf, default_ssl_context_factory):
    import ssl

    context = default_ssl_context_factory()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context

"""A configuration with all hooks.  Each call becomes a line of JSON in the file HOOKS_FILE names:
the hook, the process it ran in, the worker's pid and age, and what else is of interest.

HOOKS_ADD: Python code that runs at the end, to replace some of them or to add what they do."""

import json
import os

FILE = os.open(os.environ["HOOKS_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
after = {}  # hook -> what to do when the call has been noted


def note(hook, worker=None, **more):
    call = {"hook": hook, "pid": os.getpid(), **more}
    if worker is not None:
        call.update(worker=worker.pid, age=worker.age)
    os.write(FILE, json.dumps(call).encode() + b"\n")
    if hook in after:
        after[hook]()


def nworkers_changed(server, new_value, old_value):
    note("nworkers_changed", new=new_value, old=old_value, has_pid=hasattr(server, "pid"))


def on_starting(server):
    note("on_starting", server_pid=server.pid, listeners=len(server.LISTENERS))


def when_ready(server):
    note("when_ready", server_pid=server.pid, listeners=[str(one) for one in server.LISTENERS])


def pre_fork(server, worker):
    note("pre_fork", worker, known=len(server.WORKERS))
    worker.mark = worker.age * 100


def post_fork(server, worker):
    note("post_fork", worker, mark=worker.mark, loaded=worker.app.callable is not None)


def post_worker_init(worker):
    note("post_worker_init", worker, text=str(worker), booted=worker.booted, nr=worker.nr)


def pre_request(worker, req):
    note("pre_request", worker, nr=worker.nr, method=req.method, path=req.path)
    req.seen = "by pre_request"


def post_request(worker, req, environ, resp):
    note(
        "post_request", worker, nr=worker.nr, seen=getattr(req, "seen", None),
        path=environ.get("PATH_INFO"), status=resp and resp.status,
    )  # fmt: skip


def worker_int(worker):
    note("worker_int", worker)


def worker_abort(worker):
    note("worker_abort", worker)


def worker_exit(server, worker):
    note("worker_exit", worker)


def child_exit(server, worker):
    note("child_exit", worker, mark=worker.mark, known=sorted(server.WORKERS))


def on_reload(server):
    note("on_reload")


def on_exit(server):
    note("on_exit")


exec(os.environ.get("HOOKS_ADD", ""))

def on_starting(server):
    server.log.info("starting")


def on_reload(server):
    pass


def when_ready(server):
    server.log.info("Server is ready. Spawning workers")


def pre_fork(server, worker):
    pass


def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)


def post_worker_init(worker):
    pass


def worker_int(worker):
    import sys
    import threading
    import traceback

    names = {th.ident: th.name for th in threading.enumerate()}
    for number, stack in sys._current_frames().items():
        worker.log.debug("%s %s", names.get(number), traceback.format_stack(stack))


def worker_abort(worker):
    worker.log.info("worker received SIGABRT signal")


def pre_exec(server):
    server.log.info("Forked child, re-executing.")


def pre_request(worker, req):
    worker.log.debug("%s %s" % (req.method, req.path))


def post_request(worker, req, environ, resp):
    pass


def child_exit(server, worker):
    pass


def worker_exit(server, worker):
    pass


def nworkers_changed(server, new_value, old_value):
    pass


def on_exit(server):
    pass

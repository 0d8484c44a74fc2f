"""A worker says in the log when it is about to serve, and whose worker it is."""


def post_worker_init(worker):
    worker.log.info("Ready: worker %s of %s", worker.pid, worker.ppid)

import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@logged
def worker_exit(server, worker):
    pass


def post_worker_init(worker, *, option=None, **rest):
    pass


pre_fork = functools.partial(lambda extra, server, worker: None, "extra")

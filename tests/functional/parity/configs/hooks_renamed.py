def def_post_fork(_, __):
    pass


post_fork = def_post_fork
pre_request = lambda req, worker: None  # noqa: E731

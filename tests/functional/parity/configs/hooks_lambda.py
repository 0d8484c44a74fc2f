when_ready = lambda server: server.log.info("ready")  # noqa: E731
post_request = lambda worker, req: None  # noqa: E731

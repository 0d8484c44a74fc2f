def fill(namespace):
    """Puts settings into a configuration file that calls this."""
    namespace.update(workers=5, when_ready=lambda server: None)

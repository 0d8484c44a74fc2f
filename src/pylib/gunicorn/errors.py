"""What ends a server, or keeps one from starting."""


class HaltServer(BaseException):
    """Ends the master with exit_status; no application can catch it by `except Exception`."""

    def __init__(self, reason, exit_status=1):
        super().__init__(reason, exit_status)
        self.reason = reason
        self.exit_status = exit_status

    def __str__(self):
        return "<HaltServer %r %d>" % (self.reason, self.exit_status)


class ConfigError(Exception):
    """A setting is wrong."""


class AppImportError(Exception):
    """What names the application names none."""

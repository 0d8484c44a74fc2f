"""gunicorn, as it is inside of ucorn: the names that configurations, loggers and applications use.

Whatever serves requests is ucorn's.  SERVER and SERVER_SOFTWARE may be assigned: workers read
them when they start."""

from ucorn import names

__version__ = names.GUNICORN_VERSION
version_info = tuple(int(part) for part in __version__.split("."))
SERVER = names.SERVER
SERVER_SOFTWARE = names.SOFTWARE


def __getattr__(name):
    """In gunicorn's own processes its modules are loaded before anybody asks for them."""
    from ucorn.importer import submodule

    return submodule(__name__, name)

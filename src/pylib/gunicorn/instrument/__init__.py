"""Loggers that measure."""


def __getattr__(name):
    from ucorn.importer import submodule

    return submodule(__name__, name)

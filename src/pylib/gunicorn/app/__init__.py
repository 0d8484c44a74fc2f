"""Applications as gunicorn starts them."""


def __getattr__(name):
    from ucorn.importer import submodule

    return submodule(__name__, name)

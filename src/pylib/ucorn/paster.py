"""Applications that an ini file of PasteDeploy describes."""

import os


def has_logging_config(config_file):
    import configparser

    parser = configparser.ConfigParser()
    parser.read([config_file])
    return parser.has_section("loggers")


def get_wsgi_app(config_uri, name=None, defaults=None):
    """config_uri: PATH or PATH#name, with or without config: before it."""
    from paste.deploy import loadapp

    uri = config_uri if ":" in config_uri else "config:" + config_uri
    return loadapp(uri, name=name, relative_to=os.getcwd(), global_conf=defaults)


def require():
    """RuntimeError if PasteDeploy is not there."""
    try:
        import paste.deploy  # noqa: F401
    except ImportError as error:
        raise RuntimeError("--paste needs the package PasteDeploy: %s" % error) from None

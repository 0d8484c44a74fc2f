"""What an ini file of PasteDeploy describes: an application, and perhaps the server."""

import configparser
import os

from ucorn.loader import SpecError

#: The section that pserve goes by, and who it has to be for.  Sections for others, gunicorn's
#: among them, mean nothing here, as they mean nothing to `gunicorn --paste`.
SERVER = "server:main"
OURS = ("egg:ucorn", "egg:ucorn#main")


class NoSection(SpecError):
    """The file does not describe the application; gunicorn's exit code for that is another."""

    exit_code = 3


def path_of(uri):
    """The file of a URI that --paste takes: PATH or PATH#name."""
    path = os.path.abspath(uri).split("#")[0]
    if not os.path.exists(path):
        raise RuntimeError("%r not found" % path)
    return path


def has_logging_config(config_file):
    return _read(config_file).has_section("loggers")


def get_wsgi_app(config_uri, name=None, defaults=None):
    """config_uri: PATH or PATH#name, with or without config: before it."""
    from paste.deploy import loadapp

    bare = config_uri.startswith("/") or ":" not in config_uri
    uri = "config:" + config_uri if bare else config_uri
    return loadapp(uri, name=name, relative_to=os.getcwd(), global_conf=defaults)


def load(uri, variables):
    """The same for the server: SpecError if the file itself is to blame."""
    try:
        app = get_wsgi_app(uri, defaults=variables)
    except LookupError as error:
        if type(error) is LookupError and _raised_by_paste(error):
            raise NoSection(str(error)) from None
        raise
    if not callable(app):
        raise SpecError("Application object must be callable.")
    return app


def _raised_by_paste(error):
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__", "").startswith("paste.deploy.")


def require():
    """RuntimeError if PasteDeploy is not there."""
    try:
        import paste.deploy  # noqa: F401
    except ImportError as error:
        raise RuntimeError("--paste needs the package PasteDeploy: %s" % error) from None


# --- the section about the server


def config_file(path):
    """The configuration file that the section names, or None."""
    return _section(path, {}, only="config").get("config")


def server_settings(path, variables):
    """{name: value} of the section, ready to be set."""
    own = _section(path, variables)
    own.pop("config", None)
    host, port = own.pop("host", None), own.pop("port", None)
    if host and port:
        form = "[%s]:%s" if ":" in host and host[0] != "[" else "%s:%s"
        own["bind"] = form % (host, port)
    elif host:
        own["bind"] = host.split(",")
    elif port:
        raise RuntimeError("[%s] of %r has a port without a host." % (SERVER, path))
    return {name.lower(): value for name, value in own.items()}


def _section(path, variables, only=None):
    """The section's own options as PasteDeploy reads them, or just one; none if the section
    is not for this server."""
    parser = _read(path, {**variables, "here": os.path.dirname(path), "__file__": path})
    if parser.get(SERVER, "use", raw=True, fallback="").strip() not in OURS:
        return {}
    names = [only] if only else parser.options(SERVER)
    try:
        return {
            name: parser.get(SERVER, name)
            for name in names
            if name != "use" and name not in parser.defaults() and parser.has_option(SERVER, name)
        }
    except configparser.Error as error:
        raise RuntimeError(_cannot_read(path, error)) from None


def _read(path, defaults=None):
    parser = configparser.ConfigParser(defaults)
    parser.optionxform = str
    try:
        with open(path) as lines:
            parser.read_file(lines)
    except OSError as error:
        raise RuntimeError(_cannot_read(path, error.strerror)) from None
    except (UnicodeDecodeError, configparser.Error) as error:
        raise RuntimeError(_cannot_read(path, error)) from None
    return parser


def _cannot_read(path, why):
    return "Cannot read %r: %s" % (path, " ".join(str(why).split()))

"""The configuration file: a Python module whose names are settings."""
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import traceback

from ucorn import config
from ucorn.importer import importer

NAMES = ("ucorn.conf.py", "gunicorn.conf.py")
MODULE = "__config__"


class ReadError(Exception):
    """The file cannot be run; __cause__ says why."""


class ValueRefused(Exception):
    """A setting cannot have the value that the file gives it; __cause__ says why."""

    def __init__(self, name, value):
        super().__init__("Invalid value for %s: %s" % (name, value))


def load(location, uri, put):
    """Runs the file and hands its settings to put(name, texts, object or None).  Gives
    the file's location: the one asked for, that which the ini file of --paste names (uri;
    None: there is none), that of the default file, or None."""
    if uri:
        from ucorn import paster

        paster.require()
        location = location or paster.config_file(paster.path_of(uri))
    location = location or _default()
    if not location:
        return None
    if location.startswith("python:"):
        names = _names_of_module(location[len("python:"):])
    elif location.startswith("file:"):
        names = _names_of_file(location[len("file:"):])
    else:
        names = _names_of_file(location)
    rows = {row["name"]: row for row in config.TABLE}
    for name, value in list(names.items()):
        if name not in rows:
            continue
        try:
            _put(rows[name], value, put)
        except Exception as error:
            raise ValueRefused(name, value) from error
    # What it has printed is not to be in the buffers of every worker.
    for stream in (sys.stdout, sys.stderr):
        if stream:
            stream.flush()
    return location


def _default():
    paths = (os.path.join(os.getcwd(), name) for name in NAMES)
    return next(filter(os.path.exists, paths), None)


def _put(row, value, put):
    value = config.prepare(row, value)
    texts = config.texts_of(row, value)
    if config.is_object(row, value):
        put(row["name"], texts, value)
    else:
        config.value_of(row, put(row["name"], texts, None))


def _names_of_file(path):
    if not os.path.exists(path):
        raise RuntimeError("%r doesn't exist" % path)
    compiled = path.endswith(".pyc")
    if not compiled and not path.endswith(".py"):
        print("!!!\n!!! WARNING: configuration file should have a valid Python extension.\n!!!\n",
              file=sys.stderr)
    try:
        machinery = importlib.machinery
        loader = (machinery.SourcelessFileLoader if compiled else machinery.SourceFileLoader)(
            MODULE, path)
        spec = importlib.util.spec_from_file_location(MODULE, path, loader=loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules[MODULE] = module
        if compiled:
            loader.exec_module(module)
        else:
            # From the source, past any .pyc: that could be older by less than a second.
            code = loader.source_to_code(loader.get_data(path), module.__file__)
            exec(code, vars(module))
    except Exception as error:
        raise ReadError("Failed to read config file: %s" % path) from error
    return vars(module)


def _names_of_module(name):
    """A module that was there before is run again, as a file is; if that fails, it is as
    it was."""
    if name not in sys.modules:
        return vars(importlib.import_module(name))
    module = sys.modules[name]
    before = dict(vars(module))
    try:
        importlib.reload(module)
    except BaseException:
        vars(module).clear()
        vars(module).update(before)
        raise
    return vars(module)


def tell(error):
    """Writes what gunicorn writes about an error at start.  Gives the sentence that goes
    behind it, or None."""
    if isinstance(error, ReadError):
        print(error, file=sys.stderr)
        _print_traceback(error.__cause__)
        return None
    if isinstance(error, ValueRefused):
        print("%s\n" % error, file=sys.stderr)
        return str(error.__cause__)
    return str(error)


def describe(error):
    """The same as one sentence, for the log."""
    if error.__cause__ is not None and isinstance(error, (ReadError, ValueRefused)):
        return "%s: %s" % (error, error.__cause__)
    if isinstance(error, SystemExit):
        return "the configuration file has called sys.exit(%r)" % (error.code,)
    return str(error)


def _print_traceback(error):
    """Without the frames that led to the file, if it was reached."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_globals.get("__name__") != MODULE:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace or error.__traceback__)


# --- raw_env

#: What the variables that raw_env has set were before; None: not there.
replaced = {}


def set_environ(assignments):
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise RuntimeError("environment setting %r invalid" % assignment)
        replaced.setdefault(name, os.environ.get(name))
        os.environ[name] = value


def reset_environ():
    """Undoes all of it, for a file that is about to be read again."""
    for name, value in replaced.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    replaced.clear()


# --- a reload that fails leaves no trace


def save():
    return (dict(os.environ), dict(replaced), list(sys.path), _folder(), _umask(),
            sys.modules.get(MODULE), importer.save("gunicorn"))


def _folder():
    try:
        return os.getcwd()
    except OSError:
        return None  # it was deleted; there is no way back to it


def _umask():
    """Without setting it, if possible: another thread may be about to make a file."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except OSError:
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def restore(saved):
    environ, replaced_before, path, folder, mask, module, package = saved
    for name in set(os.environ) - set(environ):
        del os.environ[name]
    for name, value in environ.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    replaced.clear()
    replaced.update(replaced_before)
    sys.path[:] = path
    if folder is not None:
        try:
            os.chdir(folder)
        except OSError:
            pass  # it was deleted in the meantime
    os.umask(mask)
    importer.restore(package)
    if module is None:
        sys.modules.pop(MODULE, None)
    else:
        sys.modules[MODULE] = module


# --- PasteDeploy


def paste(uri, assignments, put):
    """(URI, file, whether the file sets up logging) for --paste; what the file says to the
    server goes to put."""
    from ucorn import paster

    paster.require()
    path = paster.path_of(uri)
    rows = {row["name"]: row for row in config.TABLE}
    for name, value in paster.server_settings(path, config.paste_variables(assignments)).items():
        where = "[%s] of %r" % (paster.SERVER, path)
        if name not in rows:
            raise RuntimeError("%s: No configuration setting for: %s" % (where, name))
        try:
            _put(rows[name], value, put)
        except Exception as error:
            text = "%s: Invalid value for %s: %s: %s" % (where, name, value, error)
            raise RuntimeError(text) from error
    return os.path.abspath(uri), path, paster.has_logging_config(path)


# --- --check-config


def check_application(load_application, spec):
    """The exit code of --check-config."""
    try:
        load_application(spec)
    except Exception:
        print("\nError while loading the application:\n", file=sys.stderr)
        traceback.print_exc()
        return 1
    return 0

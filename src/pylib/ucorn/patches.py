"""What configurations and applications have changed in the package gunicorn, which is ours.

The one answer to "is it stock?": a module, or a class of it, is stock while it has the values that
it had when it was imported.  Some changes are obeyed (SERVER, SERVER_SOFTWARE), others cannot be,
because what they change is done without Python: then the server says so."""

import builtins
import importlib.util
import sys

from ucorn import names
from ucorn.importer import importer

SETTING = "use_installed_gunicorn"


class Refused(RuntimeError):
    """Something of gunicorn's inner workings is asked for that ucorn has not."""


def refused(what):
    """The error of what needs the inner workings."""
    return Refused(
        "%s: ucorn does this work itself, and its own gunicorn package has no such inner "
        "workings. If gunicorn is installed, the setting %s gives you its package instead."
        % (what, SETTING)
    )


def is_embedded():
    """Whether `import gunicorn` means our package."""
    return importer.hidden != "gunicorn"


def use_installed(wanted):
    """What the setting says.  RuntimeError when there is none installed."""
    importer.hide("gunicorn" if wanted else "")
    if wanted and importlib.util.find_spec("gunicorn") is None:
        importer.hide("")
        raise RuntimeError(
            "%s: no gunicorn is installed for %s" % (SETTING, sys.executable or "this Python")
        )


# Whether something is stock.


def changed(module_name):
    """The names in that module of ours, and in its classes, that have another value than at first
    or are new: ["Response", "Response.default_headers"].  [] while nobody has imported it."""
    module = sys.modules.get(module_name)
    found = []
    for name, value, attributes in importer.originals.get(module_name, ()):
        if getattr(module, name, None) is not value:
            found.append(name)
        if attributes is not None:
            found += ["%s.%s" % (name, key) for key in _changed_attributes(value, attributes)]
    return found


def _changed_attributes(cls, attributes):
    now = vars(cls)
    return sorted(
        key
        for key in now.keys() | attributes.keys()
        # These two come with the first weak reference or subclass, in no one's code.
        if key not in ("__weakref__", "__abstractmethods__")
        and now.get(key) is not attributes.get(key)
    )


def is_stock(cls):
    """Whether cls is a class of ours, not a subclass, and it and its bases are as they came."""
    return all(_is_unchanged(base) for base in cls.__mro__[:-1])


def is_own(cls):
    """Whether cls is a class of ours, changed or not."""
    return any(value is cls for _, value, _ in importer.originals.get(cls.__module__, ()))


def _is_unchanged(cls):
    for _, value, attributes in importer.originals.get(cls.__module__, ()):
        if value is cls:
            return not _changed_attributes(cls, attributes)
    return getattr(builtins, cls.__name__, None) is cls


# What is obeyed.


def _patched(name, own):
    """The name's value in gunicorn.http.wsgi if that was changed, else in gunicorn, else own."""
    package = sys.modules.get("gunicorn")
    if package is None:
        return own
    stock = own if is_embedded() else INSTALLED[name] % package.__dict__
    for module in (sys.modules.get("gunicorn.http.wsgi"), package):
        value = getattr(module, name, stock)
        if value != stock:
            return value
    return own


#: What the installed package has before anybody changes it.
INSTALLED = {"SERVER": "gunicorn", "SERVER_SOFTWARE": "gunicorn/%(__version__)s"}


def server():
    """What the field Server says, as text whatever it is, like gunicorn."""
    return str(_patched("SERVER", names.SERVER))


def software():
    """environ["SERVER_SOFTWARE"]."""
    return _patched("SERVER_SOFTWARE", names.SOFTWARE)


# What isinstance() is told of objects that stand for gunicorn's.


def shown_as(path, own):
    """The class of that name in gunicorn, if its module has been imported, else own."""
    module, _, name = path.rpartition(".")
    return getattr(sys.modules.get(module), name, own)


def worker_shown_as(cfg, own):
    """The class that worker_class stands for, or the one that all inherit from."""
    base = shown_as("gunicorn.workers.base.Worker", own)
    if base is own:
        return own
    from gunicorn.workers import SUPPORTED_WORKERS

    return shown_as(SUPPORTED_WORKERS.get(cfg.worker_class_str, ""), base)


# What cannot be.

#: Modules whose code would run for each request, and why a change there does nothing.
WITHOUT_EFFECT = {
    "gunicorn.http.wsgi": "responses are written without Python. For another Server field, set "
    "gunicorn.SERVER; for further fields, use a middleware",
    "gunicorn.http.message": "requests are read without Python",
    "gunicorn.workers.base": "workers run without it",
    "gunicorn.workers.sync": "workers run without it",
    "gunicorn.workers.gthread": "workers run without it",
}
OBEYED = {"SERVER", "SERVER_SOFTWARE"}

#: Modules that have an effect when the worker class is one of the user's.
HOSTING = {"gunicorn.workers.base"}
is_hosting = False  # it is

#: Where agents put their wrappers: (module, class) of the installed package.
SERVING = {"gunicorn.workers.sync": "SyncWorker", "gunicorn.workers.gthread": "ThreadWorker"}


def _wrapped(module_name):
    """As changed(), of the installed package, whose first values nobody has kept: what comes from
    another module, or wraps something."""
    module = sys.modules.get(module_name)
    cls = getattr(module, SERVING.get(module_name, ""), None)
    return [
        "%s.%s" % (cls.__name__, name)
        for name, value in (vars(cls).items() if cls is not None else ())
        if callable(value)
        and (hasattr(value, "__wrapped__") or getattr(value, "__module__", "") != module_name)
    ]


_told = set()


def news():
    """A sentence for each change that has no effect, once."""
    find = changed if is_embedded() else _wrapped
    sentences = []
    for module, reason in WITHOUT_EFFECT.items():
        if is_hosting and (module in HOSTING or not is_embedded()):
            continue
        new = [n for n in find(module) if n not in OBEYED and (module, n) not in _told]
        _told.update((module, name) for name in new)
        if new:
            sentences.append(
                "%s was changed (%s), which has no effect: %s."
                % (module, ", ".join(new), reason)
            )
    return sentences

"""worker_class: which class it is, and who runs it.

A class that inherits from one of the stock classes of our package gunicorn is an object of its own
on the server's worker of that name: what it overrides of a worker's life is called, requests are
served without Python.  Any other class does everything itself, and the server is its master."""

import inspect
import types

from ucorn import patches
from ucorn.config import WORKERS

#: What serves requests in gunicorn's stock classes, and what nobody calls in ours.
SERVING = frozenset(
    "accept handle handle_request handle_error wait run_for_one run_for_multiple is_parent_alive "
    "get_thread_pool enqueue_req on_client_socket_readable reuse_connection murder_keepalived "
    "finish_request set_accept_enabled _wrap_future timeout_ctx is_already_handled patch "
    "server_class wsgi_handler watchdog heartbeat".split()
)
#: Stock classes that no worker of the server's stands behind.
ABSTRACT = {
    "gunicorn.workers.base_async.AsyncWorker": "AsyncWorker",
    "gunicorn.workers.gasgi.ASGIWorker": "ASGIWorker",
}


class Unusable(RuntimeError):
    """One sentence for the operator."""


def judge(cfg):
    """Finds the class of a setting that is none of the server's names.  Gives the name of the
    server's worker that it goes with; "" if the class does everything itself.  Unusable says why
    there can be no worker of that class."""
    shown = cfg.settings["worker_class"].get()
    shown = shown if isinstance(shown, str) else "%s.%s" % (shown.__module__, shown.__qualname__)
    found = _find(cfg, shown)
    if not isinstance(found, type) or not any(map(_is_worker, found.__mro__)):
        raise Unusable(
            "worker_class %s: it is no class that inherits from gunicorn.workers.base.Worker."
            % shown
        )
    stock = _stock_base(found)
    if stock is None:
        _check_run(found, shown)
        cfg.hosted_class = found
        return ""
    name = _name_of(stock, shown)
    if found is not stock:
        _check_overrides(found, stock, shown)
        cfg.hosted_class = found
    return name


def _find(cfg, shown):
    try:
        found = cfg.worker_class
        if isinstance(found, str):  # Python asks for the setting when the property has none
            raise AttributeError("module %r has no attribute %r" % (*found.rsplit(".", 1),))
        return found
    except Exception as error:
        # load_class puts a traceback of what was raised into the text.
        cause = error.__context__ if isinstance(error, RuntimeError) else None
        cause = cause or error
        raise Unusable(
            "worker_class %s cannot be loaded: %s: %s%s"
            % (shown, type(cause).__name__, cause, _where(cause))
        ) from None


def _where(error):
    """In whose file it was raised; "" if that is one of ours or of Python's machinery."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith("<") and "importlib" not in code.co_filename:
            place = " (%s, line %d)" % (code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _is_worker(cls):
    """Of our package or of the installed one."""
    return cls.__module__ == "gunicorn.workers.base" and cls.__name__ == "Worker"


def _path(cls):
    return "%s.%s" % (cls.__module__, cls.__qualname__)


def _stock_base(found):
    """The class of our package that found is, or inherits its serving from."""
    for cls in found.__mro__:
        if patches.is_own(cls) and not _is_worker(cls):
            return cls
    return None


def _name_of(stock, shown):
    path = _path(stock)
    for name, known in WORKERS.items():
        if known == path:
            return name
    raise Unusable(
        "worker_class %s: ucorn's gunicorn package has only the name of %s; the setting %s lets "
        "the class inherit from the installed one." % (shown, stock.__name__, patches.SETTING)
    )


def _check_run(found, shown):
    if any("run" in vars(cls) for cls in found.__mro__ if not _is_worker(cls)):
        return
    raise Unusable(
        "worker_class %s: it has no method run(), which serves requests until alive is false."
        % shown
    )


def _check_overrides(found, stock, shown):
    """What is there to serve requests in another way would never be called."""
    before = found.__mro__[: found.__mro__.index(stock)]
    for cls in before:
        for name, value in vars(cls).items():
            if name in SERVING or (name == "run" and not _calls_super(value, name)):
                raise Unusable(
                    "worker_class %s: %s overrides %s.%s, but here requests are served without "
                    "Python. Set %s to run the class on the installed gunicorn, or leave the "
                    "override out."
                    % (shown, cls.__name__, stock.__name__, name, patches.SETTING)
                )


def _calls_super(function, name):
    """Whether a method's code asks something for the name of that method."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is None or _mentions(code, name)


def _mentions(code, name):
    inner = (const for const in code.co_consts if isinstance(const, types.CodeType))
    return name in code.co_names or any(_mentions(part, name) for part in inner)

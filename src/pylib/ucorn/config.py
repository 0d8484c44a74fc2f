"""cfg: what hooks, logger classes and worker classes see of the settings.

Values have the Python types that gunicorn gives them, and a value that is set
here is judged as one in a configuration file."""
import importlib
import os
import re
import traceback
import types

#: The rows of the settings table, in its order, and check(name, texts), which says
#: what C makes of texts.  ucorn puts both here when it imports this module.
TABLE = []
check = None

# --- from what Python code says to texts, and from what C has to values


def _text(row, value):
    if value is not None and not isinstance(value, str):
        raise TypeError("Not a string: %s" % (value,))
    return value


def _number(row, value):
    return str(int(value) if isinstance(value, int) else int(value, 0))


def _size(row, value):
    return str(value)


def _id(row, value):
    return str(int(value)) if isinstance(value, int) else value


def _bool(row, value):
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, bool):
        raise TypeError("Invalid type for casting: %s" % (value,))
    return str(value).lower()


def _choice(row, value):
    if row["takes_bool"]:
        return _bool(row, value)
    if value is not None and not isinstance(value, str):
        raise TypeError("Invalid type for casting: %s" % (value,))
    return value


def _folder(row, value):
    return _text(row, os.path.join("/", value) if value is None else value)


def _joined(row, value):
    return _text(row, value) or ""


def _anything(row, value):
    if isinstance(value, int):
        return str(int(value))
    return None if value is None else str(value)


def _list(row, value):
    if not value:
        return []
    items = [value] if isinstance(value, str) else list(value)
    for item in items:
        if not isinstance(item, str):
            raise TypeError("Not a string: %s" % (item,))
    return items


def _pairs(row, value):
    _dict(row, value)
    return ",".join("%s=%s" % pair for pair in value.items())


def _dict(row, value):
    if not isinstance(value, dict):
        raise TypeError("Value is not a dictionary: %s " % (value,))
    return "given"


def _class(row, value):
    if isinstance(value, type):
        return "%s.%s" % (value.__module__, value.__qualname__)
    return _text(row, value)


def _hook(row, value):
    return "given"


TEXTS = {
    "string": _text, "int": _number, "size": _size, "id": _id, "bool": _bool,
    "choice": _choice, "folder": _folder, "commas": _joined, "addresses": _joined,
    "protocols": _joined, "statsd": _text, "any": _anything, "list": _list,
    "pairs": _pairs, "dict": _dict, "class": _class, "hook": _hook,
}


def _addresses(text):
    addresses = _split(text)
    _networks(addresses)
    return addresses


def _networks(addresses):
    """ValueError for what is no address and no network."""
    import ipaddress

    return [ipaddress.ip_network(address) for address in addresses if address != "*"]


def _split(text):
    return [item.strip() for item in (text or "").split(",") if item]


def _protocols(text):
    protocols = [item.strip().lower() for item in text.split(",") if item.strip()] or ["h1"]
    known = ("h1", "h2", "h3")
    for item in protocols:
        if item not in known:
            raise ValueError("Invalid protocol '%s'. Valid protocols: %s"
                             % (item, ", ".join(known)))
    if len(protocols) != len(set(protocols)):
        raise ValueError("Duplicate protocols specified")
    return protocols


def _statsd(text):
    if text is None:
        return None
    # A host may be called "unix"; a path needs its slashes.
    host = re.fullmatch(r"unix:(\d+)", text)
    if host:
        return "unix", int(host.group(1))
    try:
        return parse_address(text, "8125")
    except RuntimeError:
        raise TypeError("Value must be one of ('host:port', 'unix://PATH')") from None


VALUES = {
    "commas": _split, "addresses": _addresses, "protocols": _protocols, "statsd": _statsd,
    "pairs": lambda text: dict(item.split("=", 1) for item in _split(text)),
    "any": lambda text: int(text) if text and text.isdigit() else text,
    "dict": lambda given: {},
}


def prepare(row, value):
    """What the configuration file says, as objects are kept: hooks are imported and have
    the right number of parameters, functions that return a class have done so."""
    if row["kind"] == "hook":
        return _fit(row, _imported(value))
    if row["kind"] == "class" and isinstance(value, (types.FunctionType, types.MethodType)):
        return value()
    return value


def texts_of(row, value):
    """A prepared value as what C takes: None, a text, or a list of texts."""
    return TEXTS[row["kind"]](row, value)


def is_object(row, value):
    """Whether the value itself is to be kept, since texts cannot say it."""
    return row["kind"] in ("hook", "dict", "pairs") or isinstance(value, type)


def value_of(row, raw):
    """From what C has."""
    if row["kind"] == "hook":
        return _nothing(row["name"])
    return VALUES.get(row["kind"], lambda same: same)(raw)


# --- hooks

#: The class that gunicorn's default of that name belongs to, and its parameters.
HOOKS = {
    "on_starting": ("OnStarting", "server"),
    "on_reload": ("OnReload", "server"),
    "when_ready": ("WhenReady", "server"),
    "pre_fork": ("Prefork", "server, worker"),
    "post_fork": ("Postfork", "server, worker"),
    "post_worker_init": ("PostWorkerInit", "worker"),
    "worker_int": ("WorkerInt", "worker"),
    "worker_abort": ("WorkerAbort", "worker"),
    "pre_exec": ("PreExec", "server"),
    "post_request": ("PostRequest", "worker, req, environ, resp"),
    "child_exit": ("ChildExit", "server, worker"),
    "worker_exit": ("WorkerExit", "server, worker"),
    "nworkers_changed": ("NumWorkersChanged", "server, new_value, old_value"),
    "on_exit": ("OnExit", "server"),
    "on_dirty_starting": ("OnDirtyStarting", "arbiter"),
    "dirty_post_fork": ("DirtyPostFork", "arbiter, worker"),
    "dirty_worker_init": ("DirtyWorkerInit", "worker"),
    "dirty_worker_exit": ("DirtyWorkerExit", "arbiter, worker"),
}


def pre_request(worker, req):
    worker.log.debug("%s %s", req.method, req.path)


def ssl_context(config, default_ssl_context_factory):
    return default_ssl_context_factory()


DEFAULT_HOOKS = {"pre_request": pre_request, "ssl_context": ssl_context}
pre_request.__qualname__ = "PreRequest.pre_request"
ssl_context.__qualname__ = "NewSSLContext.ssl_context"


def _nothing(name):
    """The hook that is called where none was given."""
    if name not in DEFAULT_HOOKS:
        owner, parameters = HOOKS[name]
        hook = eval("lambda %s: None" % parameters)
        hook.__name__ = name
        hook.__qualname__ = "%s.%s" % (owner, name)
        DEFAULT_HOOKS[name] = hook
    return DEFAULT_HOOKS[name]


def _imported(value):
    if not isinstance(value, str):
        return value
    module, _, name = value.rpartition(".")
    if not module:
        raise TypeError("Value '%s' is not import string. Format: "
                        "module[.submodules...].object" % value)
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise TypeError(str(error)) from error
    except AttributeError:
        raise TypeError("Can not load '%s' from '%s'" % (name, module)) from None


def _fit(row, hook):
    """The hook, if it takes as many arguments by position as it will get; *args do not
    count.  One that does with fewer gets fewer."""
    import inspect

    if not callable(hook):
        raise TypeError("Value is not callable: %s" % (hook,))
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    count = sum(p.kind in kinds for p in inspect.signature(hook).parameters.values())
    if count == row["arity"]:
        return hook
    if not row["arity_min"] or not row["arity_min"] <= count < row["arity"]:
        raise TypeError("Value must have an arity of: %s" % row["arity"])

    def shortened(*args):
        return hook(*args[:count])

    shortened.__wrapped__ = hook
    shortened.__qualname__ = getattr(hook, "__qualname__", type(hook).__qualname__)
    return shortened


# --- what is behind the names


def parse_address(netloc, default_port="8000"):
    """What the operating system wants for an address of `bind`."""
    if netloc.startswith("unix:"):
        return re.sub("^unix:(//)?", "", netloc)
    if netloc.startswith("fd://"):
        try:
            return int(netloc[5:])
        except ValueError:
            raise RuntimeError("%r is not a valid file descriptor." % netloc[5:]) from None
    host, port = netloc[6:] if netloc.startswith("tcp://") else netloc, default_port
    bracketed = re.match(r".*?\[(.*?)\](?::(.*))?", host)
    if bracketed:
        host, port = bracketed.group(1), bracketed.group(2) or port
    elif ":" in host:
        host, port = host.split(":")[:2]
    elif not host:
        host = "0.0.0.0"
    try:
        return host.lower(), int(port)
    except ValueError:
        raise RuntimeError("%r is not a valid port number." % port) from None


WORKERS = {
    "sync": "gunicorn.workers.sync.SyncWorker",
    "gthread": "gunicorn.workers.gthread.ThreadWorker",
    "gevent": "gunicorn.workers.ggevent.GeventWorker",
    "gevent_wsgi": "gunicorn.workers.ggevent.GeventPyWSGIWorker",
    "gevent_pywsgi": "gunicorn.workers.ggevent.GeventPyWSGIWorker",
    "eventlet": "gunicorn.workers.geventlet.EventletWorker",
    "tornado": "gunicorn.workers.gtornado.TornadoWorker",
}
SYNC, THREADS = WORKERS["sync"], WORKERS["gthread"]
LOGGER, STATSD_LOGGER = "gunicorn.glogging.Logger", "gunicorn.instrument.statsd.Statsd"


def _entry_point(group, name, distribution=None):
    from importlib import metadata

    if distribution:
        points = metadata.distribution(distribution).entry_points
        found = [point for point in points if point.group == group]
    else:
        points = metadata.entry_points()
        found = points.select(group=group) if hasattr(points, "select") else points.get(group, ())
    for point in found:
        if point.name == name:
            return point.load()
    raise ImportError("Entry point %r not found in %r" % (name, group))


def _installed_worker(name):
    """What the installed gunicorn calls so, if it is the one that is wanted."""
    from ucorn import patches

    if "." in name or patches.is_embedded():
        return None
    from gunicorn.workers import SUPPORTED_WORKERS

    return SUPPORTED_WORKERS.get(name)


def load_class(uri, default=SYNC, section="gunicorn.workers"):
    """The class that uri is, or names: by a dotted name, egg:DISTRIBUTION#NAME, a short
    name of gunicorn's, or one that an installed package has registered."""
    if isinstance(uri, type):
        return uri
    uri = WORKERS.get(uri.lstrip("#")) or _installed_worker(uri) or uri
    try:
        if uri.startswith("egg:"):
            distribution, _, name = uri[4:].partition("#")
            return _entry_point(section, name or default, distribution)
        if "." not in uri:
            return _entry_point(section, uri.lstrip("#"))
        module, _, name = uri.rpartition(".")
        module = importlib.import_module(module)
    except Exception:
        raise RuntimeError("class uri %r invalid or not found: \n\n[%s]"
                           % (uri, traceback.format_exc())) from None
    return getattr(module, name)


def _assignments(items, pattern="="):
    pairs = {}
    for item in items:
        parts = re.split(pattern, item, maxsplit=1)
        if len(parts) != 2:
            raise RuntimeError("environment setting %r invalid" % item)
        pairs[parts[0]] = parts[1]
    return pairs


def paste_variables(assignments):
    """NAME=value, in which \\= stands for a = of the name or the value."""
    pairs = _assignments(assignments, r"(?<!\\)=")
    return {k.replace("\\=", "="): v.replace("\\=", "=") for k, v in pairs.items()}


# --- cfg


class Setting:
    """One setting, with its value."""

    def __init__(self, row, order):
        self.row = row
        self.order = order
        self.name = row["name"]
        self.section = row["section"]
        self.cli = list(row["flags"]) or None
        self.meta = row["metavar"]
        self.short = self.desc = row["description"]
        self.default = self.value = value_of(row, row["default"])
        self.origin = "default"

    def get(self):
        return self.value

    def set(self, value):
        value = prepare(self.row, value)
        raw = check(self.name, texts_of(self.row, value))
        self.value = value if is_object(self.row, value) else value_of(self.row, raw)

    def copy(self):
        import copy

        return copy.copy(self)

    def __lt__(self, other):
        return self.section == other.section and self.order < other.order

    def __repr__(self):
        return "<%s.%s object at %x with value %r>" % (
            type(self).__module__, type(self).__name__, id(self), self.value)


class Config:
    """All settings, each an attribute."""

    hosted_class = None  # the worker class, if ucorn.workerclass has found one of the user's

    def __init__(self, usage=None, prog=None):
        self.settings = {row["name"]: Setting(row, i) for i, row in enumerate(TABLE)}
        self.usage = usage
        self.prog = prog or "ucorn"
        self.env_orig = os.environ.copy()

    def __getattr__(self, name):
        # copy and pickle look for attributes before there are any.
        settings = self.__dict__.get("settings")
        if settings is None:
            raise AttributeError(name)
        if name not in settings:
            raise AttributeError("No configuration setting for: %s" % name)
        return settings[name].get()

    def __setattr__(self, name, value):
        if name != "settings" and name in self.settings:
            raise AttributeError("Invalid access!")
        super().__setattr__(name, value)

    def set(self, name, value):
        if name not in self.settings:
            raise AttributeError("No configuration setting for: %s" % name)
        self.settings[name].set(value)

    def _lines(self, shown):
        width = max(map(len, self.settings))
        return "\n".join("%-*s = %s" % (width, name, shown(self.settings[name]))
                         for name in sorted(self.settings))

    def __str__(self):
        return self._lines(_shown)

    def explain(self):
        """As str(), with where each value came from."""
        return self._lines(lambda setting: "%s  [%s]" % (_shown(setting), setting.origin))

    def parser(self):
        """For the command line of a custom application."""
        from gunicorn.config import parser

        return parser(self)

    def get_cmd_args_from_env(self):
        import shlex

        return shlex.split(self.env_orig.get("GUNICORN_CMD_ARGS", ""))

    @property
    def worker_class_str(self):
        uri = self.settings["worker_class"].get()
        if not isinstance(uri, str):
            return uri.__name__
        return "gthread" if self._is_threaded(uri) else uri

    def _is_threaded(self, uri):
        return self.threads > 1 and (uri == "sync" or uri.endswith("SyncWorker"))

    @property
    def worker_class(self):
        uri = self.settings["worker_class"].get()
        if isinstance(uri, str) and self._is_threaded(uri):
            uri = THREADS
        found = load_class(uri)
        if hasattr(found, "setup"):
            found.setup()
        return found

    @property
    def logger_class(self):
        uri = self.settings["logger_class"].get()
        if uri == "simple":
            uri = LOGGER
        if uri == LOGGER and self.statsd_host is not None:
            uri = STATSD_LOGGER
        # The server's own, whatever `import gunicorn` gives.
        uri = {LOGGER: "ucorn.glogging.Logger", STATSD_LOGGER: "ucorn.statsd.Statsd"}.get(uri, uri)
        found = load_class(uri, default=LOGGER, section="gunicorn.loggers")
        if hasattr(found, "install"):
            found.install()
        return found

    @property
    def address(self):
        return [parse_address(item) for item in self.bind]

    @property
    def uid(self):
        return self.user

    @property
    def gid(self):
        return self.group

    @property
    def proc_name(self):
        name = self.settings["proc_name"].get()
        return self.default_proc_name if name is None else name

    @property
    def sendfile(self):
        return self.settings["sendfile"].get() is not False

    @property
    def is_ssl(self):
        return self.certfile or self.keyfile

    @property
    def ssl_options(self):
        return {s.name: s.get() for s in self.settings.values() if s.section == "SSL"}

    @property
    def env(self):
        return _assignments(self.raw_env)

    @property
    def paste_global_conf(self):
        return paste_variables(self.raw_paste_global_conf)

    def forwarded_allow_networks(self):
        return _networks(self.forwarded_allow_ips)

    def proxy_allow_networks(self):
        return _networks(self.proxy_allow_ips)


def _shown(setting):
    value = setting.value
    if callable(value):
        return "<%s()>" % getattr(value, "__qualname__", type(value).__qualname__)
    return str(value)


def build(values, objects):
    """The Config of {name: (what C has, origin)} and the objects that are values."""
    cfg = Config()
    for name, (raw, origin) in values.items():
        setting = cfg.settings[name]
        setting.origin = origin
        setting.value = objects[name] if name in objects else value_of(setting.row, raw)
    return cfg

"""The settings, for code that asks for more than cfg.

Config is the server's own.  Besides, there is a class for each setting, as in gunicorn, for code
that reads a default, checks a value or adds a class of its own.  The server takes no notice of
changes in them."""

import argparse
import copy
import inspect
import os

from ucorn import config as own
from ucorn.config import Config  # noqa: F401

#: Classes that are not called as their setting, in capitals and without underscores.
IRREGULAR = {
    "accesslog": "AccessLog", "asgi_disconnect_grace_period": "ASGIDisconnectGracePeriod",
    "asgi_lifespan": "ASGILifespan", "asgi_loop": "ASGILoop", "ca_certs": "CACerts",
    "casefold_http_method": "CasefoldHTTPMethod", "certfile": "CertFile",
    "check_config": "ConfigCheck", "config": "ConfigFile",
    "enable_backlog_metric": "BacklogMetric", "errorlog": "ErrorLog",
    "forwarded_allow_ips": "ForwardedAllowIPS", "http2_cleartext": "HTTP2Cleartext",
    "http2_initial_window_size": "HTTP2InitialWindowSize",
    "http2_max_concurrent_streams": "HTTP2MaxConcurrentStreams",
    "http2_max_frame_size": "HTTP2MaxFrameSize",
    "http2_max_header_list_size": "HTTP2MaxHeaderListSize", "http_protocols": "HTTPProtocols",
    "keyfile": "KeyFile", "logconfig": "LogConfig", "logconfig_dict": "LogConfigDict",
    "logconfig_json": "LogConfigJson", "nworkers_changed": "NumWorkersChanged",
    "permit_unconventional_http_method": "PermitUnconventionalHTTPMethod",
    "permit_unconventional_http_version": "PermitUnconventionalHTTPVersion",
    "post_fork": "Postfork", "pre_fork": "Prefork", "proc_name": "Procname",
    "proxy_allow_ips": "ProxyAllowFrom", "pythonpath": "PythonPath", "raw_env": "Env",
    "raw_paste_global_conf": "PasteGlobalConf", "secure_scheme_headers": "SecureSchemeHeader",
    "ssl_context": "NewSSLContext", "ssl_version": "SSLVersion",
    "suppress_ragged_eofs": "SuppressRaggedEOFs", "syslog_addr": "SyslogTo",
    "threads": "WorkerThreads", "uwsgi_allow_ips": "UWSGIAllowFrom", "wsgi_app": "WSGIApp",
}  # fmt: skip

#: Kinds of settings whose default is the text that their value is made of.
TEXTUAL = {"addresses", "commas", "protocols", "statsd"}

KNOWN_SETTINGS = []


class SettingMeta(type):
    """Notes each class that has a name."""

    def __init__(cls, class_name, bases, members):
        super().__init__(class_name, bases, members)
        if inspect.isfunction(members.get("validator")):
            cls.validator = staticmethod(members["validator"])
        if cls.name and members.get("name"):
            cls.order = len(KNOWN_SETTINGS)
            KNOWN_SETTINGS.append(cls)


class Setting(metaclass=SettingMeta):
    """cli: its flags; action, type, meta, nargs and const: as for argparse."""

    name = value = default = None
    section = short = desc = None
    cli = action = type = meta = nargs = const = None
    validator = None

    def __init__(self):
        if self.default is not None:
            self.set(self.default)

    def get(self):
        return self.value

    def set(self, val):
        if not callable(self.validator):
            raise TypeError("Invalid validator: %s" % self.name)
        self.value = self.validator(val)

    def copy(self):
        return copy.copy(self)

    def add_option(self, parser):
        if not self.cli:
            return
        options = {"dest": self.name, "action": self.action or "store", "default": None}
        options["help"] = ("%s [%s]" % (self.short, self.default)).replace("%", "%%")
        if options["action"] == "store":
            options["type"] = self.type or str
        for option, value in (
            ("metavar", self.meta), ("nargs", self.nargs), ("const", self.const)
        ):  # fmt: skip
            if value is not None:
                options[option] = value
        parser.add_argument(*self.cli, **options)

    def __lt__(self, other):
        return self.section == other.section and self.order < other.order

    def __repr__(self):
        return "<%s.%s object at %x with value %r>" % (
            type(self).__module__, type(self).__name__, id(self), self.value,
        )  # fmt: skip


def make_settings(ignore=None):
    """{name: a Setting with its default} of all classes there are."""
    return {cls.name: cls() for cls in KNOWN_SETTINGS if cls.name not in (ignore or ())}


def get_default_config_file():
    """The configuration file that is read when none is named, if it is there."""
    from ucorn import conffile

    return conffile._default()


def parser(cfg):
    """For the command line; what is no option ends up in args."""
    made = argparse.ArgumentParser(prog=cfg.prog, usage=cfg.usage)
    made.add_argument("args", nargs="*", help=argparse.SUPPRESS)
    for setting in sorted(make_settings().values(), key=lambda setting: setting.order):
        setting.add_option(made)
    return made


# What a value has to be.


def validate_bool(val):
    text = own.TEXTS["bool"](None, val)
    if text is None:
        return None
    if text.strip().lower() not in ("true", "false"):
        raise ValueError("Invalid boolean: %s" % val)
    return text.strip().lower() == "true"


def validate_pos_int(val):
    number = int(own.TEXTS["int"](None, val))
    if number < 0:
        raise ValueError("Value must be positive: %s" % number)
    return number


def validate_string(val):
    text = own.TEXTS["string"](None, val)
    return text if text is None else text.strip()


def validate_list_string(val):
    return [validate_string(item) for item in own.TEXTS["list"](None, val)]


def validate_string_to_list(val):
    return own.VALUES["commas"](validate_string(val))


def validate_dict(val):
    own.TEXTS["dict"](None, val)
    return val


def validate_class(val):
    val = own.prepare({"kind": "class"}, val)
    return val if inspect.isclass(val) else validate_string(val)


def validate_callable(arity):
    """A function that gives a function of so many parameters (-1: any), or imports it."""
    row = {"kind": "hook", "arity": arity, "arity_min": 0}

    def validate(val):
        if arity >= 0:
            return own.prepare(row, val)
        found = own._imported(val)
        if not callable(found):
            raise TypeError("Value is not callable: %s" % (found,))
        return found

    return validate


# The classes.


def _validator(row):
    def validate(val):
        setting = own.Setting(row, 0)
        setting.set(val)
        return setting.value

    return staticmethod(validate)


def _class_of(row):
    name = row["name"]
    kind, flags = row["kind"], list(row["flags"])
    switch = "store_false" if flags and flags[0].startswith("--no-") else "store_true"
    actions = {"bool": switch, "list": "append"}
    members = {
        "__module__": __name__,
        "name": name,
        "section": row["section"],
        "cli": flags or None,
        "meta": row["metavar"],
        "action": actions.get(kind) if flags else None,
        "default": row["default"] if kind in TEXTUAL else own.value_of(row, row["default"]),
        "short": row["description"].partition(". ")[0].rstrip("."),
        "desc": row["description"],
        "validator": _validator(row),
    }
    if callable(members["default"]):
        members["default"] = staticmethod(members["default"])
    words = "".join(word.capitalize() for word in name.split("_"))
    return SettingMeta(IRREGULAR.get(name, words), (Setting,), members)


globals().update((cls.__name__, cls) for cls in map(_class_of, own.TABLE))

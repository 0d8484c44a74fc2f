"""The logger: gunicorn's interface for subclasses, over Python's logging.

The loggers are called gunicorn.error and gunicorn.access, because applications, filters and
logging configurations look for those names.  Under ucorn.error and ucorn.access there are the same
two, not two more: an Alias shares all state of its logger, so handlers that are put on either are
on both, a record reaches each once, and its name is always gunicorn's.

While nothing of all this was changed (see stocklog), the server writes its lines itself, without
Python, into the same files and in the same format.  The handlers exist in any case: applications
borrow them."""

import base64
import binascii
import codecs
import functools
import json
import logging
import os
import re
import socket
import sys
import threading
import time
import traceback

ERROR = "gunicorn.error"
ACCESS = "gunicorn.access"
ALIASES = {"ucorn.error": ERROR, "ucorn.access": ACCESS}

#: RFC 5424, 6.2.1; "security" is what "auth" was once called.
SYSLOG_FACILITIES = {
    "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "security": 4, "syslog": 5, "lpr": 6,
    "news": 7, "uucp": 8, "cron": 9, "authpriv": 10, "ftp": 11,
    **{"local%d" % number: 16 + number for number in range(8)},
}  # fmt: skip

#: What logconfig_dict and logconfig_json are laid over, key by key of the first level.
CONFIG_DEFAULTS = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        ERROR: {
            "level": "INFO", "handlers": ["error_console"], "propagate": True, "qualname": ERROR,
        },
        ACCESS: {
            "level": "INFO", "handlers": ["console"], "propagate": True, "qualname": ACCESS,
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "generic",
            "stream": "ext://sys.stdout",
        },
        "error_console": {
            "class": "logging.StreamHandler",
            "formatter": "generic",
            "stream": "ext://sys.stderr",
        },
    },
    "formatters": {
        "generic": {
            "format": "%(asctime)s [%(process)d] [%(levelname)s] %(message)s",
            "datefmt": "[%Y-%m-%d %H:%M:%S %z]",
            "class": "logging.Formatter",
        },
    },
}  # fmt: skip

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Alias(logging.Logger):
    """Another name of a logger: whatever is read or set is that logger's own.

    But for being disabled: a configuration with disable_existing_loggers that names the one does
    not mean to silence it under the other."""

    def __init__(self, logger):
        self.__dict__ = logger.__dict__

    @property
    def disabled(self):
        return self.__dict__["disabled"]

    @disabled.setter
    def disabled(self, value):
        pass


def install_aliases():
    for alias, name in ALIASES.items():
        logger = logging.getLogger(name)
        logger.manager.loggerDict[alias] = Alias(logger)


def all_handlers():
    """Each handler of each logger there is, once."""
    handlers = list(logging.root.handlers)
    for name in list(logging.root.manager.loggerDict):
        handlers += logging.getLogger(name).handlers
    return list(dict.fromkeys(handlers))


def real_text(text):
    """environ's text is bytes as latin-1; those that are UTF-8 are meant as that."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8", "ucorn_latin1")
    except UnicodeEncodeError:
        return text  # it is real already


def _as_latin1(error):
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("ucorn_latin1", _as_latin1)


def quote(text):
    """As the server's own lines have it (util/quote.h): nobody can end a line, or a quoted field,
    or give commands to a terminal."""
    return UNQUOTED.sub(_escape, text)


UNQUOTED = re.compile(r'[\x00-\x1f\x7f-\x9f"\\]')


def _escape(match):
    char = match.group()
    return "\\" + char if char in '"\\' else "\\x%02x" % ord(char)


class SafeAtoms(dict):
    """Atoms as a format may use them: text quoted, {x} in any case, "-" for what is not there."""

    def __init__(self, atoms):
        super().__init__(
            (key, quote(real_text(value)) if isinstance(value, str) else value)
            for key, value in atoms.items()
        )  # fmt: skip

    def __getitem__(self, key):
        return self.get(key.lower() if key.startswith("{") else key, "-")


def parse_syslog_address(addr):
    """(socket type, address for SysLogHandler) of unix://PATH[#dgram], udp://HOST[:PORT], tcp://..."""
    scheme, _, rest = addr.partition("://")
    if scheme == "unix":
        path, _, kind = rest.partition("#")
        # None: both are tried.
        return (socket.SOCK_DGRAM if kind == "dgram" else None), path
    types = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
    if scheme not in types or "://" not in addr:
        raise RuntimeError("invalid syslog address")
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.lstrip(":")
    else:
        host, _, port = rest.partition(":")
    if port and not port.isdigit():
        raise RuntimeError("%r is not a valid port number." % port)
    return types[scheme], (host.lower() or "localhost", int(port or 514))


def check_is_writable(path):
    try:
        with open(path, "a"):
            pass
    except OSError as error:
        raise RuntimeError("Error: '%s' isn't writable [%r]" % (path, error)) from None


class Logger:
    """What logger_class names unless it is set; most others inherit from it."""

    LOG_LEVELS = {
        "critical": logging.CRITICAL,
        "error": logging.ERROR,
        "warning": logging.WARNING,
        "info": logging.INFO,
        "debug": logging.DEBUG,
    }
    loglevel = logging.INFO

    error_fmt = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
    datefmt = "[%Y-%m-%d %H:%M:%S %z]"
    access_fmt = "%(message)s"
    syslog_fmt = "[%(process)d] %(message)s"

    atoms_wrapper_class = SafeAtoms

    def __init__(self, cfg):
        # All of it before setup(), which subclasses replace.
        self.error_log = logging.getLogger(ERROR)
        self.access_log = logging.getLogger(ACCESS)
        self.error_log.propagate = False
        self.access_log.propagate = False
        self.error_handlers = []
        self.access_handlers = []
        self.logfile = None
        self.lock = threading.RLock()  # a signal may want it when its own thread has it
        self.cfg = cfg
        self.setup(cfg)

    # What the settings say.

    def setup(self, cfg):
        """Also runs on a reload, with the new settings."""
        self.cfg = cfg
        self.loglevel = self.LOG_LEVELS.get(cfg.loglevel.lower(), logging.INFO)
        self.error_log.setLevel(self.loglevel)
        self.access_log.setLevel(logging.INFO)
        self._drop_handlers()
        if cfg.capture_output and cfg.errorlog != "-":
            self._capture_output()
        self._set_handler(
            self.error_log, cfg.errorlog, logging.Formatter(self.error_fmt, self.datefmt)
        )
        if cfg.accesslog is not None:
            self._set_handler(
                self.access_log, cfg.accesslog, logging.Formatter(self.access_fmt), sys.stdout
            )
        if cfg.syslog:
            self._set_syslog_handler(self.error_log, cfg, self.syslog_fmt, "error")
            if not cfg.disable_redirect_access_to_syslog:
                self._set_syslog_handler(self.access_log, cfg, self.syslog_fmt, "access")
        self._configure(cfg)

    def _drop_handlers(self):
        """Those of an earlier setup; the application's stay.  They are still open, since a reload
        may be given up: logbridge closes them behind it."""
        for log in (self.error_log, self.access_log):
            for handler in list(log.handlers):
                if getattr(handler, "_gunicorn", False):
                    log.removeHandler(handler)

    def _capture_output(self):
        """Standard output and error go into the error log: Python's, C's and child processes'."""
        for stream in (sys.stdout, sys.stderr):
            if stream:
                stream.flush()
        check_is_writable(self.cfg.errorlog)
        with self.lock:
            if self.logfile is not None:
                self.logfile.close()
            self.logfile = open(self.cfg.errorlog, "a+")
            for descriptor in (1, 2):
                os.dup2(self.logfile.fileno(), descriptor)

    def _configure(self, cfg):
        """The one of the three kinds of configuration that goes first."""
        if cfg.logconfig_dict:
            self._configure_dict(cfg.logconfig_dict)
        elif cfg.logconfig_json:
            if os.path.exists(cfg.logconfig_json):
                self._configure_dict(self._read_json(cfg.logconfig_json))
            else:
                self.warning("log config '%s' not found", cfg.logconfig_json)
        elif cfg.logconfig:
            self._configure_ini(cfg.logconfig)

    @staticmethod
    def _read_json(path):
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError) as error:
            raise RuntimeError("log config '%s': %s" % (path, error)) from error

    @staticmethod
    def _configure_dict(config):
        from logging.config import dictConfig

        try:
            dictConfig({**CONFIG_DEFAULTS, **config})
        except (AttributeError, ImportError, ValueError, TypeError) as error:
            cause = " (%s)" % error.__cause__ if error.__cause__ else ""
            raise RuntimeError("%s%s" % (error, cause)) from error

    @staticmethod
    def _configure_ini(path):
        from logging.config import fileConfig

        if not os.path.exists(path):
            raise RuntimeError("Error: log config '%s' not found" % path)
        defaults = {**CONFIG_DEFAULTS, "__file__": path, "here": os.path.dirname(path)}
        try:
            fileConfig(path, defaults=defaults, disable_existing_loggers=False)
        except Exception as error:
            reason = "%s: %s" % (type(error).__name__, error)
            raise RuntimeError("log config '%s': %s" % (path, reason)) from error

    # Handlers.

    def _get_gunicorn_handler(self, log):
        return next((h for h in log.handlers if getattr(h, "_gunicorn", False)), None)

    def _set_handler(self, log, output, fmt, stream=None):
        """output: a file, "-" for stream (standard error if None), or None for no handler."""
        old = self._get_gunicorn_handler(log)
        if old:
            log.removeHandler(old)
        if output is None:
            return
        if output == "-":
            handler = logging.StreamHandler(stream)
        else:
            check_is_writable(output)
            handler = logging.FileHandler(output)
        handler.setFormatter(fmt)
        handler._gunicorn = True
        log.addHandler(handler)

    def _set_syslog_handler(self, log, cfg, fmt, name):
        from logging.handlers import SysLogHandler

        tag = "gunicorn.%s.%s" % (cfg.syslog_prefix or cfg.proc_name.replace(":", "."), name)
        try:
            facility = SYSLOG_FACILITIES[cfg.syslog_facility.lower()]
        except KeyError:
            raise RuntimeError("unknown facility name") from None
        kind, address = parse_syslog_address(cfg.syslog_addr)
        handler = SysLogHandler(address=address, facility=facility, socktype=kind)
        handler.setFormatter(logging.Formatter("%s: %s" % (tag, fmt)))
        handler._gunicorn = True
        log.addHandler(handler)

    def reopen_files(self):
        """After a rotation: every file of every logger, the application's too."""
        failures = []
        if self.cfg.capture_output and self.cfg.errorlog != "-":
            try:
                self._capture_output()
            except (RuntimeError, OSError) as error:
                failures.append((self.cfg.errorlog, error))
        for handler in all_handlers():
            if isinstance(handler, logging.FileHandler) and handler.stream:
                try:
                    self._reopen(handler)
                except OSError as error:
                    failures.append((handler.baseFilename, error.strerror or error))
        for failure in failures:
            self.error("'%s' isn't writable: %s; logging goes on into the open file", *failure)

    @staticmethod
    def _reopen(handler):
        handler.acquire()
        try:
            new, old = handler._open(), handler.stream
            handler.stream = new
            old.close()
        finally:
            handler.release()

    def close_on_exec(self):
        for handler in all_handlers():
            if isinstance(handler, logging.FileHandler) and handler.stream:
                os.set_inheritable(handler.stream.fileno(), False)

    # The error log.

    def critical(self, msg, *args, **kwargs):
        self.error_log.critical(msg, *args, **kwargs)

    def error(self, msg, *args, **kwargs):
        self.error_log.error(msg, *args, **kwargs)

    def warning(self, msg, *args, **kwargs):
        self.error_log.warning(msg, *args, **kwargs)

    def info(self, msg, *args, **kwargs):
        self.error_log.info(msg, *args, **kwargs)

    def debug(self, msg, *args, **kwargs):
        self.error_log.debug(msg, *args, **kwargs)

    def exception(self, msg, *args, **kwargs):
        self.error_log.exception(msg, *args, **kwargs)

    def log(self, lvl, msg, *args, **kwargs):
        if isinstance(lvl, str):
            lvl = self.LOG_LEVELS.get(lvl.lower(), logging.INFO)
        self.error_log.log(lvl, msg, *args, **kwargs)

    # The access log.

    @property
    def access_log_enabled(self):
        cfg = self.cfg
        return bool(
            cfg.accesslog or cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json
            or (cfg.syslog and not cfg.disable_redirect_access_to_syslog)
        )  # fmt: skip

    def atoms(self, resp, req, environ, request_time):
        """What a format can name.  request_time: a timedelta."""
        status = resp.status
        if isinstance(status, str):
            status = status.split(None, 1)[0]
        sent = getattr(resp, "sent", None)
        seconds = request_time.days * 86400 + request_time.seconds
        micros = request_time.microseconds
        method = environ.get("REQUEST_METHOD")
        protocol = environ.get("SERVER_PROTOCOL")
        atoms = {
            "h": environ.get("REMOTE_ADDR", "-"),
            "l": "-",
            "u": self._get_user(environ) or "-",
            "t": self.now(),
            "r": "%s %s %s" % (method, environ.get("RAW_URI"), protocol),
            "m": method,
            "U": environ.get("PATH_INFO"),
            "q": environ.get("QUERY_STRING"),
            "H": protocol,
            "s": status,
            "B": sent,
            "b": "-" if sent is None else str(sent),
            "f": environ.get("HTTP_REFERER", "-"),
            "a": environ.get("HTTP_USER_AGENT", "-"),
            "T": seconds,
            "M": seconds * 1000 + micros // 1000,
            "D": seconds * 1000000 + micros,
            "L": "%d.%06d" % (seconds, micros),
            "p": "<%s>" % os.getpid(),
        }
        for pairs, kind in (
            (getattr(req, "headers", req), "i"), (resp.headers, "o"), (environ, "e"),
        ):  # fmt: skip
            if hasattr(pairs, "items"):
                pairs = pairs.items()
            atoms.update(("{%s}%s" % (name.lower(), kind), value) for name, value in pairs)
        return atoms

    def access(self, resp, req, environ, request_time):
        """One line, if there is an access log.  Its record has the atoms as args: formatters read
        them there."""
        if not self.access_log_enabled or self._is_excluded(req):
            return
        try:
            atoms = self.atoms(resp, req, environ, request_time)
            line = self.cfg.access_log_format
            safe_atoms = self.atoms_wrapper_class(atoms)
            if line == "json":
                line = "%(json)s"
                safe_atoms["json"] = json_line(atoms)
            self.access_log.info(line, safe_atoms)
        except Exception:
            self.error(traceback.format_exc())

    def _is_excluded(self, req):
        prefixes = _prefixes(getattr(self.cfg, "access_log_exclude", None) or "")
        return bool(prefixes) and _is_below(getattr(req, "path", None) or "", prefixes)

    def now(self):
        """The local time as Apache's logs have it, in English whatever the locale."""
        local = time.localtime()
        return time.strftime("[%d/{}/%Y:%H:%M:%S %z]".format(MONTHS[local.tm_mon - 1]), local)

    def _get_user(self, environ):
        """The user of Authorization: Basic, or None."""
        scheme, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            return base64.b64decode(credentials.strip()).partition(b":")[0].decode()
        except (ValueError, binascii.Error) as error:
            self.debug("Couldn't get username: %s", error)
            return None


@functools.lru_cache(maxsize=None)
def _prefixes(setting):
    """Of access_log_exclude."""
    return tuple(prefix.strip(" \t") for prefix in setting.split(",") if prefix.strip(" \t"))


def _is_below(path, prefixes):
    """As access_excludes of src/log/access.c."""
    if not any(
        path.startswith(prefix if prefix.endswith("/") else prefix + "/") or path == prefix
        for prefix in prefixes
    ):
        return False
    from urllib.parse import unquote

    segments = unquote(path, "latin-1").split("/")
    return "." not in segments and ".." not in segments


def _text_or_none(value):
    return None if value is None else real_text(str(value))


def _sent(atoms, name, variable):
    """The atom, or None where its "-" stands for nothing and not for itself."""
    value = atoms[name]
    return _text_or_none(atoms.get("{%s}e" % variable) if value == "-" else value)


def json_line(atoms):
    """The line of access_log_format = "json", as src/log/access_json.c has it."""
    import datetime

    status = str(atoms["s"])
    values = {
        "time": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "remote_addr": _sent(atoms, "h", "remote_addr") or None,
        "user": None if atoms["u"] == "-" else _text_or_none(atoms["u"]),
        "method": _text_or_none(atoms["m"]),
        "path": _text_or_none(atoms["U"]),
        "query": _text_or_none(atoms["q"]),
        "protocol": _text_or_none(atoms["H"]),
        "status": int(status) if status.isdigit() else None,
        "bytes": atoms["B"],
        "referer": _sent(atoms, "f", "http_referer"),
        "user_agent": _sent(atoms, "a", "http_user_agent"),
        "duration_us": atoms["D"],
        "pid": os.getpid(),
    }
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[\x7f-\x9f]", lambda match: "\\u%04x" % ord(match.group()), text)


install_aliases()

"""What the server's C side asks of the logger object."""

import contextlib
import logging
import os
import sys

from ucorn import glogging


def make(cfg):
    return cfg.logger_class(cfg)


# A reload.  It may be given up after the logger has taken the new settings, too.


def renew(logger, cfg):
    """The logger for new settings; after an exception all is as it was.  Else either revert() or
    settle() has to follow."""
    global before
    before = Snapshot(logger)
    try:
        if type(logger) is not cfg.logger_class:
            return make(cfg)
        if hasattr(logger, "setup"):
            logger.setup(cfg)
        return logger
    except BaseException:
        revert()
        raise


def revert():
    """Undoes the last renew(); gives the logger of before."""
    global before
    snapshot, before = before, None
    snapshot.restore()
    return snapshot.logger


def settle():
    """The last renew() stays."""
    global before
    snapshot, before = before, None
    snapshot.forget()


before = None

#: What a setup can change in a logger of Python's, as it is in a new one.
FRESH = {"handlers": [], "filters": [], "level": 0, "propagate": True, "disabled": False}


class Snapshot:
    """Logging as it is: our object, Python's loggers, and where 1 and 2 lead (capture_output)."""

    def __init__(self, logger):
        self.logger = logger
        self.attributes = dict(getattr(logger, "__dict__", {}))
        self.loggers = {log: _state(log) for log in _loggers()}
        self.handlers = glogging.all_handlers()
        self.by_name = dict(logging._handlers)
        # A configuration closes all handlers that are in this list, and these are still needed.
        self.listed = logging._handlerList[:]
        del logging._handlerList[:]
        self.copies = {}
        for descriptor in (1, 2):
            with contextlib.suppress(OSError):  # it is closed
                self.copies[descriptor] = os.dup(descriptor)

    def restore(self):
        failed = self._missing_in(glogging.all_handlers(), self.handlers)
        for log in _loggers():
            state = self.loggers.get(log, FRESH)
            for name, value in state.items():
                setattr(log, name, list(value) if isinstance(value, list) else value)
            log.setLevel(state["level"])  # forgets what was found out with another level
        if hasattr(self.logger, "__dict__"):
            vars(self.logger).clear()
            vars(self.logger).update(self.attributes)
        self._close(failed)
        logging._handlerList[:] = self.listed
        logging._handlers.clear()
        logging._handlers.update(self.by_name)
        _flush_standard_streams()
        for descriptor, copy in self.copies.items():
            os.dup2(copy, descriptor)
        self._close_copies()

    def forget(self):
        logging._handlerList[:0] = self.listed
        by_name = dict(logging._handlers)
        self._close(self._missing_in(self.handlers, glogging.all_handlers()))
        logging._handlers.update(by_name)  # a new one may have the name of one that was closed
        self._close_copies()

    @staticmethod
    def _missing_in(some, others):
        return [handler for handler in some if handler not in others]

    @staticmethod
    def _close(handlers):
        for handler in handlers:
            with contextlib.suppress(Exception):  # as logging.shutdown() does
                handler.flush()
            with contextlib.suppress(Exception):
                handler.close()

    def _close_copies(self):
        for copy in self.copies.values():
            os.close(copy)


def _loggers():
    named = logging.root.manager.loggerDict.values()
    return [logging.root] + [
        log for log in list(named)
        if isinstance(log, logging.Logger) and not isinstance(log, glogging.Alias)
    ]  # fmt: skip


def _state(log):
    values = {name: getattr(log, name) for name in FRESH}
    return {n: list(value) if isinstance(value, list) else value for n, value in values.items()}


def _flush_standard_streams():
    for stream in (sys.stdout, sys.stderr):
        if stream:
            stream.flush()


# Text that is no line.


def write_raw(logger, text):
    """Text that is no line of ours, such as wsgi.errors: to each stream of the error log.  False
    when there is none."""
    log = getattr(logger, "error_log", None)
    streams = [getattr(handler, "stream", None) for handler in getattr(log, "handlers", ())]
    if getattr(getattr(logger, "cfg", None), "errorlog", None) == "-":
        streams.insert(0, sys.stderr)
    streams = list(dict.fromkeys(stream for stream in streams if hasattr(stream, "write")))
    for stream in streams:
        try:
            stream.write(text)
        except UnicodeError:
            stream.write(text.encode("ascii", "backslashreplace").decode())
        stream.flush()
    return bool(streams)

"""Whether logging is as the server set it up, so that lines may be written without Python.

What matters is what a line would go through: the logger object, the two loggers, their handlers
and formatters, and the functions of the logging module itself, which monitoring agents replace."""

import logging
import sys
import time
import types

from ucorn import glogging

Logger = glogging.Logger

#: Python's own, and ours: a function that was put there by somebody else was compiled elsewhere.
CLASSES = (
    logging.Logger, logging.LogRecord, logging.Formatter, logging.PercentStyle, logging.Filterer,
    logging.Handler, logging.StreamHandler, logging.FileHandler,
)  # fmt: skip
LOGGING_FILE = logging.getLogger.__code__.co_filename
OWN_FILE = Logger.setup.__code__.co_filename

PLAIN = {name: vars(Logger)[name] for name in vars(Logger) if not callable(vars(Logger)[name])}


def _untouched(cls, file):
    return all(
        value is time.localtime  # Formatter.converter
        or isinstance(value, type)
        or (isinstance(value, types.FunctionType) and value.__code__.co_filename == file)
        for value in vars(cls).values()
        if callable(value) and not isinstance(value, staticmethod)
    )


def _shadows(thing):
    """Whether an instance has functions of its own in place of its class's.  FileHandler keeps
    open(), which is gone when it is needed last."""
    return any(
        callable(value) and value is not open and not isinstance(value, type)
        for value in vars(thing).values()
    )


def class_is_stock(logger):
    return (
        type(logger) is Logger
        and _untouched(Logger, OWN_FILE)
        and _untouched(glogging.SafeAtoms, OWN_FILE)
        and Logger.atoms_wrapper_class is glogging.SafeAtoms
        and all(vars(Logger)[name] is value for name, value in PLAIN.items())
        and not (vars(logger).keys() & PLAIN.keys()) - {"loglevel"}
        and not _shadows(logger)
    )


def _module_is_stock(level):
    return (
        logging.root.manager.disable < level
        and logging.getLogRecordFactory() is logging.LogRecord
        and logging.StreamHandler.terminator == "\n"
        and all(_untouched(cls, LOGGING_FILE) for cls in CLASSES)
    )


def _handler_is_stock(handler, output, descriptor, formatter):
    kind = logging.StreamHandler if output == "-" else logging.FileHandler
    own = handler.formatter
    if not (
        type(handler) is kind
        and getattr(handler, "_gunicorn", False)
        and not handler.filters
        and handler.level == logging.NOTSET
        and "terminator" not in vars(handler)
        and not _shadows(handler)
        and type(own) is logging.Formatter
        and not _shadows(own)
        and vars(own).keys() == vars(formatter).keys()
        and (own._fmt, own.datefmt) == (formatter._fmt, formatter.datefmt)
    ):
        return False
    if output != "-":
        return True
    try:
        return handler.stream.fileno() == descriptor
    except (AttributeError, OSError, ValueError):
        return False


def _log_is_stock(log, level, output, descriptor, formatter):
    return (
        type(log) is logging.Logger
        and log.level == level
        and not (log.filters or log.propagate or log.disabled)
        and not _shadows(log)
        and len(log.handlers) == 1
        and _handler_is_stock(log.handlers[0], output, descriptor, formatter)
    )


def _configured(cfg):
    return bool(cfg.syslog or cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json)


def error_is_stock(logger):
    return (
        class_is_stock(logger)
        and not _configured(logger.cfg)
        and _module_is_stock(logger.loglevel)
        and _log_is_stock(
            logger.error_log, logger.loglevel, logger.cfg.errorlog, 2,
            logging.Formatter(logger.error_fmt, logger.datefmt),
        )
    )  # fmt: skip


#: Of access lines: there are none, the server writes them, the logger is called for each.
NONE, SERVER, LOGGER = range(3)


def access_route(logger):
    if not class_is_stock(logger):
        return LOGGER
    if not logger.access_log_enabled:
        return NONE
    stock = (
        not _configured(logger.cfg)
        and _module_is_stock(logging.INFO)
        and _log_is_stock(
            logger.access_log, logging.INFO, logger.cfg.accesslog, 1,
            logging.Formatter(logger.access_fmt),
        )
    )  # fmt: skip
    return SERVER if stock else LOGGER


def can_format(template):
    """Whether Python can do what the server's own reading of access_log_format does not know."""
    sample = dict.fromkeys("hlutrmUqHsbfaLp", "-") | dict.fromkeys("BTMD", 1)
    try:
        template % glogging.SafeAtoms(sample)
    except (TypeError, ValueError, KeyError, OverflowError):
        return False
    return True


def threshold(logger):
    """Below which level no line is worth making: a class of its own may want them all."""
    own = type(logger)
    names = ("critical", "error", "warning", "info", "debug", "exception", "log")
    if isinstance(logger, Logger) and all(
        getattr(own, name) is vars(Logger)[name] for name in names
    ):
        return logger.error_log.getEffectiveLevel()
    return logging.DEBUG


def judge(logger):
    """(whether error lines are the server's to write, who writes access lines, threshold)."""
    return error_is_stock(logger), access_route(logger), threshold(logger)

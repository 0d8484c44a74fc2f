/* The logger object, for folders that see Python. */
#ifndef UCORN_PY_LOGGER_H
#define UCORN_PY_LOGGER_H

#include <stdbool.h>

#include "ucorn/py/pyapi.h"

/* server.log, worker.log: a borrowed reference, or NULL before log_bridge_start. */
PyObject *log_bridge_logger(void);

/* Gives message and an exception to logger.exception(); false when C has to write
 * them.  All three of the exception as PyErr_NormalizeException leaves them. */
bool log_bridge_exception(const char *message, PyObject *type, PyObject *value, PyObject *trace);

#endif

/* The Python packages ucorn and gunicorn that are part of the program.  Shows Python
 * objects: for the folders that may see them. */
#ifndef UCORN_PY_PYLIB_H
#define UCORN_PY_PYLIB_H

#include "ucorn/py/pyapi.h"
#include "ucorn/util/err.h"

/* From now on `import` finds the embedded modules, before any others; once, when
 * Python has been started. */
MUST_CHECK int pylib_install(struct err *err);

/* The embedded module of that name ("ucorn.loader"), imported on first use; a
 * new reference, or NULL with an exception set. */
PyObject *pylib_import(const char *name);

/* Calls a function of that module, with an argument or with none (NULL); a new
 * reference, or NULL with an exception set. */
PyObject *pylib_call(const char *module, const char *function, PyObject *argument);

#endif

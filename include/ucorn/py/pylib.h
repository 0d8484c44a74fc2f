/* The small Python package `ucorn` that is part of the program.  Shows Python
 * objects: for the folders that may see them. */
#ifndef UCORN_PY_PYLIB_H
#define UCORN_PY_PYLIB_H

#include "ucorn/py/pyapi.h"

/* The embedded module of that name ("ucorn.loader"), imported on first use; a
 * new reference, or NULL with an exception set. */
PyObject *pylib_import(const char *name);

#endif

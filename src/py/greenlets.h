/* Which greenlet runs, for this folder. */
#ifndef UCORN_PY_GREENLETS_H
#define UCORN_PY_GREENLETS_H

#include "ucorn/py/pyapi.h"

/* A new reference; NULL without an exception: this process has none, only threads. */
PyObject *hub_current(void);

#endif

/* What this folder needs to know of greenlets. */
#ifndef UCORN_PY_GREENLETS_H
#define UCORN_PY_GREENLETS_H

#include "ucorn/py/pyapi.h"

/* A new reference; NULL without an exception: this process has none, only threads. */
PyObject *hub_current(void);

/* From now on the memory of greenlets that end is kept for others. */
void chunks_keep(void);

#endif

/* Between proxies.c and hooks.c. */
#ifndef UCORN_PY_HOOKSET_H
#define UCORN_PY_HOOKSET_H

#include "ucorn/py/pyapi.h"
#include "ucorn/util/base.h"

/* From now on the hooks are those of that Config; false with an exception. */
MUST_CHECK bool hooks_take(PyObject *config);
void hooks_drop(void);

#endif

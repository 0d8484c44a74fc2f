/* The objects of proxies.h and the functions of hooks.h, for folders that see
 * Python.  Borrowed references. */
#ifndef UCORN_PY_OBJECTS_H
#define UCORN_PY_OBJECTS_H

#include "ucorn/py/hooks.h"
#include "ucorn/py/pyapi.h"

PyObject *object_server(void);
PyObject *object_worker(void); /* the current one, or NULL */

/* The hook's function as the configuration has it; NULL when it is not set. */
PyObject *hook_function(enum hook hook);

/* Between these two (on this thread) worker.nr does not count the request yet. */
void worker_object_before_request(void);
void worker_object_in_request(void);

#endif

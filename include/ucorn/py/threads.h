/* Threads that run Python code. */
#ifndef UCORN_PY_THREADS_H
#define UCORN_PY_THREADS_H

#include "ucorn/util/err.h"

/* Starts a thread of Python's module threading, under that name, in which run(data) is
 * called, with the GIL, once: it has one thread state for its life.  The interpreter does not
 * wait for it at its end.  Needs the GIL. */
MUST_CHECK int py_thread_start(const char *name, void (*run)(void *data), void *data,
			       struct err *err);

#endif

/* The GIL of long-lived threads: each keeps one thread state for its life, so
 * that threading.local and contextvars behave, and gives the GIL up only round
 * waits. */
#include <assert.h>

#include "ucorn/py/interp.h"
#include "ucorn/py/pyapi.h"

static _Thread_local PyThreadState *released;

void gil_release(void)
{
	assert(!released);
	released = PyEval_SaveThread();
}

void gil_acquire(void)
{
	PyThreadState *state = released;

	assert(state);
	released = NULL;
	PyEval_RestoreThread(state);
}

/* Gunicorn's server hooks: functions of the user's configuration that run at
 * moments of the server's life.  Which there are, which are set, and calling them
 * with gunicorn's arguments and gunicorn's consequences.
 *
 * All need the GIL.  A hook that is not set costs a look at a flag. */
#ifndef UCORN_PY_HOOKS_H
#define UCORN_PY_HOOKS_H

#include "ucorn/util/err.h"

enum hook {
	HOOK_NWORKERS_CHANGED,
	HOOK_ON_STARTING,
	HOOK_WHEN_READY,
	HOOK_PRE_FORK,
	HOOK_POST_FORK,
	HOOK_POST_WORKER_INIT,
	HOOK_PRE_REQUEST,
	HOOK_POST_REQUEST,
	HOOK_WORKER_INT,
	HOOK_WORKER_ABORT,
	HOOK_WORKER_EXIT,
	HOOK_CHILD_EXIT,
	HOOK_ON_RELOAD,
	HOOK_PRE_EXEC,
	HOOK_ON_EXIT,
	HOOK_COUNT
};

/* Whether the configuration has a function for it. */
bool hook_is_set(enum hook hook);

/* Calls a hook, if it is set, with what its row wants: the server object, the
 * worker object that is current (proxies.h), or both.  -1 when it has raised what
 * ends the process: the log has been told, err->exit_code is the code to end with,
 * and err->text is empty or, for a RuntimeError at start, what it says. */
MUST_CHECK int hook_call(enum hook hook, struct err *err);

/* The same for nworkers_changed; before: -1 at start. */
MUST_CHECK int hook_nworkers_changed(unsigned now, long before, struct err *err);

/* For handlers of signals: false when the hook has raised, and the exception is left
 * to go on into the code that the signal has interrupted. */
MUST_CHECK bool hook_call_in_signal(enum hook hook);

#endif

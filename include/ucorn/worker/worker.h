/* The life of a worker process, from its fork to its exit. */
#ifndef UCORN_WORKER_WORKER_H
#define UCORN_WORKER_WORKER_H

#include <sys/types.h>

#include "ucorn/config/settings.h"
#include "ucorn/log/sinks.h"
#include "ucorn/net/listener.h"
#include "ucorn/stats/scoreboard.h"
#include "ucorn/worker/backend.h"

/* What the master prepares before the fork; all of it stays the master's, the
 * child sees its copy. */
struct worker_context {
	const struct settings *settings;
	const struct worker_backend *backend;
	const struct listener *listeners;
	size_t n_listeners;
	struct scoreboard *scoreboard;
	struct score_slot *slot;
	struct log_sinks *sinks;
	struct app *app; /* imported by the master (preload), or NULL */
	int notify_fd;	 /* a byte 0 written here: the slot's state has changed */
	pid_t master_pid;
	unsigned age; /* how many workers were forked before, plus 1 */
};

/* Runs in the child after the fork: boots, serves, and gives the exit code (the
 * caller ends Python and the process with it).  With GIL.
 *
 * Exit codes are gunicorn's: 0 after a stop, 3 when an exception ended the boot,
 * 4 when the application could not be found. */
int worker_main(const struct worker_context *context);

/* Whether workers could serve with these settings; -1 with err if not. */
MUST_CHECK int worker_check(const struct settings *s, const struct worker_backend *backend,
			    struct err *err);

#endif

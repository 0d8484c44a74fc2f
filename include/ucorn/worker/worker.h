/* The life of a worker process, from its fork to its exit. */
#ifndef UCORN_WORKER_WORKER_H
#define UCORN_WORKER_WORKER_H

#include <signal.h>
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
	/* Where each worker has sockets by itself (reuse_port), else NULL: called in the
	 * worker, gives all that it is to accept from, those of above first; the array,
	 * from malloc, and the further sockets are the worker's. */
	struct listener *(*open_listeners)(const struct worker_context *context, size_t *count,
					   struct err *err);
	void *open_data;
	struct scoreboard *scoreboard;
	struct score_slot *slot; /* its own, of so many: */
	unsigned slot_count;
	struct log_sinks *sinks;
	struct app *app;      /* imported by the master (preload), or NULL */
	bool app_is_prepared; /* worker_prepare_app was called for these settings */
	/* Called first in the worker. */
	void (*enter)(void *data);
	void *enter_data;
	int notify_fd; /* a byte 0 written here: the slot's state has changed */
	int stacks_fd; /* where its Python stacks go when it hangs or crashes; -1: nowhere */
	pid_t master_pid;
	const char *name_suffix; /* ".2": the master's name in the title has one; or "" */
	bool replaces;		 /* others have served before it */
	unsigned age;		 /* how many workers were forked before, plus 1 */
};

/* At this signal a worker writes its Python stacks to stacks_fd.  No standard signal: all
 * of those mean something to some application. */
static inline int worker_stacks_signal(void)
{
	return SIGRTMIN + 1;
}

/* Descriptors that a worker needs besides those of its connections. */
enum { WORKER_OTHER_FILES = 32 };

/* Runs in the child after the fork: boots, serves, and gives the exit code (the
 * caller ends Python and the process with it).  With GIL.
 *
 * Exit codes are gunicorn's: 0 after a stop, 3 when an exception ended the boot,
 * 4 when the application could not be found. */
int worker_main(const struct worker_context *context);

/* What wants to be known of an application before it is called, by these settings.  In the
 * master for one that is imported there: workers share it, then. */
MUST_CHECK int worker_prepare_app(struct app *app, const struct settings *s,
				  const struct worker_backend *backend, struct err *err);

/* After how many requests the worker of that age is to leave; 0: never. */
uint64_t worker_draw_limit(const struct settings *s, unsigned age);

/* Whether workers could serve with these settings; -1 with err if not. */
MUST_CHECK int worker_check(const struct settings *s, const struct worker_backend *backend,
			    struct err *err);

/* Tells of mistakes in access_log_format, which cost no request and no line. */
void worker_check_access_log(const struct settings *s);

#endif

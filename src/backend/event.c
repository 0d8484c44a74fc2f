/* event: requests take turns on the worker's own thread.
 *
 * An application call or a next() runs to its end; between two pieces of an
 * iterable other connections have their turn, so one worker can serve thousands
 * of streams.  Each request has a contextvars.Context of its own.  Nothing can
 * wait here: what is over the high-water mark is left to the reactor. */
#include "backends.h"
#include "ucorn/worker/loop.h"

static enum want event_dispatch(struct worker *w, struct conn *c)
{
	UNUSED(w);
	return conn_application(c);
}

const struct worker_backend backend_event = {
	.name = "event",
	.aliases = "libev",
	.summary = "unfinished responses take turns",
	.interleaved = true,
	.run = worker_run,
	.dispatch = event_dispatch,
};

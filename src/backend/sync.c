/* sync: one request at a time, from its first to its last piece, on the worker's
 * own thread.
 *
 * Clients are waited for by the reactor, so a slow one never holds the
 * application; but while a generator's reader is waited for, no other request is
 * begun. */
#include "backends.h"
#include "ucorn/worker/loop.h"

static enum want sync_dispatch(struct worker *w, struct conn *c)
{
	UNUSED(w);
	return conn_application(c);
}

const struct worker_backend backend_sync = {
	.name = "sync",
	.aliases = "gunicorn.workers.sync.SyncWorker egg:gunicorn#sync",
	.summary = "one request at a time",
	.exclusive = true,
	.run = worker_run,
	.dispatch = sync_dispatch,
	.wait = worker_wait_poll,
};

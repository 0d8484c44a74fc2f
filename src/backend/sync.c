/* sync: one request at a time, from its first to its last piece, on the
 * worker's own thread.
 *
 * Clients are waited for by the reactor, so a slow one never holds the
 * application; only an unfinished iterable waits here for its reader, when more
 * than the high-water mark is queued. */
#include "backends.h"
#include "ucorn/worker/loop.h"

static enum want sync_dispatch(struct worker *w, struct conn *c)
{
	unsigned timeout_ms = c->service->deadlines.duration_ms[DEADLINE_SEND];
	enum want want;

	UNUSED(w);
	do {
		want = conn_application(c);
		while (want == WANT_WRITE && c->x.running) {
			if (worker_wait_poll(c, timeout_ms) < 0)
				c->lost = true;
			want = conn_advance(c);
		}
	} while (want == WANT_APP && c->x.running);
	return want;
}

const struct worker_backend backend_sync = {
	.name = "sync",
	.aliases = "gunicorn.workers.sync.SyncWorker egg:gunicorn#sync",
	.summary = "one request at a time",
	.run = worker_run_inline,
	.dispatch = sync_dispatch,
	.wait = worker_wait_poll,
};

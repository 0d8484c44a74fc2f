/* gevent, eventlet: each request has a greenlet.
 *
 * The reactor is a guest of the hub, and waits for clients.  A complete request is run in a
 * new greenlet, from its first to its last piece; when that waits, for whatever, the hub goes
 * on, and with it the turns of the reactor.  Until it has finished its connection is lent to
 * it.  What blocks in Python was patched before the application was imported. */
#include <errno.h>
#include <stdlib.h>

#include "backends.h"
#include "ucorn/py/hub.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"
#include "ucorn/worker/loop.h"

enum { KILL_MS = 500, NAP_MS = 10 };

/* A request in a greenlet. */
struct green {
	struct list node; /* on the list of those that have not finished */
	struct worker *worker;
	struct conn *conn;
	void *greenlet; /* what hub_spawn gave; NULL before */
	bool lent;	/* it has waited: the driver does not wait for it any more */
	bool finished;
};

static struct list greens = {&greens, &greens};

static void green_free(struct green *g)
{
	list_remove(&g->node);
	if (g->greenlet)
		hub_forget(g->greenlet);
	free(g);
}

/* In the greenlet. */
static void green_main(void *data)
{
	struct green *g = data;

	conn_run_whole(g->conn);
	g->finished = true;
	if (!g->lent)
		return;
	worker_settle_back(g->worker, g->conn);
	green_free(g);
}

static enum want refuse(struct conn *c)
{
	conn_close(c);
	return WANT_CLOSE;
}

static enum want green_dispatch(struct worker *w, struct conn *c)
{
	struct green *g = calloc(1, sizeof(*g));

	if (!g)
		return refuse(c);
	g->worker = w;
	g->conn = c;
	list_append(&greens, &g->node);
	g->greenlet = hub_spawn(green_main, g);
	if (g->greenlet && !g->finished) {
		g->lent = true;
		return WANT_LENT;
	}
	green_free(g);
	return c->x.running || c->state == CONN_APP ? refuse(c) : conn_advance(c);
}

static int green_wait(struct conn *c, enum want want, unsigned timeout_ms)
{
	bool between_pieces = c->state == CONN_FLUSH;
	int rc = hub_wait(c->io.fd, want == WANT_WRITE, worker_wait_ms(c, timeout_ms));

	/* Then nobody is there to catch it. */
	if (rc == -EINTR && between_pieces)
		hub_drop_exception();
	return rc;
}

static void green_interrupt(struct worker *w, struct conn *c)
{
	UNUSED(w);
	for (struct list *node = greens.next; node != &greens; node = node->next) {
		struct green *g = container_of(node, struct green, node);

		if (g->conn == c && g->greenlet)
			hub_interrupt(g->greenlet, true);
	}
}

/* What has not finished is killed: each greenlet is told, and has a moment to end.  One
 * that does not stays as it is until the process ends. */
static void end_greens(struct worker *w)
{
	uint64_t end_ms = clock_ms() + KILL_MS;

	for (struct list *node = greens.next; node != &greens; node = node->next) {
		struct green *g = container_of(node, struct green, node);

		g->conn->lost = true;
		if (g->greenlet)
			hub_interrupt(g->greenlet, false);
	}
	while (!list_empty(&greens) && clock_ms() < end_ms)
		hub_sleep(NAP_MS);
	if (!list_empty(&greens))
		worker_has_stragglers(w);
}

static void green_run(struct worker *w)
{
	worker_run_nested(w);
	if (!list_empty(&greens))
		end_greens(w);
}

static int gevent_check(struct err *err)
{
	return hub_check("gevent", err);
}

static int gevent_prepare(struct err *err)
{
	return hub_prepare("gevent", err);
}

static int eventlet_check(struct err *err)
{
	return hub_check("eventlet", err);
}

static int eventlet_prepare(struct err *err)
{
	return hub_prepare("eventlet", err);
}

const struct worker_backend backend_gevent = {
	.name = "gevent",
	.aliases = "gevent_wsgi gevent_pywsgi egg:gunicorn#gevent egg:gunicorn#gevent_wsgi "
		   "egg:gunicorn#gevent_pywsgi gunicorn.workers.ggevent.GeventWorker "
		   "gunicorn.workers.ggevent.GeventPyWSGIWorker",
	.summary = "a greenlet of gevent for each request",
	.multithread = true,
	.nested = true,
	.check = gevent_check,
	.prepare = gevent_prepare,
	.run = green_run,
	.dispatch = green_dispatch,
	.wait = green_wait,
	.interrupt = green_interrupt,
};

const struct worker_backend backend_eventlet = {
	.name = "eventlet",
	.aliases = "egg:gunicorn#eventlet gunicorn.workers.geventlet.EventletWorker",
	.summary = "a greenlet of eventlet for each request",
	.multithread = true,
	.nested = true,
	.check = eventlet_check,
	.prepare = eventlet_prepare,
	.run = green_run,
	.dispatch = green_dispatch,
	.wait = green_wait,
	.interrupt = green_interrupt,
};

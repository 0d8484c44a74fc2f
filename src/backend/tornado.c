/* tornado: as event, in tornado's IOLoop.
 *
 * The reactor is a guest of the loop; requests take turns on its thread, each in a context
 * of its own.  An application that is no WSGI application but one of tornado's own gets
 * tornado's HTTP server, on our sockets; then the worker only shows that it is alive, counts,
 * and ends in time (pylib/ucorn/hub_tornado.py). */
#include "backends.h"
#include "ucorn/py/hub.h"
#include "ucorn/worker/loop.h"

static int tornado_check(struct err *err)
{
	return hub_check("tornado", err);
}

static int tornado_prepare(struct err *err)
{
	return hub_prepare("tornado", err);
}

static enum want tornado_dispatch(struct worker *w, struct conn *c)
{
	UNUSED(w);
	return conn_application(c);
}

const struct worker_backend backend_tornado = {
	.name = "tornado",
	.aliases = "egg:gunicorn#tornado gunicorn.workers.gtornado.TornadoWorker",
	.summary = "in tornado's IOLoop, with its own applications",
	.interleaved = true,
	.nested = true,
	.check = tornado_check,
	.prepare = tornado_prepare,
	.run = worker_run_nested,
	.dispatch = tornado_dispatch,
};

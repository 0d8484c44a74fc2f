/* The access log of a worker: a line for each answer that the application had a
 * part in, formatted when the answer is complete and written once per turn. */
#include <time.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

static bool environ_value(void *data, struct slice key, struct slice *value)
{
	struct exchange *x = data;
	struct app *app = x->conn->service->app;

	return app->ops->lookup && app->ops->lookup(app, x, key, value);
}

static void on_answered(struct exchange *x, void *data)
{
	struct worker *w = data;
	struct access_record record = {
		.req = &x->request,
		.resp = x->response.started ? &x->response : NULL,
		.status = x->response.status,
		.remote_addr = x->conn->remote_addr,
		.bytes_sent = x->response.sent,
		.duration_us = clock_us() - x->started_us,
		.now = time(NULL),
		.pid = getpid(),
		.environ_lookup = environ_value,
		.environ_data = x,
	};
	int rc = log_access_append(w->context.sinks, w->access_format, &record);

	if (rc < 0 && !w->access_broken)
		log_error("Cannot write the access log: %s", strerror(-rc));
	w->access_broken = rc < 0;
}

int worker_access_init(struct worker *w, struct err *err)
{
	const struct settings *s = w->context.settings;

	if (!s->accesslog)
		return 0;
	w->access_format = access_format_new(s->access_log_format, err);
	if (!w->access_format)
		return -1;
	w->service.timed = true;
	w->service.answered = on_answered;
	w->service.answered_data = w;
	return 0;
}

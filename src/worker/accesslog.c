/* The access log of a worker: a line for each answer that the application had a
 * part in, when the answer is complete.  Either C makes it, then it is written once
 * per turn; or Python's logger is called for it. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"
#include "ucorn/wsgi/app.h"

static bool environ_value(void *data, struct slice key, struct slice *value)
{
	struct exchange *x = data;
	struct app *app = x->conn->service->app;

	return app->ops->lookup && app->ops->lookup(app, x, key, value);
}

static bool is_excluded(const struct worker *w, const struct exchange *x)
{
	const char *prefixes = w->context.settings->access_log_exclude;

	return prefixes && access_excludes(prefixes, x->request.path);
}

static void write_line(struct exchange *x, void *data)
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

	if (is_excluded(w, x))
		return;

	int rc = log_access_append(w->context.sinks, w->access_format, &record);

	if (rc < 0 && !w->access_broken)
		log_error("Cannot write the access log: %s", strerror(-rc));
	w->access_broken = rc < 0;
}

/* What is excluded is left to the logger, which may count requests too. */
static void call_logger(struct exchange *x, void *data)
{
	UNUSED(data);
	wsgi_log_access(x, clock_us() - x->started_us);
}

/* Python's % knows conversions that C does not; what it does not know either is a
 * mistake, and no reason to lose lines. */
static struct access_format *format_from(const char *text, bool *for_python, struct err *mistake)
{
	struct access_format *format = access_format_new(text, mistake);

	*for_python = !format && log_bridge_can_format(text);
	if (!format && !*for_python)
		format = access_format_new_tolerant(text);
	return format;
}

void worker_access_check(const struct settings *s)
{
	struct err mistake = {0};
	struct access_format *format;
	bool for_python;

	if (log_bridge_access_route() != ACCESS_BY_SERVER)
		return;
	format = format_from(s->access_log_format, &for_python, &mistake);
	if (mistake.text[0] && !for_python)
		log_warning("%s; it is taken as text", mistake.text);
	access_format_free(format);
}

int worker_access_init(struct worker *w, struct err *err)
{
	const struct settings *s = w->context.settings;
	enum access_route route = log_bridge_access_route();
	struct err mistake;
	bool for_python = false;

	if (route == ACCESS_NONE)
		return 0;
	if (route == ACCESS_BY_SERVER) {
		w->access_format = format_from(s->access_log_format, &for_python, &mistake);
		if (!w->access_format && !for_python)
			return err_set_exit(err, 3, "No memory for the access log's format");
	}
	w->service.timed = true;
	w->service.answered = w->access_format ? write_line : call_logger;
	return 0;
}

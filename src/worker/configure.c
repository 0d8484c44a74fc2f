/* From settings to what the connections of a worker obey.
 *
 * Whatever can be wrong with a setting shows in worker_check, which the master
 * calls before it takes a configuration over. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/py/gunicorn.h"
#include "ucorn/util/log.h"

static int forwarding_from(struct forwarding *f, const struct settings *s, struct err *err)
{
	const struct forwarding_texts texts = {
		.allow_ips = s->forwarded_allow_ips,
		.forwarder_headers = s->forwarder_headers,
		.header_map = s->header_map,
		.scheme_headers = s->secure_scheme_headers,
	};

	return forwarding_init(f, &texts, err);
}

static const char *upload_folder(const struct settings *s)
{
	const char *folder = s->tmp_upload_dir ? s->tmp_upload_dir : getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

int worker_check(const struct settings *s, const struct worker_backend *backend, struct err *err)
{
	struct forwarding forwarding;

	if (forwarding_from(&forwarding, s, err) < 0)
		return -1;
	forwarding_release(&forwarding);
	if (s->stream_request_body && !backend->wait && !backend->hosts)
		return err_set(err,
			       "stream_request_body: an application on the worker class %s cannot "
			       "wait for a body; choose another class, or let bodies be stored",
			       backend->name);
	if (s->tmp_upload_dir && access(s->tmp_upload_dir, W_OK | X_OK) < 0)
		return err_set(err, "tmp_upload_dir: cannot write into %s: %s", s->tmp_upload_dir,
			       strerror(errno));
	return backend->check ? backend->check(err) : 0;
}

/* What ucorn's own workers do, and gunicorn has no setting for: classes of the user's cannot
 * know of it. */
void worker_warn_of_others(const struct settings *s, bool all)
{
	static const char *const names[] = {
		"max_worker_memory",	  "max_worker_lifetime", "request_timeout",
		"limit_request_head",	  "limit_request_body",	 "client_header_timeout",
		"client_body_timeout",	  "send_timeout",	 "client_body_min_rate",
		"lingering_timeout",	  "tmp_upload_limit",	 "stream_request_body",
		"client_body_buffer_size"};
	enum { OF_PROCESSES = 2 }; /* the first ones: these are obeyed where the loop is ours */

	for (size_t i = all ? 0 : OF_PROCESSES; i < ARRAY_LEN(names); i++)
		if (settings_origin(s, names[i]) != ORIGIN_DEFAULT)
			log_warning("%s has no effect: %s serves requests by itself.", names[i],
				    s->worker_class);
}

void worker_warn(const struct settings *s, const struct worker_backend *backend)
{
	if (backend->hosts)
		worker_warn_of_others(s, true);
	else
		worker_access_check(s);
}

static unsigned milliseconds(unsigned seconds)
{
	return seconds < UINT_MAX / 1000 ? 1000 * seconds : UINT_MAX;
}

static void configure_deadlines(struct deadlines *ds, const struct settings *s)
{
	ds->duration_ms[DEADLINE_HEAD] = milliseconds(s->client_header_timeout);
	ds->duration_ms[DEADLINE_BODY] = milliseconds(s->client_body_timeout);
	ds->duration_ms[DEADLINE_SEND] = milliseconds(s->send_timeout);
	ds->duration_ms[DEADLINE_KEEPALIVE] = milliseconds(s->keepalive);
	ds->duration_ms[DEADLINE_LINGER] = milliseconds(s->lingering_timeout);
}

static struct http_limits limits_from(const struct settings *s)
{
	return (struct http_limits){
		.line = s->limit_request_line,
		.fields = s->limit_request_fields,
		.field_bytes = s->limit_request_field_size,
		.head = (size_t)s->limit_request_head,
		.body = s->limit_request_body,
		.lenient =
			{
				.folding = s->permit_obsolete_folding,
				.name_blanks = s->strip_header_spaces,
				.any_method = s->permit_unconventional_http_method,
				.any_version = s->permit_unconventional_http_version,
				.casefold_method = s->casefold_http_method,
			},
	};
}

/* The application may have changed gunicorn.SERVER: this comes after its import. */
static int configure_server(struct worker *w, struct err *err)
{
	struct buf name = {0};
	int rc = gunicorn_server_name(&name, err);

	if (rc == 0)
		rc = response_server_line(&w->server_line, buf_slice(&name));
	if (rc == -EINVAL)
		err_set(err, "gunicorn.SERVER: no header field may have a value with a line break "
			     "or another control character");
	else if (rc == -ENOMEM)
		err_set(err, "Out of memory");
	buf_release(&name);
	if (rc < 0)
		return -1;
	w->service.server_line = buf_slice(&w->server_line);
	return 0;
}

int worker_configure(struct worker *w, struct err *err)
{
	const struct settings *s = w->context.settings;
	struct conn_service *service = &w->service;

	conn_service_init(service);
	service->app = w->app;
	service->wait = w->context.backend->wait;
	service->limits = limits_from(s);
	service->keep_alive = s->keepalive > 0;
	service->stream_bodies = s->stream_request_body;
	service->body_min_rate = s->client_body_min_rate;
	service->spool = (struct spool_store){
		.folder = upload_folder(s),
		.memory_max = s->client_body_buffer_size,
		.limit = s->tmp_upload_limit,
		.all = &w->context.scoreboard->spooled,
		.own = &w->context.slot->spooled,
	};
	configure_deadlines(&service->deadlines, s);
	service->forwarding = &w->forwarding;
	if (forwarding_from(&w->forwarding, s, err) < 0 || configure_server(w, err) < 0) {
		err->exit_code = 3;
		return -1;
	}
	return 0;
}

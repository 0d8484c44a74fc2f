/* Every setting of the server, by its gunicorn name.
 *
 * A setting is one field here and one row in src/config/settings_table.c; the
 * row gives flag, help, default, environment variable and section.  Values
 * enter through settings_set only, which validates, remembers where they came
 * from and names the culprit when one is bad. */
#ifndef UCORN_CONFIG_SETTINGS_H
#define UCORN_CONFIG_SETTINGS_H

#include <stdint.h>

#include "ucorn/util/err.h"

/* Where a value came from, lowest precedence first. */
enum origin {
	ORIGIN_DEFAULT,
	ORIGIN_ENVIRONMENT,
	ORIGIN_FILE,
	ORIGIN_ENV_ARGS,
	ORIGIN_COMMAND_LINE
};

struct string_list {
	char **items; /* each and the array owned by the settings */
	size_t count;
};

struct settings {
	char *wsgi_app; /* MODULE, MODULE:name or MODULE:factory(...); NULL if none was given */
	struct string_list bind;
	unsigned backlog;
	unsigned workers;
	char *worker_class;
	unsigned threads;
	unsigned worker_connections;
	unsigned max_requests;
	unsigned max_requests_jitter;
	unsigned timeout;	   /* seconds; 0: none */
	unsigned graceful_timeout; /* seconds */
	unsigned keepalive;	   /* seconds; 0: no keep-alive */
	unsigned limit_request_line;
	unsigned limit_request_fields;
	unsigned limit_request_field_size;
	uint64_t limit_request_head;	/* bytes; 0: what the others add up to */
	uint64_t limit_request_body;	/* bytes; 0: none */
	unsigned client_header_timeout; /* seconds, as the following; 0: none */
	unsigned client_body_timeout;
	unsigned client_body_min_rate; /* bytes per second; 0: none */
	unsigned send_timeout;
	unsigned lingering_timeout;
	uint64_t client_body_buffer_size; /* bytes of a body kept in memory */
	bool stream_request_body;
	bool preload_app;
	char *chdir;
	char *pythonpath;	     /* comma-separated folders; NULL if none */
	struct string_list raw_env;  /* NAME=value */
	char *tmp_upload_dir;	     /* NULL: TMPDIR or /tmp */
	uint64_t tmp_upload_limit;   /* bytes in the files of all workers; 0: none */
	char *secure_scheme_headers; /* NAME=VALUE, by commas */
	char *forwarded_allow_ips;   /* trusted proxies: addresses and networks, or * */
	bool permit_obsolete_folding;
	bool strip_header_spaces;
	bool permit_unconventional_http_method;
	bool permit_unconventional_http_version;
	bool casefold_http_method;
	char *forwarder_headers; /* names, by commas, or * */
	char *header_map;	 /* drop, refuse or dangerous */
	char *pidfile;		 /* NULL if none */
	char *proc_name;	 /* NULL: default_proc_name is used */
	char *default_proc_name;
	char *accesslog; /* NULL: no access log; "-": stdout */
	char *access_log_format;
	char *errorlog; /* "-": stderr */
	char *loglevel;
	unsigned char *origins; /* enum origin of each row, by row number */
};

/* Fills s with the defaults, those from the environment (PORT, WEB_CONCURRENCY)
 * laid over them.  On failure s is empty and err has the sentence. */
MUST_CHECK int settings_init(struct settings *s, struct err *err);
void settings_release(struct settings *s);

/* Sets the setting called name from text (for a list: appends, after replacing
 * what a lower origin had put there).  A value of lower origin than the present
 * one is left aside.  -1 with err when there is no such setting or text is no
 * value for it. */
MUST_CHECK int settings_set(struct settings *s, const char *name, const char *text,
			    enum origin origin, struct err *err);

/* Where the value of the setting called name came from. */
enum origin settings_origin(const struct settings *s, const char *name);

/* What the processes are called: proc_name, or its default. */
static inline const char *settings_proc_name(const struct settings *s)
{
	return s->proc_name ? s->proc_name : s->default_proc_name;
}

#endif

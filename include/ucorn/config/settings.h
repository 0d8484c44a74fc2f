/* Every setting of the server, by its gunicorn name.
 *
 * A setting is one field here and one row in src/config/rows_*.c; the row gives
 * flag, help, default, environment variable and section.  Values enter through
 * settings_set and settings_clear only, which validate, remember where a value
 * came from and name the culprit when one is bad. */
#ifndef UCORN_CONFIG_SETTINGS_H
#define UCORN_CONFIG_SETTINGS_H

#include <stdint.h>
#include <sys/types.h>

#include "ucorn/util/err.h"

/* Where a value came from, lowest precedence first. */
enum origin {
	ORIGIN_DEFAULT,
	ORIGIN_ENVIRONMENT, /* the variable that replaces the default: PORT, ... */
	ORIGIN_FILE,
	ORIGIN_PASTE,	     /* the section about the server in the file of --paste */
	ORIGIN_ENV_ARGS,     /* GUNICORN_CMD_ARGS */
	ORIGIN_OWN_ENV_ARGS, /* UCORN_CMD_ARGS */
	ORIGIN_COMMAND_LINE
};

struct string_list {
	char **items; /* each and the array owned by the settings */
	size_t count;
};

enum tristate { TRISTATE_UNSAID, TRISTATE_NO, TRISTATE_YES };

/* A value that is a Python object by nature (a hook, a dict): it is kept by the
 * py folder, under the row's name; here is only whether there is one. */
struct object_setting {
	bool given;
};

/* The Python objects among the values: what they are and how they are released
 * is the py folder's business. */
struct settings_objects {
	void *data;
	void (*release)(void *data); /* needs the GIL */
};

struct settings {
	char *config;	/* where the configuration file is said to be */
	char *wsgi_app; /* of a configuration file; settings_app says what is served */
	struct string_list bind;
	unsigned backlog;
	unsigned workers;
	char *worker_class; /* of a class object its dotted name */
	unsigned threads;
	unsigned worker_connections;
	unsigned max_requests;
	unsigned max_requests_jitter;
	unsigned timeout; /* seconds; 0: none, as in the following */
	unsigned request_timeout;
	unsigned boot_timeout;
	uint64_t max_worker_memory;   /* bytes; 0: any number */
	unsigned max_worker_lifetime; /* seconds; 0: none */
	unsigned graceful_timeout;    /* seconds */
	unsigned keepalive;	      /* seconds; 0: no keep-alive */
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
	bool reload;
	char *reload_engine;
	struct string_list reload_extra_files; /* paths and patterns */
	bool spew;
	bool check_config;
	bool print_config;
	bool preload_app;
	bool use_installed_gunicorn; /* `import gunicorn` is not answered by ucorn */
	unsigned char sendfile;	     /* enum tristate; settings_sendfile judges it */
	bool reuse_port;
	bool defer_accept;
	char *chdir; /* absolute; the start folder if none was given */
	bool daemon;
	struct string_list raw_env; /* NAME=value */
	char *pidfile;		    /* NULL if none */
	char *worker_tmp_dir;
	unsigned user;	/* uid of the workers */
	unsigned group; /* gid of the workers */
	unsigned umask;
	bool initgroups;
	char *tmp_upload_dir;	     /* NULL: TMPDIR or /tmp */
	uint64_t tmp_upload_limit;   /* bytes in the files of all workers; 0: none */
	char *secure_scheme_headers; /* NAME=VALUE, by commas */
	char *forwarded_allow_ips;   /* trusted proxies: addresses and networks, or * */
	char *accesslog;	     /* NULL: no access log; "-": stdout */
	bool disable_redirect_access_to_syslog;
	char *access_log_format;
	char *access_log_exclude; /* paths, by commas; NULL: none */
	char *errorlog;		  /* "-": stderr */
	char *loglevel;
	bool capture_output;
	char *logger_class; /* of a class object its dotted name */
	char *logconfig;    /* NULL if none, as the following */
	struct object_setting logconfig_dict;
	char *logconfig_json;
	char *syslog_addr;
	bool syslog;
	char *syslog_prefix; /* NULL if none */
	char *syslog_facility;
	bool enable_stdio_inheritance;
	char *statsd_host; /* HOST:PORT or unix://PATH; NULL if none */
	char *dogstatsd_tags;
	char *statsd_prefix;
	bool enable_backlog_metric;
	char *proc_name; /* NULL: default_proc_name is used */
	char *default_proc_name;
	char *pythonpath; /* comma-separated folders; NULL if none */
	char *paste;	  /* NULL if none */
	struct object_setting on_starting;
	struct object_setting on_reload;
	struct object_setting when_ready;
	struct object_setting pre_fork;
	struct object_setting post_fork;
	struct object_setting post_worker_init;
	struct object_setting worker_int;
	struct object_setting worker_abort;
	struct object_setting pre_exec;
	struct object_setting pre_request;
	struct object_setting post_request;
	struct object_setting child_exit;
	struct object_setting worker_exit;
	struct object_setting nworkers_changed;
	struct object_setting on_exit;
	struct object_setting ssl_context;
	char *proxy_protocol;
	char *proxy_allow_ips;
	char *protocol;
	char *uwsgi_allow_ips;
	char *keyfile;
	char *certfile;
	char *ssl_version;
	unsigned cert_reqs;
	char *ca_certs;
	bool suppress_ragged_eofs;
	bool do_handshake_on_connect;
	char *ciphers;
	char *http_protocols;
	char *http2_cleartext;
	unsigned http2_max_concurrent_streams;
	unsigned http2_initial_window_size;
	unsigned http2_max_frame_size;
	unsigned http2_max_header_list_size;
	struct string_list raw_paste_global_conf; /* NAME=value */
	bool permit_obsolete_folding;
	bool strip_header_spaces;
	bool permit_unconventional_http_method;
	bool permit_unconventional_http_version;
	bool casefold_http_method;
	char *forwarder_headers; /* names, by commas, or * */
	char *header_map;	 /* drop, refuse or dangerous */
	char *asgi_loop;
	char *asgi_lifespan;
	unsigned asgi_disconnect_grace_period;
	char *http_parser;
	char *root_path;
	struct string_list dirty_apps;
	unsigned dirty_workers;
	unsigned dirty_timeout;
	unsigned dirty_threads;
	unsigned dirty_graceful_timeout;
	struct object_setting on_dirty_starting;
	struct object_setting dirty_post_fork;
	struct object_setting dirty_worker_init;
	struct object_setting dirty_worker_exit;
	char *control_socket; /* NULL if none */
	unsigned control_socket_mode;
	bool control_socket_disable;

	/* What is no row. */
	unsigned char *origins; /* enum origin of each row, by row number */
	char *app;		/* the application of the command line; NULL if none */
	struct settings_objects objects;
};

/* Fills s with the defaults, those from the environment (PORT, WEB_CONCURRENCY)
 * laid over them.  On failure s is empty and err has the sentence. */
MUST_CHECK int settings_init(struct settings *s, struct err *err);

/* Needs the GIL if a configuration file was read into s. */
void settings_release(struct settings *s);

/* Sets the setting called name from text (for a list: appends, after replacing
 * what a lower origin had put there).  A value of lower origin than the present
 * one is left aside.  -1 with err when there is no such setting or text is no
 * value for it. */
MUST_CHECK int settings_set(struct settings *s, const char *name, const char *text,
			    enum origin origin, struct err *err);

/* Python's None: back to the default; for a list, an empty one. */
MUST_CHECK int settings_clear(struct settings *s, const char *name, enum origin origin,
			      struct err *err);

/* Where the value of the setting called name came from. */
enum origin settings_origin(const struct settings *s, const char *name);

/* -1 with err if a setting has a value that this version cannot obey and must
 * not ignore. */
MUST_CHECK int settings_check(const struct settings *s, struct err *err);

/* Logs what has to be said about the values: a warning for each that asks for
 * what ucorn does not offer, a note at debug level for each without effect. */
void settings_report(const struct settings *s);

/* Logs a warning for each setting that differs but that a reload does not take
 * over. */
void settings_report_change(const struct settings *running, const struct settings *fresh);

/* What is to be served: MODULE, MODULE:name or MODULE:factory(...); NULL if
 * nobody said. */
static inline const char *settings_app(const struct settings *s)
{
	return s->app ? s->app : s->wsgi_app;
}

/* What the processes are called: proc_name, or its default. */
static inline const char *settings_proc_name(const struct settings *s)
{
	return s->proc_name ? s->proc_name : s->default_proc_name;
}

/* Whether files are sent by sendfile(2). */
static inline bool settings_sendfile(const struct settings *s)
{
	return s->sendfile != TRISTATE_NO;
}

#endif

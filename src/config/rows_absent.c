/* Rows of the settings table, which settings_table.c is about.
 *
 * What gunicorn has and ucorn has not: taken when it says what happens anyway. */
#include "rows.h"

static const struct setting_choice asgi_loops[] = {
	{"auto", "auto"}, {"asyncio", "asyncio"}, {"uvloop", "uvloop"}, {NULL, NULL}};
static const struct setting_choice asgi_lifespans[] = {
	{"auto", "auto"}, {"on", "on"}, {"off", "off"}, {NULL, NULL}};
static const struct setting_choice parsers[] = {
	{"auto", "auto"}, {"fast", "fast"}, {"python", "python"}, {NULL, NULL}};

static const struct setting rows[] = {
	{
		STRING_FIELD(asgi_loop, setting_choice),
		.flags = {"--asgi-loop"},
		.metavar = "STRING",
		.default_text = "auto",
		.choices = asgi_loops,
		.refusal = "Invalid ASGI loop:",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn runs WSGI applications; for ASGI, use a worker class of your ASGI "
			"server.",
		.section = SECTION_WORKER_PROCESSES,
		.description = "Not offered: the event loop of ASGI workers.",
	},
	{
		STRING_FIELD(asgi_lifespan, setting_choice),
		.flags = {"--asgi-lifespan"},
		.metavar = "STRING",
		.default_text = "auto",
		.choices = asgi_lifespans,
		.refusal = "Invalid ASGI lifespan:",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn runs WSGI applications; for ASGI, use a worker class of your ASGI "
			"server.",
		.section = SECTION_WORKER_PROCESSES,
		.description = "Not offered: the lifespan protocol of ASGI workers.",
	},
	{
		FIELD(asgi_disconnect_grace_period),
		.flags = {"--asgi-disconnect-grace-period"},
		.metavar = "INT",
		.default_text = "3",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn runs WSGI applications; for ASGI, use a worker class of your ASGI "
			"server.",
		.section = SECTION_WORKER_PROCESSES,
		.description =
			"Not offered: how long ASGI applications may go on when a client has gone.",
	},
	{
		STRING_FIELD(http_parser, setting_choice),
		.flags = {"--http-parser"},
		.metavar = "STRING",
		.default_text = "auto",
		.choices = parsers,
		.refusal = "http_parser must be one of: auto, fast, python",
		.status = SETTING_WITHOUT_EFFECT,
		.note = "ucorn has one parser, in C.",
		.section = SECTION_WORKER_PROCESSES,
		.description =
			"Taken for compatibility: there is one parser, and it is the fast one.",
	},
	{
		FIELD(root_path),
		.flags = {"--root-path"},
		.metavar = "STRING",
		.default_text = "",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn runs WSGI applications; set SCRIPT_NAME instead.",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Not offered: the root path of ASGI applications.",
	},
	{
		FIELD(dirty_apps),
		.flags = {"--dirty-app"},
		.metavar = "STRING",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY,
		.description = "Not offered: applications of the pool for long tasks.",
	},
	{
		FIELD(dirty_workers),
		.flags = {"--dirty-workers"},
		.metavar = "INT",
		.default_text = "0",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY,
		.description = "Not offered: processes of the pool for long tasks.",
	},
	{
		FIELD(dirty_timeout),
		.flags = {"--dirty-timeout"},
		.metavar = "INT",
		.default_text = "300",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY,
		.description = "Not offered: how long a long task may take.",
	},
	{
		FIELD(dirty_threads),
		.flags = {"--dirty-threads"},
		.metavar = "INT",
		.default_text = "1",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY,
		.description = "Not offered: threads of a process for long tasks.",
	},
	{
		FIELD(dirty_graceful_timeout),
		.flags = {"--dirty-graceful-timeout"},
		.metavar = "INT",
		.default_text = "30",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY,
		.description = "Not offered: how long the pool for long tasks has to stop.",
	},
	{
		FIELD(on_dirty_starting),
		.arity = 1,
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY_HOOKS,
		.description = "Not offered, as the pool for long tasks is not: (arbiter).",
	},
	{
		FIELD(dirty_post_fork),
		.arity = 2,
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY_HOOKS,
		.description = "Not offered, as the pool for long tasks is not: (arbiter, worker).",
	},
	{
		FIELD(dirty_worker_init),
		.arity = 1,
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY_HOOKS,
		.description = "Not offered, as the pool for long tasks is not: (worker).",
	},
	{
		FIELD(dirty_worker_exit),
		.arity = 2,
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn has no second pool of processes; use a task queue.",
		.section = SECTION_DIRTY_HOOKS,
		.description = "Not offered, as the pool for long tasks is not: (arbiter, worker).",
	},
	{
		FIELD(control_socket),
		.flags = {"--control-socket"},
		.metavar = "PATH",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn is controlled by signals; it has no control socket.",
		.section = SECTION_CONTROL,
		.description = "Not offered: a socket to control the server by.",
	},
	{
		NUMBER_FIELD(control_socket_mode, setting_mode),
		.flags = {"--control-socket-mode"},
		.metavar = "INT",
		.default_text = "0600",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn is controlled by signals; it has no control socket.",
		.section = SECTION_CONTROL,
		.description = "Not offered: the mode of the control socket.",
	},
	{
		FIELD(control_socket_disable),
		.flags = {"--no-control-socket"},
		.default_text = "false",
		.status = SETTING_WITHOUT_EFFECT,
		.note = "there is none.",
		.section = SECTION_CONTROL,
		.description = "Taken for compatibility: there is no control socket.",
	},
};

const struct setting_rows rows_absent = {rows, ARRAY_LEN(rows)};

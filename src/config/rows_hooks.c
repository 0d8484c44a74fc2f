/* Rows of the settings table, which settings_table.c is about.
 *
 * What a configuration file may have called at certain moments. */
#include "rows.h"

static const struct setting rows[] = {
	{
		FIELD(on_starting),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the master, before its sockets are opened: (server).",
	},
	{
		FIELD(on_reload),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the master, when a HUP has been taken over: (server).",
	},
	{
		FIELD(when_ready),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the master, when it listens and has no worker yet: (server).",
	},
	{
		FIELD(pre_fork),
		.arity = 2,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the master, before each worker is forked: (server, worker).",
	},
	{
		FIELD(post_fork),
		.arity = 2,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the worker, after its fork: (server, worker).",
	},
	{
		FIELD(post_worker_init),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the worker, when it has loaded the application: (worker).",
	},
	{
		FIELD(worker_int),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the worker, on INT or QUIT: (worker).",
	},
	{
		FIELD(worker_abort),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the worker, on ABRT, which is what a timeout sends: (worker).",
	},
	{
		FIELD(pre_exec),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the new process, before USR2 replaces the program: (server).",
	},
	{
		FIELD(pre_request),
		.arity = 2,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the worker, before each request: (worker, req).",
	},
	{
		FIELD(post_request),
		.arity = 4,
		.arity_min = 2,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the worker, after each request: (worker, req, environ, resp); "
			       "the last two may be left out.",
	},
	{
		FIELD(child_exit),
		.arity = 2,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the master, when a worker has gone: (server, worker).",
	},
	{
		FIELD(worker_exit),
		.arity = 2,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the worker, before it goes: (server, worker).",
	},
	{
		FIELD(nworkers_changed),
		.arity = 3,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the master, when the number of workers is set: (server, "
			       "new_value, old_value).",
	},
	{
		FIELD(on_exit),
		.arity = 1,
		.section = SECTION_SERVER_HOOKS,
		.description = "In the master, before it goes: (server).",
	},
	{
		FIELD(ssl_context),
		.arity = 2,
		.status = SETTING_WITHOUT_EFFECT,
		.note = "It is for TLS, which ucorn does not speak yet: certfile is refused.",
		.section = SECTION_SERVER_HOOKS,
		.description = "Makes the TLS context: (config, default_ssl_context_factory).",
	},
};

const struct setting_rows rows_hooks = {rows, ARRAY_LEN(rows)};

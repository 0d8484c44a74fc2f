/* THE table: every setting the server knows, one row each.
 *
 * A row is all there is to a setting besides its field in settings.h: the
 * setters, the command line, --help, the configuration file and what hooks see
 * walk this table and know no setting by name.  The rows stand in rows_*.c, in
 * gunicorn's order, because argparse lists the candidates of an ambiguous
 * abbreviation, and reports bad values, in that order; those that gunicorn has
 * not stand where they belong by their subject.
 *
 * Names, flags, metavars and defaults are gunicorn's; the odd spelling of
 * --limit-request-field_size is too. */
#include <assert.h>
#include <string.h>

#include "rows.h"

static const struct setting_rows *const parts[] = {
	&rows_serving, &rows_mechanics, &rows_logging, &rows_hooks, &rows_protocol, &rows_absent,
};

const struct setting *setting_at(size_t i)
{
	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		if (i < parts[p]->count)
			return &parts[p]->rows[i];
		i -= parts[p]->count;
	}
	return NULL;
}

size_t setting_number(const struct setting *row)
{
	size_t before = 0;

	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		if (row >= parts[p]->rows && row < parts[p]->rows + parts[p]->count)
			return before + (size_t)(row - parts[p]->rows);
		before += parts[p]->count;
	}
	assert(false); /* it is no row of the table */
	return 0;
}

const struct setting *setting_find(const char *name)
{
	const struct setting *row;

	for (size_t i = 0; (row = setting_at(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

const char *section_title(enum section section)
{
	static const char *const titles[SECTION_COUNT] = {
		[SECTION_CONFIG_FILE] = "Config File",
		[SECTION_SERVER_SOCKET] = "Server Socket",
		[SECTION_WORKER_PROCESSES] = "Worker Processes",
		[SECTION_SECURITY] = "Security",
		[SECTION_SERVER_MECHANICS] = "Server Mechanics",
		[SECTION_LOGGING] = "Logging",
		[SECTION_PROCESS_NAMING] = "Process Naming",
		[SECTION_DEBUGGING] = "Debugging",
		[SECTION_SERVER_HOOKS] = "Server Hooks",
		[SECTION_SSL] = "SSL",
		[SECTION_HTTP2] = "HTTP/2",
		[SECTION_DIRTY] = "Dirty Arbiters",
		[SECTION_DIRTY_HOOKS] = "Dirty Arbiter Hooks",
		[SECTION_CONTROL] = "Control",
	};

	return titles[section];
}

const char *origin_title(enum origin origin)
{
	static const char *const titles[] = {
		[ORIGIN_DEFAULT] = "default",
		[ORIGIN_ENVIRONMENT] = "environment",
		[ORIGIN_FILE] = "configuration file",
		[ORIGIN_PASTE] = "PasteDeploy file",
		[ORIGIN_ENV_ARGS] = "GUNICORN_CMD_ARGS",
		[ORIGIN_OWN_ENV_ARGS] = "UCORN_CMD_ARGS",
		[ORIGIN_COMMAND_LINE] = "command line",
	};

	return titles[origin];
}

const struct setting builtin_options[BUILTIN_COUNT] = {
	[BUILTIN_HELP] =
		{
			.name = "help",
			.type = &setting_switch,
			.flags = {"-h", "--help"},
			.description = "Print this text and exit.",
		},
	[BUILTIN_VERSION] =
		{
			.name = "version",
			.type = &setting_switch,
			.flags = {"-v", "--version"},
			.description = "Print the server's version and exit.",
		},
	[BUILTIN_EXPLAIN] =
		{
			.name = "explain_config",
			.type = &setting_switch,
			.flags = {"--explain-config"},
			.description =
				"Print every setting with where its value comes from, and exit.",
		},
	[BUILTIN_DUMP] =
		{
			.name = "dump_settings",
			.type = &setting_switch,
			.flags = {"--dump-settings"},
			.description = "Print what is known about every setting as JSON, and exit.",
		},
};

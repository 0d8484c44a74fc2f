/* Rows of the settings table, which settings_table.c is about.
 *
 * Logs, metrics, and names. */
#include "rows.h"
#include "ucorn/util/names.h"

static const struct setting rows[] = {
	{
		FIELD(accesslog),
		.flags = {"--access-logfile"},
		.metavar = "FILE",
		.section = SECTION_LOGGING,
		.description = "Write a line about each request to this file; - is the standard "
			       "output. Without it there is no access log.",
	},
	{
		FIELD(disable_redirect_access_to_syslog),
		.flags = {"--disable-redirect-access-to-syslog"},
		.default_text = "false",
		.section = SECTION_LOGGING,
		.description = "Keep the access log out of the syslog.",
	},
	{
		FIELD(access_log_format),
		.flags = {"--access-logformat"},
		.metavar = "STRING",
		.default_text = "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\"",
		.section = SECTION_LOGGING,
		.description = "What a line of the access log looks like: text with atoms such as "
			       "%(h)s, or json for one JSON object per line.",
	},
	{
		FIELD(access_log_exclude),
		.own = true,
		.flags = {"--access-log-exclude"},
		.metavar = "PREFIXES",
		.section = SECTION_LOGGING,
		.description =
			"These paths, separated by commas, and what is below them are left out "
			"of the access log: /health means /health and /health/db, not "
			"/healthcare. A path with a . or .. segment is never left out.",
	},
	{
		FIELD(errorlog),
		.flags = {"--error-logfile", "--log-file"},
		.metavar = "FILE",
		.default_text = "-",
		.section = SECTION_LOGGING,
		.description = "Write the server's own messages to this file; - is the standard "
			       "error.",
	},
	{
		FIELD(loglevel),
		.flags = {"--log-level"},
		.metavar = "LEVEL",
		.default_text = "info",
		.section = SECTION_LOGGING,
		.description = "The least important messages to write: debug, info, warning, error "
			       "or critical.",
	},
	{
		FIELD(capture_output),
		.flags = {"--capture-output"},
		.default_text = "false",
		.section = SECTION_LOGGING,
		.description = "Send what the application writes to its standard output and error "
			       "to the error log.",
	},
	{
		STRING_FIELD(logger_class, setting_class),
		.flags = {"--logger-class"},
		.metavar = "STRING",
		.default_text = "gunicorn.glogging.Logger",
		.section = SECTION_LOGGING,
		.description = "The class that logs: its dotted name.",
	},
	{
		FIELD(logconfig),
		.flags = {"--log-config"},
		.metavar = "FILE",
		.section = SECTION_LOGGING,
		.description = "A file in the format of logging.config.fileConfig that sets up the "
			       "loggers.",
	},
	{
		OBJECT_FIELD(logconfig_dict, setting_dict),
		.section = SECTION_LOGGING,
		.description = "A dict as for logging.config.dictConfig that sets up the loggers; "
			       "it goes before the other two ways.",
	},
	{
		FIELD(logconfig_json),
		.flags = {"--log-config-json"},
		.metavar = "FILE",
		.section = SECTION_LOGGING,
		.description = "A JSON file with a dict as for logging.config.dictConfig; it goes "
			       "before --log-config.",
	},
	{
		FIELD(syslog_addr),
		.flags = {"--log-syslog-to"},
		.metavar = "SYSLOG_ADDR",
		.default_text = "udp://localhost:514",
		.section = SECTION_LOGGING,
		.description = "Where the syslog is: udp://HOST:PORT, tcp://HOST:PORT, or "
			       "unix://PATH with #stream or #dgram behind it.",
	},
	{
		FIELD(syslog),
		.flags = {"--log-syslog"},
		.default_text = "false",
		.section = SECTION_LOGGING,
		.description = "Send the logs to the syslog, too.",
	},
	{
		FIELD(syslog_prefix),
		.flags = {"--log-syslog-prefix"},
		.metavar = "SYSLOG_PREFIX",
		.section = SECTION_LOGGING,
		.description = "The middle of the name that syslog lines carry; without it, the "
			       "name of the processes.",
	},
	{
		FIELD(syslog_facility),
		.flags = {"--log-syslog-facility"},
		.metavar = "SYSLOG_FACILITY",
		.default_text = "user",
		.section = SECTION_LOGGING,
		.description = "The facility of syslog lines.",
	},
	{
		FIELD(enable_stdio_inheritance),
		.flags = {"-R", "--enable-stdio-inheritance"},
		.default_text = "false",
		.needs_restart = true,
		.section = SECTION_LOGGING,
		.description =
			"With --daemon, keep a standard output and error that are no terminal.",
	},
	{
		STRING_FIELD(statsd_host, setting_statsd),
		.flags = {"--statsd-host"},
		.metavar = "STATSD_ADDR",
		.section = SECTION_LOGGING,
		.description = "Where metrics are sent to: HOST:PORT or unix://PATH.",
	},
	{
		FIELD(dogstatsd_tags),
		.flags = {"--dogstatsd-tags"},
		.metavar = "DOGSTATSD_TAGS",
		.default_text = "",
		.section = SECTION_LOGGING,
		.description = "Tags, separated by commas, that each metric carries.",
	},
	{
		FIELD(statsd_prefix),
		.flags = {"--statsd-prefix"},
		.metavar = "STATSD_PREFIX",
		.default_text = "",
		.section = SECTION_LOGGING,
		.description = "What the names of metrics begin with.",
	},
	{
		FIELD(enable_backlog_metric),
		.flags = {"--enable-backlog-metric"},
		.default_text = "false",
		.section = SECTION_LOGGING,
		.description = "Send a metric of how many connections wait to be accepted.",
	},
	{
		FIELD(proc_name),
		.flags = {"-n", "--name"},
		.metavar = "STRING",
		.section = SECTION_PROCESS_NAMING,
		.description = "What the processes are called in listings such as ps; without it, "
			       "they are called after the application.",
	},
	{
		FIELD(default_proc_name),
		.metavar = "STRING",
		.default_text = NAME_PROGRAM,
		.section = SECTION_PROCESS_NAMING,
		.description = "What the processes are called without --name; the server puts the "
			       "application here.",
	},
	{
		FIELD(pythonpath),
		.flags = {"--pythonpath"},
		.metavar = "STRING",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Folders, separated by commas, in which Python looks for modules "
			       "first.",
	},
	{
		FIELD(paste),
		.flags = {"--paste", "--paster"},
		.metavar = "STRING",
		.section = SECTION_SERVER_MECHANICS,
		.description = "A PasteDeploy file that describes the application, with #NAME "
			       "behind it for one of several. Its section [server:main] gives "
			       "settings if it says use = egg:ucorn#main.",
	},
};

const struct setting_rows rows_logging = {rows, ARRAY_LEN(rows)};

/* THE table: every setting the server knows, one row each.
 *
 * A row is all there is to a setting besides its field in settings.h: the
 * setters, the command line and --help walk this table and know no setting by
 * name.  Rows stand in gunicorn's order, because argparse lists the candidates
 * of an ambiguous abbreviation, and reports bad values, in that order.
 *
 * Names, flags, metavars and defaults are gunicorn's; the odd spelling of
 * --limit-request-field_size is too. */
#include "table.h"

/* Beyond these gunicorn falls back to them, so that a limit cannot be lifted by
 * accident. */
#define REQUEST_LINE_CAP   8190
#define REQUEST_FIELDS_CAP 32768

const struct setting settings_table[] = {
	{
		FIELD(wsgi_app),
		.metavar = "APP_MODULE",
		.section = SECTION_CONFIG_FILE,
		.description =
			"The application to serve: MODULE, MODULE:NAME or MODULE:FACTORY(ARGS). "
			"Without a name, the module's \"application\" is taken.",
	},
	{
		FIELD(bind),
		.flags = {"-b", "--bind"},
		.metavar = "ADDRESS",
		.default_text = "127.0.0.1:8000",
		.env = "PORT",
		.env_prefix = "0.0.0.0:",
		.section = SECTION_SERVER_SOCKET,
		.description = "Where to listen: HOST, HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH or "
			       "fd://NUMBER. Give the option again for each further address.",
	},
	{
		FIELD(backlog),
		.flags = {"--backlog"},
		.metavar = "INT",
		.default_text = "2048",
		.section = SECTION_SERVER_SOCKET,
		.description = "How many connections the kernel may hold until a worker accepts "
			       "them; listen(2) has the details.",
	},
	{
		FIELD(workers),
		.flags = {"-w", "--workers"},
		.metavar = "INT",
		.default_text = "1",
		.env = "WEB_CONCURRENCY",
		.section = SECTION_WORKER_PROCESSES,
		.description = "How many worker processes to keep running.",
	},
	{
		FIELD(worker_class),
		.flags = {"-k", "--worker-class"},
		.metavar = "STRING",
		.default_text = "sync",
		.section = SECTION_WORKER_PROCESSES,
		.description = "How a worker runs the application: sync (one request at a time) or "
			       "event (many streaming responses at a time).",
	},
	{
		FIELD(threads),
		.flags = {"--threads"},
		.metavar = "INT",
		.default_text = "1",
		.section = SECTION_WORKER_PROCESSES,
		.description = "How many threads of a worker run the application.",
	},
	{
		FIELD(worker_connections),
		.flags = {"--worker-connections"},
		.metavar = "INT",
		.default_text = "1000",
		.section = SECTION_WORKER_PROCESSES,
		.description = "How many connections a worker keeps open at a time.",
	},
	{
		FIELD(max_requests),
		.flags = {"--max-requests"},
		.metavar = "INT",
		.default_text = "0",
		.section = SECTION_WORKER_PROCESSES,
		.description = "Replace a worker after it has served this many requests, which "
			       "bounds what a leaking application can do. 0 means never.",
	},
	{
		FIELD(max_requests_jitter),
		.flags = {"--max-requests-jitter"},
		.metavar = "INT",
		.default_text = "0",
		.section = SECTION_WORKER_PROCESSES,
		.description = "Add a random number up to this one to the --max-requests of each "
			       "worker, so that they are not all replaced at once.",
	},
	{
		FIELD(timeout),
		.flags = {"-t", "--timeout"},
		.metavar = "INT",
		.default_text = "30",
		.section = SECTION_WORKER_PROCESSES,
		.description = "Kill and replace a worker that has shown no sign of life for this "
			       "many seconds. 0 means never.",
	},
	{
		FIELD(graceful_timeout),
		.flags = {"--graceful-timeout"},
		.metavar = "INT",
		.default_text = "30",
		.section = SECTION_WORKER_PROCESSES,
		.description = "How many seconds a stopping worker has to finish its requests "
			       "before it is killed.",
	},
	{
		FIELD(keepalive),
		.flags = {"--keep-alive"},
		.metavar = "INT",
		.default_text = "2",
		.section = SECTION_WORKER_PROCESSES,
		.description = "How many seconds an idle connection stays open for its next "
			       "request. 0 closes it after each response.",
	},
	{
		FIELD(limit_request_line),
		.flags = {"--limit-request-line"},
		.metavar = "INT",
		.default_text = "4094",
		.cap = REQUEST_LINE_CAP,
		.section = SECTION_SECURITY,
		.description = "How many bytes a request line may have, up to 8190.",
	},
	{
		FIELD(limit_request_fields),
		.flags = {"--limit-request-fields"},
		.metavar = "INT",
		.default_text = "100",
		.cap = REQUEST_FIELDS_CAP,
		.section = SECTION_SECURITY,
		.description = "How many header fields a request may have, up to 32768.",
	},
	{
		FIELD(limit_request_field_size),
		.flags = {"--limit-request-field_size"},
		.metavar = "INT",
		.default_text = "8190",
		.section = SECTION_SECURITY,
		.description = "How many bytes one header field of a request may have.",
	},
	{
		FIELD(limit_request_body),
		.flags = {"--limit-request-body"},
		.metavar = "INT",
		.default_text = "0",
		.section = SECTION_SECURITY,
		.description = "How many bytes the body of a request may have; 0 means any "
			       "number. This one is not gunicorn's.",
	},
	{
		FIELD(preload_app),
		.flags = {"--preload"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Import the application once, in the master, before the workers are "
			       "forked: they start faster and share its memory, but a reload does "
			       "not bring in new code.",
	},
	{
		FIELD(chdir),
		.flags = {"--chdir"},
		.metavar = "CHDIR",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Change to this folder before the application is imported; without "
			       "it, the server stays in the folder it was started in.",
	},
	{
		FIELD(raw_env),
		.flags = {"-e", "--env"},
		.metavar = "ENV",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Set an environment variable for the application, NAME=VALUE. Give "
			       "the option again for each further variable.",
	},
	{
		FIELD(pidfile),
		.flags = {"-p", "--pid"},
		.metavar = "FILE",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Write the master's process id to this file.",
	},
	{
		FIELD(forwarded_allow_ips),
		.flags = {"--forwarded-allow-ips"},
		.metavar = "STRING",
		.default_text = "127.0.0.1,::1",
		.env = "FORWARDED_ALLOW_IPS",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Proxies that are believed when they say that a client used https "
			       "(X-Forwarded-Proto) or where the application is mounted "
			       "(SCRIPT_NAME): addresses and networks, separated by commas, or *. "
			       "Peers on unix sockets always are.",
	},
	{
		FIELD(accesslog),
		.flags = {"--access-logfile"},
		.metavar = "FILE",
		.section = SECTION_LOGGING,
		.description = "Write a line about each request to this file; - is the standard "
			       "output. Without it there is no access log.",
	},
	{
		FIELD(access_log_format),
		.flags = {"--access-logformat"},
		.metavar = "STRING",
		.default_text = "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\"",
		.section = SECTION_LOGGING,
		.description = "What a line of the access log looks like.",
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
		.default_text = "ucorn",
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
};

const size_t settings_table_len = ARRAY_LEN(settings_table);

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
};

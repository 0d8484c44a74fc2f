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
		FIELD(limit_request_head),
		.flags = {"--limit-request-head"},
		.metavar = "SIZE",
		.default_text = "128k",
		.section = SECTION_SECURITY,
		.description = "How many bytes the whole head of a request may have; 0 means as "
			       "many as the other limits add up to. This one is not gunicorn's.",
	},
	{
		FIELD(limit_request_body),
		.flags = {"--limit-request-body"},
		.metavar = "SIZE",
		.default_text = "0",
		.section = SECTION_SECURITY,
		.description = "How many bytes the body of a request may have, such as 10m; 0 "
			       "means any number. This one is not gunicorn's.",
	},
	{
		FIELD(client_header_timeout),
		.flags = {"--client-header-timeout"},
		.metavar = "INT",
		.default_text = "30",
		.section = SECTION_SECURITY,
		.description = "How many seconds a client has for the head of a request, from its "
			       "first byte to its last. This one is not gunicorn's.",
	},
	{
		FIELD(client_body_timeout),
		.flags = {"--client-body-timeout"},
		.metavar = "INT",
		.default_text = "30",
		.section = SECTION_SECURITY,
		.description = "How many seconds may pass between two pieces of a request's body. "
			       "This one is not gunicorn's.",
	},
	{
		FIELD(client_body_min_rate),
		.flags = {"--client-body-min-rate"},
		.metavar = "INT",
		.default_text = "500",
		.section = SECTION_SECURITY,
		.description = "How many bytes of a body have to come per second on average, after "
			       "the first --client-body-timeout seconds. 0 means any number. This "
			       "one is not gunicorn's.",
	},
	{
		FIELD(send_timeout),
		.flags = {"--send-timeout"},
		.metavar = "INT",
		.default_text = "60",
		.section = SECTION_SECURITY,
		.description = "How many seconds a client may take nothing of a response that is "
			       "ready for it. This one is not gunicorn's.",
	},
	{
		FIELD(lingering_timeout),
		.flags = {"--lingering-timeout"},
		.metavar = "INT",
		.default_text = "2",
		.section = SECTION_SECURITY,
		.description = "How many seconds a client that is still sending has to see our "
			       "answer before its connection is closed. This one is not "
			       "gunicorn's.",
	},
	{
		FIELD(client_body_buffer_size),
		.flags = {"--client-body-buffer-size"},
		.metavar = "SIZE",
		.default_text = "64k",
		.section = SECTION_SECURITY,
		.description = "How much of a request's body waits in memory for the application; "
			       "a longer one waits in a temporary file. This one is not "
			       "gunicorn's.",
	},
	{
		FIELD(stream_request_body),
		.flags = {"--stream-request-body"},
		.default_text = "false",
		.section = SECTION_SECURITY,
		.description = "Call the application as soon as the head of a request has come, "
			       "and let it wait for the body: uploads need no room, but a slow "
			       "client holds a worker. This one is not gunicorn's.",
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
		FIELD(tmp_upload_dir),
		.flags = {"--tmp-upload-dir"},
		.metavar = "DIR",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"The folder for long request bodies on their way to the application; "
			"their files have no name. Without it, TMPDIR or /tmp. The flag is "
			"not gunicorn's.",
	},
	{
		FIELD(tmp_upload_limit),
		.flags = {"--tmp-upload-limit"},
		.metavar = "SIZE",
		.default_text = "1g",
		.section = SECTION_SERVER_MECHANICS,
		.description = "How much may lie in --tmp-upload-dir for all workers together; 0 "
			       "means any amount. This one is not gunicorn's.",
	},
	{
		FIELD(secure_scheme_headers),
		.metavar = "NAME=VALUE",
		.default_text =
			"X-FORWARDED-PROTOCOL=ssl,X-FORWARDED-PROTO=https,X-FORWARDED-SSL=on",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"Header fields, and the value by which a trusted proxy says that its "
			"client used https.",
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
	{
		FIELD(permit_obsolete_folding),
		.flags = {"--permit-obsolete-folding"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Accept header fields that go on in the next line. Unsafe behind a "
			       "proxy that reads them in another way.",
	},
	{
		FIELD(strip_header_spaces),
		.flags = {"--strip-header-spaces"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Accept blanks between the name of a header field and its colon. "
			       "Unsafe behind a proxy that reads them in another way.",
	},
	{
		FIELD(permit_unconventional_http_method),
		.flags = {"--permit-unconventional-http-method"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"Accept every method that the standard allows: also those with small "
			"letters or #, shorter than 3 or longer than 20 characters.",
	},
	{
		FIELD(permit_unconventional_http_version),
		.flags = {"--permit-unconventional-http-version"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Accept HTTP versions other than 1.x.",
	},
	{
		FIELD(casefold_http_method),
		.flags = {"--casefold-http-method"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Turn methods into capitals, after they were checked.",
	},
	{
		FIELD(forwarder_headers),
		.flags = {"--forwarder-headers"},
		.metavar = "STRING",
		.default_text = "SCRIPT_NAME,PATH_INFO",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"Header fields with an underscore in their name that are passed on "
			"for a proxy of --forwarded-allow-ips, separated by commas, or * for "
			"all.",
	},
	{
		FIELD(header_map),
		.flags = {"--header-map"},
		.metavar = "STRING",
		.default_text = "drop",
		.section = SECTION_SERVER_MECHANICS,
		.description = "What to do with other header fields that have an underscore in "
			       "their name: drop them, refuse the request, or pass them on "
			       "(dangerous), where they cannot be told from those with a hyphen.",
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

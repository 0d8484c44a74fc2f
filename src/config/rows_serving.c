/* Rows of the settings table, which settings_table.c is about.
 *
 * What is served, where, by how many workers, and what clients may ask of them. */
#include "rows.h"

/* Beyond these gunicorn falls back to them, so that a limit cannot be lifted by
 * accident. */
#define REQUEST_LINE_CAP   8190
#define REQUEST_FIELDS_CAP 32768

static const struct setting rows[] = {
	{
		FIELD(config),
		.flags = {"-c", "--config"},
		.metavar = "CONFIG",
		.default_text = "./gunicorn.conf.py",
		.needs_restart = true,
		.section = SECTION_CONFIG_FILE,
		.description = "The configuration file, which is Python: PATH, file:PATH or "
			       "python:MODULE. Without it, ucorn.conf.py or gunicorn.conf.py of "
			       "the folder that the server is started in is read if it exists.",
	},
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
		STRING_FIELD(worker_class, setting_class),
		.flags = {"-k", "--worker-class"},
		.metavar = "STRING",
		.default_text = "sync",
		.section = SECTION_WORKER_PROCESSES,
		.description =
			"How a worker runs the application: sync (one request at a time), gthread "
			"(on threads), event (many streaming responses at a time), gevent or "
			"eventlet (a greenlet for each request), tornado (in tornado's IOLoop, "
			"with "
			"its own applications, too). The last three need the Python package of "
			"that "
			"name. Or a class that inherits from gunicorn.workers.base.Worker, as "
			"MODULE.CLASS (uvicorn.workers.UvicornWorker) or egg:DISTRIBUTION#NAME.",
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
		FIELD(max_worker_memory),
		.own = true,
		.flags = {"--max-worker-memory"},
		.metavar = "SIZE",
		.default_text = "0",
		.section = SECTION_WORKER_PROCESSES,
		.description = "Replace a worker that has more than this in memory (RSS), such as "
			       "512m. It is looked at once a second, between requests. 0 means "
			       "never.",
	},
	{
		FIELD(max_worker_lifetime),
		.own = true,
		.flags = {"--max-worker-lifetime"},
		.metavar = "INT",
		.default_text = "0",
		.section = SECTION_WORKER_PROCESSES,
		.description =
			"Replace a worker after this many seconds; up to a tenth earlier, so "
			"that workers are not all replaced at once. 0 means never.",
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
		FIELD(request_timeout),
		.own = true,
		.flags = {"--request-timeout"},
		.metavar = "INT",
		.default_text = "0",
		.section = SECTION_WORKER_PROCESSES,
		.description =
			"How many seconds the application has for a request, to the end of its "
			"response. Beyond them an unfinished response is cut; a worker that is "
			"stuck in the request is killed and replaced. 0 means any number.",
	},
	{
		FIELD(boot_timeout),
		.own = true,
		.flags = {"--boot-timeout"},
		.metavar = "INT",
		.default_text = "0",
		.section = SECTION_WORKER_PROCESSES,
		.description = "Kill a worker that has not imported the application within this "
			       "many seconds, and try another. 0 means never.",
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
		.own = true,
		.flags = {"--limit-request-head"},
		.metavar = "SIZE",
		.default_text = "128k",
		.section = SECTION_SECURITY,
		.description = "How many bytes the whole head of a request may have; 0 means as "
			       "many as the other limits add up to.",
	},
	{
		FIELD(limit_request_body),
		.own = true,
		.flags = {"--limit-request-body"},
		.metavar = "SIZE",
		.default_text = "0",
		.section = SECTION_SECURITY,
		.description = "How many bytes the body of a request may have, such as 10m; 0 "
			       "means any number.",
	},
	{
		FIELD(client_header_timeout),
		.own = true,
		.flags = {"--client-header-timeout"},
		.metavar = "INT",
		.default_text = "30",
		.section = SECTION_SECURITY,
		.description = "How many seconds a client has for the head of a request, from its "
			       "first byte to its last.",
	},
	{
		FIELD(client_body_timeout),
		.own = true,
		.flags = {"--client-body-timeout"},
		.metavar = "INT",
		.default_text = "30",
		.section = SECTION_SECURITY,
		.description = "How many seconds may pass between two pieces of a request's body.",
	},
	{
		FIELD(client_body_min_rate),
		.own = true,
		.flags = {"--client-body-min-rate"},
		.metavar = "INT",
		.default_text = "500",
		.section = SECTION_SECURITY,
		.description = "How many bytes of a body have to come per second on average, after "
			       "the first --client-body-timeout seconds. 0 means any number.",
	},
	{
		FIELD(send_timeout),
		.own = true,
		.flags = {"--send-timeout"},
		.metavar = "INT",
		.default_text = "60",
		.section = SECTION_SECURITY,
		.description = "How many seconds a client may take nothing of a response that is "
			       "ready for it.",
	},
	{
		FIELD(lingering_timeout),
		.own = true,
		.flags = {"--lingering-timeout"},
		.metavar = "INT",
		.default_text = "2",
		.section = SECTION_SECURITY,
		.description = "How many seconds a client that is still sending has to see our "
			       "answer before its connection is closed.",
	},
	{
		FIELD(client_body_buffer_size),
		.own = true,
		.flags = {"--client-body-buffer-size"},
		.metavar = "SIZE",
		.default_text = "64k",
		.section = SECTION_SECURITY,
		.description = "How much of a request's body waits in memory for the application; "
			       "a longer one waits in a temporary file, unless it has come at once "
			       "with its head.",
	},
	{
		FIELD(stream_request_body),
		.own = true,
		.flags = {"--stream-request-body"},
		.default_text = "false",
		.section = SECTION_SECURITY,
		.description = "Call the application as soon as the head of a request has come, "
			       "and let it wait for the body: uploads need no room, but a slow "
			       "client holds a worker.",
	},
};

const struct setting_rows rows_serving = {rows, ARRAY_LEN(rows)};

/* The bare limit: libev and http-parser answer every request with the same bytes; no Python,
 * no timeouts, no limits, none of a server's duties.  What a request costs here is what no
 * server built on these two can go below.
 *
 *   limit PORT [WORKERS]    serves on 127.0.0.1 until it is killed
 *
 * The budget of tests/bench/budget.txt counts in multiples of this program: whoever makes it
 * cheaper or dearer has to measure that budget anew. */
#include <errno.h>
#include <ev.h>
#include <http_parser.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 2048, ACCEPT_BATCH = 64, READ_BYTES = 65536, RESPONSE_BYTES = 256 };

struct client {
	ev_io readable;
	http_parser parser;
	size_t bytes; /* of targets, fields and bodies: so that the callbacks look at something */
	bool over;
};

struct response {
	char bytes[RESPONSE_BYTES];
	size_t len;
};

static struct response kept, closing; /* made once a second, for the Date */
static http_parser_settings callbacks;

static void make_response(struct response *response, const char *date, const char *connection)
{
	int len = snprintf(response->bytes, sizeof(response->bytes),
			   "HTTP/1.1 200 OK\r\nServer: limit\r\nDate: %s\r\nConnection: %s\r\n"
			   "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World\n",
			   date, connection);

	response->len = (size_t)len;
}

static void make_responses(struct ev_loop *loop, ev_timer *second, int events)
{
	time_t now = (time_t)ev_now(loop);
	char date[32];
	struct tm tm;

	(void)second;
	(void)events;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	make_response(&kept, date, "keep-alive");
	make_response(&closing, date, "close");
}

static int on_bytes(http_parser *parser, const char *at, size_t len)
{
	struct client *client = parser->data;

	client->bytes += len + (unsigned char)*at;
	return 0;
}

/* So few bytes always fit into a socket's buffer, unless the client does not read. */
static int on_message(http_parser *parser)
{
	struct client *client = parser->data;
	bool keep = http_should_keep_alive(parser);
	const struct response *response = keep ? &kept : &closing;
	ssize_t written = write(client->readable.fd, response->bytes, response->len);

	client->over = !keep || written != (ssize_t)response->len;
	return 0;
}

static void on_readable(struct ev_loop *loop, ev_io *readable, int events)
{
	static char bytes[READ_BYTES];
	struct client *client = (struct client *)readable;
	ssize_t len = read(readable->fd, bytes, sizeof(bytes));

	(void)events;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len > 0 &&
	    http_parser_execute(&client->parser, &callbacks, bytes, (size_t)len) == (size_t)len &&
	    !client->over)
		return;
	ev_io_stop(loop, readable);
	close(readable->fd);
	free(client);
}

static void on_newcomers(struct ev_loop *loop, ev_io *listening, int events)
{
	const int yes = 1;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(listening->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct client *client;

		if (fd < 0)
			return;
		client = calloc(1, sizeof(*client));
		if (!client) {
			close(fd);
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		http_parser_init(&client->parser, HTTP_REQUEST);
		client->parser.data = client;
		ev_io_init(&client->readable, on_readable, fd, EV_READ);
		ev_io_start(loop, &client->readable);
	}
}

static int listen_on(unsigned short port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &yes, sizeof(yes)); /* as ucorn does */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, BACKLOG) < 0)
		return -1;
	return fd;
}

/* The parent is one of the workers; the others end with it. */
static void fork_workers(long workers)
{
	for (; workers > 1; workers--) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			return;
		}
	}
}

static void serve(int listening)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	ev_io newcomers;
	ev_timer second;

	if (!loop)
		return;
	callbacks.on_url = on_bytes;
	callbacks.on_header_field = on_bytes;
	callbacks.on_header_value = on_bytes;
	callbacks.on_body = on_bytes;
	callbacks.on_message_complete = on_message;
	make_responses(loop, NULL, 0);
	ev_io_init(&newcomers, on_newcomers, listening, EV_READ);
	ev_io_start(loop, &newcomers);
	ev_timer_init(&second, make_responses, 1.0, 1.0);
	ev_timer_start(loop, &second);
	ev_run(loop, 0);
}

int main(int argc, char **argv)
{
	int listening;

	if (argc < 2) {
		fprintf(stderr, "usage: limit PORT [WORKERS]\n");
		return 2;
	}
	listening = listen_on((unsigned short)strtoul(argv[1], NULL, 10));
	if (listening < 0) {
		perror("limit");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	fork_workers(argc > 2 ? strtol(argv[2], NULL, 10) : 1);
	serve(listening);
	return 1;
}

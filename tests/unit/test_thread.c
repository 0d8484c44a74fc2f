/* The pool of gthread without Python: connections go from the loop to the threads and back,
 * many times.
 *
 *   test_thread [REQUESTS]    20,000 by default; ThreadSanitizer's run takes a million */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backends.h"
#include "echo_app.h"
#include "require.h"
#include "ucorn/config/settings.h"
#include "ucorn/conn/reactor.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/threads.h"
#include "ucorn/worker/loop.h"

enum { CLIENTS = 24 };

static unsigned long requests = 20000;

/* ---- a worker without Python */

struct worker {
	struct settings settings;
	struct conn_service service;
	struct reactor *reactor;
	struct echo_app echo;
	pthread_mutex_t lock;
	atomic_bool done;
	unsigned stragglers;
};

static struct worker worker;

const struct settings *worker_settings(const struct worker *w)
{
	return &w->settings;
}

void worker_hand_back(struct worker *w, struct conn *c, bool haste)
{
	reactor_hand_back(w->reactor, c, haste);
}

void worker_flush_access(struct worker *w)
{
	UNUSED(w);
}

void worker_python_lives(struct worker *w)
{
	UNUSED(w);
}

void worker_has_stragglers(struct worker *w)
{
	w->stragglers++;
}

int worker_wait_poll(struct conn *c, enum want want, unsigned timeout_ms)
{
	struct pollfd p = {.fd = c->io.fd, .events = want == WANT_READ ? POLLIN : POLLOUT};

	return poll(&p, 1, (int)(timeout_ms < 1000 ? timeout_ms : 1000)) > 0 ? 0 : -ETIMEDOUT;
}

void worker_run(struct worker *w)
{
	while (!w->done)
		reactor_turn(w->reactor);
	reactor_await(w->reactor);
	while (w->service.connections > 0)
		reactor_turn(w->reactor);
}

/* What takes the GIL takes nothing here: the threads run side by side. */
void gil_release(void)
{
}

void gil_acquire(void)
{
}

void gil_do_due(void)
{
}

struct entry {
	void (*run)(void *data);
	void *data;
};

static void *entry_run(void *data)
{
	struct entry entry = *(struct entry *)data;

	free(data);
	entry.run(entry.data);
	return NULL;
}

int py_thread_start(const char *name, void (*run)(void *data), void *data, struct err *err)
{
	struct entry *entry = malloc(sizeof(*entry));
	pthread_t thread;

	UNUSED(name);
	UNUSED(err);
	require(entry != NULL, "no memory");
	*entry = (struct entry){run, data};
	require(pthread_create(&thread, NULL, entry_run, entry) == 0, "a thread starts");
	pthread_detach(thread);
	return 0;
}

static enum want dispatch(void *data, struct conn *c)
{
	return backend_thread.dispatch(data, c);
}

static struct accept_policy take_all(void *data, unsigned waiting, unsigned coming)
{
	UNUSED(data);
	UNUSED(waiting);
	UNUSED(coming);
	return (struct accept_policy){.batch = 16};
}

/* ---- clients */

static const struct {
	const char *target, *end; /* of the whole answer */
} kinds[] = {
	{"/fixed", "Hello, World\n"},
	{"/borrow", ",tail\n"},
	{"/stream/3", "\r\n0\r\n\r\n"},
	{"/status/404", "Hello, World\n"},
};

static void ask(int fd, unsigned long number)
{
	char head[128];
	int n = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n",
			 kinds[number % ARRAY_LEN(kinds)].target);

	require(send(fd, head, (size_t)n, MSG_NOSIGNAL) == n, "a request is sent");
}

static unsigned occurrences(const char *text, size_t len, const char *what)
{
	const char *end = text + len, *at;
	unsigned count = 0;

	for (; (at = memmem(text, (size_t)(end - text), what, strlen(what))); count++)
		text = at + strlen(what);
	return count;
}

/* Reads until so many answers to request number have come. */
static void hear(int fd, unsigned long number, unsigned count)
{
	const char *end = kinds[number % ARRAY_LEN(kinds)].end;
	char text[8192];
	size_t have = 0;

	while (occurrences(text, have, end) < count) {
		ssize_t n = recv(fd, text + have, sizeof(text) - have, 0);

		require(n > 0, "an answer comes");
		have += (size_t)n;
	}
}

static int connect_to(const struct listener *l)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	require(getsockname(l->fd, (struct sockaddr *)&at, &len) == 0, "the socket has a name");
	require(fd >= 0 && connect(fd, (struct sockaddr *)&at, len) == 0, "it can be reached");
	return fd;
}

/* All clients ask before any is answered, so that requests queue; some ask twice. */
static void *clients_main(void *data)
{
	int fds[CLIENTS];
	unsigned long done = 0;

	for (unsigned i = 0; i < CLIENTS; i++)
		fds[i] = connect_to(data);
	while (done < requests) {
		bool twice = done % 5 == 0;

		for (unsigned i = 0; i < CLIENTS; i++) {
			ask(fds[i], done + i);
			if (twice)
				ask(fds[i], done + i);
		}
		for (unsigned i = 0; i < CLIENTS; i++)
			hear(fds[i], done + i, twice ? 2 : 1);
		done += CLIENTS;
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		close(fds[i]);
	worker.done = true;
	return NULL;
}

static void open_worker(struct listener *listener)
{
	const struct listener_options listening = {.backlog = 128};
	struct reactor_options options = {
		.listeners = listener,
		.n_listeners = 1,
		.policy = take_all,
		.max_connections = 100,
		.tick_s = 0.05,
		.dispatch = dispatch,
		.dispatch_data = &worker,
	};
	struct addr addr;
	struct err err;
	bool busy;

	require(addr_parse("127.0.0.1:0", &addr, &err) == 0 &&
			listener_open(listener, &addr, &listening, &busy, &err) == 0,
		"a socket listens");
	worker.settings.threads = 6;
	worker.settings.timeout = 30;
	echo_app_init(&worker.echo);
	conn_service_init(&worker.service);
	pthread_mutex_init(&worker.lock, NULL);
	conn_service_share(&worker.service, &worker.lock);
	worker.service.app = &worker.echo.app;
	worker.service.wait = backend_thread.wait;
	worker.reactor = reactor_new(&worker.service, &options);
	require(worker.reactor != NULL, "a loop starts");
}

static void test_connections_go_back_and_forth(void **state)
{
	struct listener listener;
	pthread_t clients;
	struct err err;

	UNUSED(state);
	open_worker(&listener);
	assert_int_equal(backend_thread.begin(&worker, &err), 0);
	assert_int_equal(pthread_create(&clients, NULL, clients_main, &listener), 0);
	backend_thread.run(&worker);
	pthread_join(clients, NULL);
	assert_int_equal(backend_thread.room(), 0); /* the threads have ended */
	assert_int_equal(worker.stragglers, 0);
	assert_true(worker.echo.started >= requests);
	assert_int_equal(worker.echo.started, worker.echo.finished);
	assert_int_equal(worker.echo.borrowed, worker.echo.released);
	assert_int_equal(worker.service.requests, worker.echo.started);
	assert_int_equal(worker.service.busy, 0);
	reactor_free(worker.reactor);
	conn_service_release(&worker.service);
	listener_close(&listener, false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections_go_back_and_forth),
	};

	if (argc > 1)
		requests = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

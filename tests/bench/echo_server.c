/* ucorn's reactor and connection machine in front of the echo application: what
 * the server costs without Python.
 *
 *   echo_server PORT        serves on 127.0.0.1 until it is killed
 *   wrk -c64 http://127.0.0.1:PORT/fixed
 */
#include <stdio.h>

#include "echo_app.h"
#include "ucorn/conn/reactor.h"

static enum want dispatch(void *data, struct conn *c)
{
	UNUSED(data);
	return conn_application(c);
}

static struct accept_policy take_all(void *data, unsigned waiting, unsigned coming)
{
	UNUSED(data);
	UNUSED(waiting);
	UNUSED(coming);
	return (struct accept_policy){.batch = 16};
}

static int serve(const struct listener *listener)
{
	struct echo_app echo;
	struct conn_service service;
	struct reactor_options options = {
		.listeners = listener,
		.n_listeners = 1,
		.policy = take_all,
		.max_connections = 10000,
		.tick_s = 1.0,
		.dispatch = dispatch,
	};
	struct reactor *reactor;

	echo_app_init(&echo);
	conn_service_init(&service);
	service.app = &echo.app;
	reactor = reactor_new(&service, &options);
	if (!reactor) {
		fprintf(stderr, "echo_server: cannot start the event loop\n");
		return 1;
	}
	for (;;)
		reactor_turn(reactor);
}

int main(int argc, char **argv)
{
	const struct listener_options options = {.backlog = 2048};
	struct listener listener;
	struct addr addr;
	struct err err;
	char text[32];
	bool busy;

	if (argc != 2) {
		fprintf(stderr, "usage: echo_server PORT\n");
		return 2;
	}
	snprintf(text, sizeof(text), "127.0.0.1:%s", argv[1]);
	if (addr_parse(text, &addr, &err) < 0 ||
	    listener_open(&listener, &addr, &options, &busy, &err) < 0) {
		fprintf(stderr, "echo_server: %s\n", err.text);
		return 1;
	}
	return serve(&listener);
}

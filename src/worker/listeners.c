/* What a worker accepts from: the master's sockets, and with reuse_port some that it
 * has opened by itself.
 *
 * The kernel goes on putting connections into the queue of such a socket as long as
 * it is open, and nobody else can take them from there.  So a worker that leaves
 * takes what waits and closes at once.  Whoever comes between the two is reset, unless
 * the kernel moves waiting connections to other sockets of the address
 * (net.ipv4.tcp_migrate_req, since Linux 5.14). */
#include <stdlib.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/py/proxies.h"

int worker_listeners_open(struct worker *w, struct err *err)
{
	const struct worker_context *ctx = &w->context;

	if (!ctx->open_listeners)
		return 0;
	w->listeners = ctx->open_listeners(ctx, &w->n_listeners, err);
	if (!w->listeners) {
		err->exit_code = 3;
		return -1;
	}
	w->n_shared = ctx->n_listeners;
	w->context.listeners = w->listeners;
	w->context.n_listeners = w->n_listeners;
	server_object_listen(w->listeners, w->n_listeners);
	return 0;
}

void worker_listeners_leave(struct worker *w)
{
	if (!w->listeners || w->n_listeners == w->n_shared)
		return;
	server_object_listen(w->listeners, w->n_shared);
	reactor_stop_accepting(w->reactor);
	reactor_accept_waiting(w->reactor, w->n_shared, w->context.settings->backlog);
	while (w->n_listeners > w->n_shared)
		listener_close(&w->listeners[--w->n_listeners], false);
}

void worker_listeners_close(struct worker *w)
{
	server_object_listen(NULL, 0);
	for (size_t i = 0; i < w->context.n_listeners; i++)
		if (w->context.listeners[i].fd >= 0)
			close(w->context.listeners[i].fd);
	free(w->listeners);
	w->listeners = NULL;
}

/* What a worker accepts from: the master's sockets, and with reuse_port some that it
 * has opened by itself.
 *
 * A worker that leaves closes them all, so that a stopping server refuses connections as
 * soon as it serves none: a socket that stays open in one worker goes on collecting
 * clients whom nobody will serve.
 *
 * The kernel goes on putting connections into the queue of a socket of the worker's own
 * as long as it is open, and nobody else can take them from there.  So these are emptied
 * and closed at once.  Whoever comes between the two is reset, unless the kernel moves
 * waiting connections to other sockets of the address (net.ipv4.tcp_migrate_req, since
 * Linux 5.14). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/proxies.h"

/* Those of the master, in an array of the worker's. */
static struct listener *copy_shared(const struct worker_context *ctx, size_t *count,
				    struct err *err)
{
	struct listener *copy = calloc(ctx->n_listeners ? ctx->n_listeners : 1, sizeof(*copy));

	if (!copy) {
		err_set(err, "No memory for the listening sockets.");
		return NULL;
	}
	memcpy(copy, ctx->listeners, ctx->n_listeners * sizeof(*copy));
	*count = ctx->n_listeners;
	return copy;
}

int worker_listeners_open(struct worker *w, struct err *err)
{
	const struct worker_context *ctx = &w->context;

	w->n_shared = ctx->n_listeners;
	w->listeners = ctx->open_listeners ? ctx->open_listeners(ctx, &w->n_listeners, err)
					   : copy_shared(ctx, &w->n_listeners, err);
	if (!w->listeners) {
		err->exit_code = 3;
		return -1;
	}
	if (ctx->open_listeners)
		server_object_listen(w->listeners, w->n_listeners);
	return 0;
}

/* Whether clients may have connected whom nobody could accept yet, and nobody but those who are
 * about to leave will.  Who tells this worker to leave may have told all of them, and the master
 * last (systemd does), or have killed the master: its word on what becomes of the sockets is
 * waited for. */
static bool some_may_come(const struct worker *w, bool draining)
{
	struct score_slot *slot = w->context.slot;
	uint64_t until_ms = 0;

	if (draining)
		until_ms = atomic_load(&w->context.scoreboard->coming_until_ms);
	else if (atomic_load(&slot->served) && !atomic_load(&slot->relieved))
		until_ms = w->word_by_ms;
	return w->service.now_ms < until_ms;
}

/* Serves who waits at the shared sockets, too, if nobody else will; false: not done yet. */
static bool shared_are_done(struct worker *w)
{
	bool draining = atomic_load(&w->context.scoreboard->draining);

	if (some_may_come(w, draining))
		return false;
	if (!draining) {
		reactor_stop_accepting(w->reactor);
		return true;
	}
	reactor_finish_accepting(w->reactor);
	if (reactor_is_accepting(w->reactor))
		return false;
	/* A worker that is busy could not close it, and clients would try in vain. */
	for (size_t i = 0; i < w->n_shared; i++)
		listener_end(&w->listeners[i]);
	return true;
}

void worker_listeners_orphaned(struct worker *w)
{
	for (size_t i = 0; i < w->n_shared; i++)
		listener_defer(&w->listeners[i], false);
}

bool worker_listeners_leave(struct worker *w)
{
	if (w->has_left_listeners)
		return true;
	if (!shared_are_done(w))
		return false;
	reactor_accept_waiting(w->reactor, w->n_shared, w->context.settings->backlog);
	worker_listeners_close(w);
	w->has_left_listeners = true;
	return true;
}

void worker_listeners_close(struct worker *w)
{
	bool borrowed = gil_borrow();

	server_object_listen(NULL, 0);
	if (borrowed)
		gil_release();
	for (size_t i = 0; i < w->n_listeners; i++)
		listener_close(&w->listeners[i], false);
}

void worker_listeners_release(struct worker *w)
{
	worker_listeners_close(w);
	free(w->listeners);
	w->listeners = NULL;
	w->n_listeners = 0;
}

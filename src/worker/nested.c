/* The turns of a worker whose reactor is a guest of another event loop.
 *
 * That loop says when: something has come, a tick has passed, or a greenlet has given its
 * connection back.  Ticks come often enough for deadlines and for the master, which sees by
 * them that the loop still turns. */
#include <limits.h>

#include "state.h"
#include "ucorn/py/hub.h"
#include "ucorn/py/interp.h"
#include "ucorn/util/clock.h"

#define TICK_S 0.25

struct worker *worker_of(struct conn *c)
{
	return container_of(c->service, struct worker, service);
}

static enum hub_next turn(void *data)
{
	struct worker *w = data;

	/* A child of the application has the loop, too; the connections are not its own. */
	if (interp_is_copy())
		return HUB_LEAVE;
	if (!worker_turn(w))
		return HUB_STOP;
	if (w->quick || (w->has_left_listeners && w->service.connections == 0))
		return HUB_AGAIN;
	return reactor_is_due(w->reactor) ? HUB_AGAIN : HUB_WAIT;
}

/* Another server has the listeners. */
static void count(void *data, unsigned connections, uint64_t requests)
{
	struct worker *w = data;

	if (!w->warned)
		worker_warn_of_others(w->context.settings, false);
	w->warned = true;
	if (!w->leaving)
		reactor_stop_accepting(w->reactor);
	w->service.connections = connections;
	w->service.requests = requests;
}

void worker_run_nested(struct worker *w)
{
	const struct hub_guest guest = {
		.fd = w->descriptor, .tick_s = TICK_S, .turn = turn, .count = count, .data = w};

	worker_signals_exit(w, hub_run(&guest));
	worker_signals_end(w);
}

void worker_settle_back(struct worker *w, struct conn *c)
{
	reactor_settle_back(w->reactor, c);
	hub_call_soon();
}

unsigned worker_wait_ms(struct conn *c, unsigned timeout_ms)
{
	uint64_t now_ms = clock_ms(), end_ms;

	end_ms = worker_in_hand_end(worker_of(c), &c->x, now_ms + timeout_ms);
	return end_ms > now_ms ? (unsigned)(end_ms - now_ms) : 0;
}

/* Balance of kept connections between workers.
 *
 * Where a connection was accepted its requests stay, however busy that worker is.  Accepting
 * is left to workers with time (conn/accept.c), so a connection that ends comes back to one
 * of these: an answer says `Connection: close` when its request had to wait here while
 * another worker had nothing to do, and for a while after an application has held up the
 * loop, as that may happen again any moment. */
#include "state.h"

enum {
	WAITED_MS = 10,	     /* for its application, by a request that could be elsewhere */
	REMEMBER_MS = 10000, /* an application that held up the loop */
};

static bool is_idle(const struct score_slot *slot)
{
	return atomic_load_explicit(&slot->state, memory_order_relaxed) == SCORE_READY &&
	       atomic_load_explicit(&slot->busy, memory_order_relaxed) == 0;
}

static bool another_is_idle(const struct worker *w)
{
	const struct scoreboard *sb = w->context.scoreboard;
	unsigned used = atomic_load_explicit(&sb->used, memory_order_relaxed);

	if (used > w->context.slot_count) /* any worker could have written it */
		used = w->context.slot_count;
	for (unsigned i = 0; i < used; i++)
		if (&sb->slots[i] != w->context.slot && is_idle(&sb->slots[i]))
			return true;
	return false;
}

static bool parts(const struct exchange *x, void *data)
{
	const struct worker *w = data;
	uint64_t held_ms = w->service.held_ms;

	if (held_ms > 0 && x->begun_ms < held_ms + REMEMBER_MS)
		return true;
	return x->begun_ms > x->queued_ms + WAITED_MS && another_is_idle(w);
}

void worker_balance_init(struct worker *w)
{
	if (w->context.settings->workers > 1)
		w->service.parts = parts;
}

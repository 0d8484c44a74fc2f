/* Balance of kept connections between workers.
 *
 * Where a connection was accepted its requests stay, however busy that worker is.  Accepting
 * is left to workers with time, so a connection that ends comes back to one of these: an answer says `Connection: close` when its request had to wait here while
 * another worker had time, and for a while after an application has held up the
 * loop, as that may happen again any moment. */
#include "state.h"

enum {
	WAITED_MS = 10,	     /* for its application, by a request that could be elsewhere */
	REMEMBER_MS = 10000, /* an application that held up the loop */
	/* Newcomers are left to others: who seem to have time; who may get some, as requests that
	 * run one after the other last for a moment, and those of threads may not. */
	TRUST_MS = 1000,
	PATIENCE_MS = 10,
	THREADS_PATIENCE_MS = 100,
};

/* How many applications run at a time. */
static unsigned capacity(const struct worker *w)
{
	return w->context.backend->threaded ? w->context.settings->threads : 1;
}

static bool has_time(const struct score_slot *slot, unsigned capacity)
{
	return atomic_load_explicit(&slot->state, memory_order_relaxed) == SCORE_READY &&
	       atomic_load_explicit(&slot->busy, memory_order_relaxed) < capacity;
}

static bool another_has_time(const struct worker *w)
{
	const struct scoreboard *sb = w->context.scoreboard;
	unsigned used = atomic_load_explicit(&sb->used, memory_order_relaxed);

	if (used > w->context.slot_count) /* any worker could have written it */
		used = w->context.slot_count;
	for (unsigned i = 0; i < used; i++)
		if (&sb->slots[i] != w->context.slot && has_time(&sb->slots[i], capacity(w)))
			return true;
	return false;
}

static bool parts(const struct exchange *x, void *data)
{
	const struct worker *w = data;
	uint64_t held_ms = w->service.held_ms;

	if (held_ms > 0 && x->begun_ms < held_ms + REMEMBER_MS)
		return true;
	return x->begun_ms > x->queued_ms + WAITED_MS && another_has_time(w);
}

unsigned worker_patience_ms(void *data)
{
	const struct worker *w = data;

	if (another_has_time(w))
		return TRUST_MS;
	return w->context.backend->threaded ? THREADS_PATIENCE_MS : PATIENCE_MS;
}

void worker_balance_init(struct worker *w)
{
	if (w->context.settings->workers > 1)
		w->service.parts = parts;
}

/* Balance between workers.
 *
 * A new connection is left, for a moment, to a worker with more time.  A kept one stays where
 * it was accepted, however busy that worker is; so it is ended where it had better be with
 * another: with the answer to a request that had to wait while another worker had time, and
 * for a while after an application has held up the loop, as that may happen again. */
#include <limits.h>

#include "state.h"

enum {
	WAITED_MS = 10,	     /* for its application, by a request that could be elsewhere */
	REMEMBER_MS = 10000, /* an application that held up the loop */
	BATCH_ALONE = 16,
	/* How long newcomers are left to others: */
	SOFT_MS = 2,		   /* there is room here, but more elsewhere */
	TRUST_MS = 1000,	   /* there is none here, and some elsewhere */
	PATIENCE_MS = 10,	   /* there is none anywhere; one request ends soon */
	THREADS_PATIENCE_MS = 100, /* likewise, where many may last equally long */
	/* Meanwhile, between two looks: */
	SOON_MS = 2,
	HOLD_MS = 20,
};

/* How many applications run at a time. */
static unsigned capacity(const struct worker *w)
{
	return w->context.backend->threaded ? w->context.settings->threads : 1;
}

static bool accepts(const struct worker *w, const struct score_slot *slot)
{
	return atomic_load_explicit(&slot->state, memory_order_relaxed) == SCORE_READY &&
	       atomic_load_explicit(&slot->connections, memory_order_relaxed) <
		       w->context.settings->worker_connections;
}

/* What the idlest of the other workers is doing: so many applications.  UINT_MAX: there is no
 * other that serves. */
static unsigned least_busy(const struct worker *w)
{
	const struct scoreboard *sb = w->context.scoreboard;
	unsigned used = atomic_load_explicit(&sb->used, memory_order_relaxed);
	unsigned least = UINT_MAX;

	if (used > w->context.slot_count) /* any worker could have written it */
		used = w->context.slot_count;
	for (unsigned i = 0; i < used; i++) {
		const struct score_slot *slot = &sb->slots[i];
		unsigned busy = atomic_load_explicit(&slot->busy, memory_order_relaxed);

		if (slot != w->context.slot && busy < least && accepts(w, slot))
			least = busy;
	}
	return least;
}

static bool another_has_time(const struct worker *w)
{
	return least_busy(w) < capacity(w);
}

static bool parts(const struct exchange *x, void *data)
{
	const struct worker *w = data;
	uint64_t held_ms = w->service.held_ms;

	if (held_ms > 0 && x->begun_ms < held_ms + REMEMBER_MS)
		return least_busy(w) != UINT_MAX;
	return x->begun_ms > x->queued_ms + WAITED_MS && another_has_time(w);
}

/* A request that is about to come has the place that it will need.  Connections that say
 * nothing come in any number: they are looked at for a moment only (NEWCOMER_MS). */
static struct accept_policy policy_among(struct worker *w, unsigned waiting, unsigned coming,
					 unsigned least)
{
	const struct worker_backend *backend = w->context.backend;
	uint64_t busy = conn_service_busy(&w->service) + waiting + coming;
	unsigned room = backend->room ? backend->room() : 1;
	/* One at a time, so that the others get their share. */
	struct accept_policy policy = {.batch = 1, .again_ms = SOON_MS};

	if (waiting + coming < room) {
		policy.patience_ms = busy > least + 1ULL ? SOFT_MS : 0;
		return policy;
	}
	if (waiting >= room)
		policy.again_ms = HOLD_MS;
	if (least < capacity(w))
		policy.patience_ms = TRUST_MS;
	else
		policy.patience_ms = backend->threaded ? THREADS_PATIENCE_MS : PATIENCE_MS;
	return policy;
}

struct accept_policy worker_accept_policy(void *data, unsigned waiting, unsigned coming)
{
	struct worker *w = data;
	unsigned least = w->context.open_listeners ? UINT_MAX : least_busy(w);

	if (least == UINT_MAX) /* there are no others */
		return (struct accept_policy){.batch = waiting > 0 ? 1 : BATCH_ALONE};
	if (w->context.backend->nested) /* another loop knows no short waits */
		return (struct accept_policy){.batch = 1};
	return policy_among(w, waiting, coming, least);
}

void worker_balance_init(struct worker *w)
{
	w->service.parts = parts;
}

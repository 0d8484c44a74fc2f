/* The requests in this worker's hands: shown to the master, which has to name them when
 * the worker hangs, and ended here when they take too long.
 *
 * Of requests that run at the same time (unfinished responses on the worker class event)
 * the first SCORE_HAND_MAX have a place on the scoreboard.  Whatever runs on this thread
 * cannot be ended from here: that is the master's part (master/enforce.c). */
#include "state.h"
#include "ucorn/util/log.h"
#include "ucorn/util/quote.h"

enum { NO_PLACE = -1 };

static void begun(struct exchange *x, void *data)
{
	struct worker *w = data;

	x->place = w->places ? __builtin_ctz(w->places) : NO_PLACE;
	if (x->place == NO_PLACE)
		return;
	w->places &= w->places - 1;
	score_request_begin(&w->context.slot->hand[x->place], x->request.method, x->request.target,
			    x->begun_ms);
}

static void finished(struct exchange *x, void *data)
{
	struct worker *w = data;

	if (x->place == NO_PLACE)
		return;
	w->places |= 1U << x->place;
	score_request_end(&w->context.slot->hand[x->place]);
}

void worker_in_hand_init(struct worker *w)
{
	_Static_assert(SCORE_HAND_MAX == 32, "a bit for each place");

	w->places = UINT32_MAX;
	w->service.begun = begun;
	w->service.finished = finished;
	w->service.told_data = w;
}

static void end(struct worker *w, struct exchange *x, uint64_t age_ms)
{
	struct quoted method, target;

	log_error("Request timeout: %s %s from ip=%s was not done after %.1f s: the connection is "
		  "cut",
		  quoted(x->request.method, &method), quoted(x->request.target, &target),
		  x->conn->remote_addr, (double)age_ms / 1000);
	reactor_cut(w->reactor, x->conn);
	if (w->context.backend->interrupt && x->conn->want == WANT_LENT)
		w->context.backend->interrupt(w, x->conn);
}

void worker_in_hand_check(struct worker *w)
{
	uint64_t limit_ms = 1000 * (uint64_t)w->context.settings->request_timeout;
	struct list *head = &w->service.in_hand;

	if (limit_ms == 0)
		return;
	for (struct list *node = head->next; node != head; node = node->next) {
		struct exchange *x = container_of(node, struct exchange, in_hand);
		uint64_t age_ms = w->service.now_ms - x->begun_ms;

		if (age_ms < limit_ms)
			break;
		if (!x->conn->lost) /* else it waits for its turn to end */
			end(w, x, age_ms);
	}
}

uint64_t worker_in_hand_end(const struct worker *w, const struct exchange *x, uint64_t end_ms)
{
	uint64_t limit_ms = 1000 * (uint64_t)w->context.settings->request_timeout;

	return limit_ms > 0 && x->begun_ms + limit_ms < end_ms ? x->begun_ms + limit_ms : end_ms;
}

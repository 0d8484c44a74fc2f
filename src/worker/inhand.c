/* The requests in this worker's hands: shown to the master, which has to name them when
 * the worker hangs, and ended here when they take too long.
 *
 * Of requests that run at the same time (unfinished responses on the worker class event)
 * the first SCORE_HAND_MAX have a place on the scoreboard.  Whatever runs on this thread
 * cannot be ended from here: that is the master's part (master/enforce.c).  A thread of its
 * own cannot be ended at all: its client is cut, and if that does not help the worker asks for
 * a replacement. */
#include <signal.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/util/log.h"
#include "ucorn/util/quote.h"

enum {
	NO_PLACE = -1,
	PATIENCE_MS = 1000, /* with a thread whose request was cut */
};

/* The loop of one with threads may not turn for a while. */
static void show_busy(struct worker *w)
{
	if (w->context.backend->threaded)
		atomic_store_explicit(&w->context.slot->busy, conn_service_busy(&w->service),
				      memory_order_relaxed);
}

static void begun(struct exchange *x, void *data)
{
	struct worker *w = data;

	show_busy(w);
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

	show_busy(w);
	if (x->place == NO_PLACE)
		return;
	w->places |= 1U << x->place;
	score_request_end(&w->context.slot->hand[x->place]);
}

void worker_in_hand_init(struct worker *w)
{
	atomic_store(&w->context.slot->sees_to_hangs, w->context.backend->threaded);
	_Static_assert(SCORE_HAND_MAX == 32, "a bit for each place");

	w->places = UINT32_MAX;
	w->service.begun = begun;
	w->service.finished = finished;
	w->service.told_data = w;
}

/* It may have begun in another thread since the loop's time was taken. */
static uint64_t age_of(const struct worker *w, const struct exchange *x)
{
	return w->service.now_ms > x->begun_ms ? w->service.now_ms - x->begun_ms : 0;
}

struct overlong {
	struct quoted method, target;
	char remote_addr[ADDR_TEXT_MAX];
	uint64_t age_ms;
};

/* Cuts the first that takes longer, and tells which; false: none does.  Whatever the log does
 * comes after the lock. */
static bool cut_overlong(struct worker *w, uint64_t limit_ms, struct overlong *cut)
{
	struct list *head = &w->service.in_hand;
	bool found = false;

	conn_service_lock(&w->service);
	for (struct list *node = head->next; node != head && !found; node = node->next) {
		struct exchange *x = container_of(node, struct exchange, in_hand);

		cut->age_ms = age_of(w, x);
		if (cut->age_ms < limit_ms)
			break;
		found = reactor_cut(w->reactor, x->conn);
		if (!found)
			continue;
		if (w->context.backend->interrupt && x->conn->want == WANT_LENT)
			w->context.backend->interrupt(w, x->conn);
		quoted(x->request.method, &cut->method);
		quoted(x->request.target, &cut->target);
		memcpy(cut->remote_addr, x->conn->remote_addr, sizeof(cut->remote_addr));
	}
	conn_service_unlock(&w->service);
	return found;
}

/* Whether the oldest is older than that. */
static bool is_hung(struct worker *w, uint64_t limit_ms)
{
	struct list *oldest;
	bool is;

	conn_service_lock(&w->service);
	oldest = list_first(&w->service.in_hand);
	is = oldest && age_of(w, container_of(oldest, struct exchange, in_hand)) >= limit_ms;
	conn_service_unlock(&w->service);
	return is;
}

/* A thread that does not come back is lost, and with it a part of what the worker can do. */
static void replace_hung(struct worker *w, uint64_t limit_ms)
{
	if (!w->context.backend->threaded || w->told_of_hang || !is_hung(w, limit_ms))
		return;
	w->told_of_hang = true;
	log_error("Worker (pid:%d) has a thread that did not end its request when it was cut: the "
		  "worker is replaced. What its threads are doing now is logged when it has ended.",
		  (int)getpid());
	raise(worker_stacks_signal());
	worker_tire(w);
}

void worker_in_hand_check(struct worker *w)
{
	uint64_t limit_ms = 1000 * (uint64_t)w->context.settings->request_timeout;
	struct overlong cut;

	while (limit_ms > 0 && cut_overlong(w, limit_ms, &cut))
		log_error("Request timeout: %s %s from ip=%s was not done after %.1f s: the "
			  "connection is cut",
			  cut.method.text, cut.target.text, cut.remote_addr,
			  (double)cut.age_ms / 1000);
	if (limit_ms > 0)
		replace_hung(w, limit_ms + PATIENCE_MS);
}

uint64_t worker_in_hand_end(const struct worker *w, const struct exchange *x, uint64_t end_ms)
{
	uint64_t limit_ms = 1000 * (uint64_t)w->context.settings->request_timeout;

	return limit_ms > 0 && x->begun_ms + limit_ms < end_ms ? x->begun_ms + limit_ms : end_ms;
}

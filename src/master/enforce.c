/* Workers that hang: found, named, and ended.
 *
 * What an operator wants to know of a hang is what was being done, so a worker that is
 * aborted is named with the requests in its hands (which stand in shared memory) and
 * asked for the stacks of its Python threads (which it writes into a file in memory,
 * whatever it is doing).  Then SIGABRT gives it a second for worker_abort and atexit
 * functions, and SIGKILL ends it.  The log says why it was killed, so that nobody has to
 * guess whether memory was short. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "children.h"
#include "ucorn/py/proxies.h"
#include "ucorn/util/log.h"
#include "ucorn/util/quote.h"
#include "ucorn/worker/worker.h"

enum {
	ABORT_MS = 1000,	  /* from SIGABRT to SIGKILL: time for atexit functions */
	KILL_MS = 2000,		  /* a process in the kernel's hands may outlive SIGKILL */
	WORKERS_TURN_MS = 1000,	  /* in which a worker ends by itself what takes too long */
	STACKS_BYTES = 64 * 1024, /* of stacks that get into the log */
};

/* Why a worker may have to be aborted. */
static const struct fault {
	const char *headline;
	const char *because;
} faults[] = {
	{"WORKER TIMEOUT", " It gave no sign of life for longer than timeout."},
	{"REQUEST TIMEOUT", " A request took longer than request_timeout."},
	{"BOOT TIMEOUT", " It was not ready within boot_timeout."},
};
enum { FAULT_SILENT, FAULT_REQUEST, FAULT_BOOT, FAULT_NONE };

/* Whether more than limit_s seconds, and slack_ms, have passed; limit_s 0: no limit. */
static bool beyond(uint64_t since_ms, unsigned limit_s, unsigned slack_ms, uint64_t now_ms)
{
	return limit_s > 0 && since_ms + 1000 * (uint64_t)limit_s + slack_ms < now_ms;
}

static bool has_overlong_request(const struct score_slot *slot, unsigned limit_s, uint64_t now_ms)
{
	for (size_t i = 0; limit_s > 0 && i < SCORE_HAND_MAX; i++) {
		uint64_t since_ms = atomic_load(&slot->hand[i].since_ms);

		if (since_ms > 0 && beyond(since_ms, limit_s, WORKERS_TURN_MS, now_ms))
			return true;
	}
	return false;
}

static unsigned fault_of(const struct children *c, const struct child *child, uint64_t now_ms)
{
	const struct score_slot *slot = children_slot(c, child);

	if (child->state >= CHILD_ABORTED)
		return FAULT_NONE;
	if (child->ready_ms == 0)
		return beyond(child->forked_ms, child->boot_timeout, 0, now_ms) ? FAULT_BOOT
										: FAULT_NONE;
	if (beyond(atomic_load(&slot->beat_ms), child->timeout, 0, now_ms))
		return FAULT_SILENT;
	if (!atomic_load(&slot->sees_to_hangs) &&
	    has_overlong_request(slot, child->request_timeout, now_ms))
		return FAULT_REQUEST;
	return FAULT_NONE;
}

static void name_requests(const struct child *child, const struct score_slot *slot, uint64_t now_ms)
{
	unsigned named = 0, busy = atomic_load(&slot->busy);
	struct score_request r;
	struct quoted method, target;

	for (size_t i = 0; i < SCORE_HAND_MAX; i++) {
		if (!score_request_read(&slot->hand[i], &r))
			continue;
		named++;
		log_error("Worker (pid:%d) has had this request in hand for %.1f s: %s %s",
			  (int)child->pid,
			  now_ms > r.since_ms ? (double)(now_ms - r.since_ms) / 1000 : 0.0,
			  quoted(slice_of(r.method, r.method_len), &method),
			  quoted(slice_of(r.target, r.target_len), &target));
	}
	if (busy > named)
		log_error("Worker (pid:%d) has %u further requests in hand.", (int)child->pid,
			  busy - named);
}

/* To Python SIGABRT is a note, which it reads between two bytecodes: the stacks are written
 * before any Python code can act on it. */
static void abort_child(struct children *c, struct child *child, const struct fault *fault,
			uint64_t now_ms)
{
	log_critical("%s (pid:%d)", fault->headline, (int)child->pid);
	name_requests(child, children_slot(c, child), now_ms);
	worker_object_aborted(child->pid);
	if (child->stacks_fd >= 0)
		kill(child->pid, worker_stacks_signal());
	kill(child->pid, SIGABRT);
	child->killed_because = fault->because;
	child_set_state(c, child, CHILD_ABORTED, now_ms + ABORT_MS);
}

static void kill_overdue(struct children *c, struct child *child, uint64_t now_ms)
{
	if (!child->killed_because)
		child->killed_because = " It had not left within graceful_timeout.";
	kill(child->pid, SIGKILL);
	child_set_state(c, child, CHILD_KILLED, now_ms + KILL_MS);
}

void children_enforce(struct children *c, uint64_t now_ms)
{
	for (unsigned i = 0; i < c->slots_used; i++) {
		struct child *child = &c->slots[i];
		unsigned fault;

		if (child->state == CHILD_NONE || child->state == CHILD_KILLED)
			continue;
		fault = fault_of(c, child, now_ms);
		if (child->due_ms != NEVER_MS && now_ms >= child->due_ms)
			kill_overdue(c, child, now_ms);
		else if (fault != FAULT_NONE)
			abort_child(c, child, &faults[fault], now_ms);
	}
}

void children_log_stacks(const struct child *child)
{
	static char text[STACKS_BYTES];
	ssize_t n = child->stacks_fd >= 0 ? pread(child->stacks_fd, text, sizeof(text), 0) : 0;

	if (n <= 0)
		return;
	log_error("What the Python threads of worker (pid:%d) were doing:", (int)child->pid);
	log_raw(slice_of(text, (size_t)n));
}

/* What makes a worker leave by itself: enough requests, or a master that has
 * gone. */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

enum { PARENT_CHECK_MS = 1000 };

unsigned worker_max_connections(const struct worker *w)
{
	unsigned wanted = w->context.settings->worker_connections;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 ||
	    files.rlim_cur >= (rlim_t)wanted + WORKER_OTHER_FILES)
		return wanted;
	return files.rlim_cur > 2 * WORKER_OTHER_FILES
		       ? (unsigned)files.rlim_cur - WORKER_OTHER_FILES
		       : (unsigned)files.rlim_cur / 2;
}

/* Workers that were forked together should not leave together. */
static unsigned jitter(unsigned max, unsigned age)
{
	unsigned short seed[3] = {(unsigned short)getpid(), (unsigned short)age,
				  (unsigned short)clock_us()};

	return max ? (unsigned)nrand48(seed) % (max + 1) : 0;
}

uint64_t worker_draw_limit(const struct settings *s, unsigned age)
{
	return s->max_requests ? (uint64_t)s->max_requests + jitter(s->max_requests_jitter, age)
			       : 0;
}

static void check_parent(struct worker *w)
{
	uint64_t now_ms = w->service.now_ms;

	if (now_ms - w->parent_checked_ms < PARENT_CHECK_MS)
		return;
	w->parent_checked_ms = now_ms;
	if (getppid() == w->context.master_pid)
		return;
	log_info("Parent changed, shutting down: <Worker %d>", (int)getpid());
	worker_leave(w);
}

void worker_limits_check(struct worker *w)
{
	if (w->leaving)
		return;
	if (atomic_load_explicit(&w->retired, memory_order_relaxed))
		worker_leave(w);
	if (w->max_requests && w->service.requests >= w->max_requests) {
		log_info("Autorestarting worker after current request.");
		worker_leave(w);
	}
	check_parent(w);
}

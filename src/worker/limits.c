/* What makes a worker leave by itself: enough requests, memory or years, or a master that
 * has gone.
 *
 * Nobody waits for a worker that has had enough: it says so, and serves until the master
 * has another one ready. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

enum { LOOK_MS = 1000 };

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

/* Up to a tenth earlier, for the same reason. */
static uint64_t draw_lifetime_ms(const struct worker *w)
{
	uint64_t limit_ms = 1000 * (uint64_t)w->context.settings->max_worker_lifetime;

	return limit_ms - limit_ms / 10 * jitter(1000, w->context.age) / 1000;
}

/* What is in memory of this process, shared or not; 0 if it cannot be known. */
static uint64_t resident_bytes(void)
{
	char text[256], *second = NULL;
	FILE *statm = fopen("/proc/self/statm", "re");

	/* In pages: all, resident, ...  (proc(5)) */
	if (statm && fgets(text, sizeof(text), statm))
		second = strchr(text, ' ');
	if (statm)
		fclose(statm);
	return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/* A new one would be no smaller. */
static void check_memory_at_boot(struct worker *w)
{
	uint64_t bytes = w->memory_limit > 0 ? resident_bytes() : 0;

	if (bytes <= w->memory_limit)
		return;
	log_warning("Worker (pid:%d) begins with %llu MiB, more than max_worker_memory: it is not "
		    "replaced for that. Raise the limit.",
		    (int)getpid(), (unsigned long long)bytes >> 20);
	w->memory_limit = 0;
}

static void check_memory(struct worker *w)
{
	uint64_t limit = w->memory_limit;
	uint64_t bytes = limit > 0 && !w->tired ? resident_bytes() : 0;

	if (bytes <= limit)
		return;
	log_warning("Worker (pid:%d) uses %llu MiB, more than max_worker_memory: it is replaced.",
		    (int)getpid(), (unsigned long long)bytes >> 20);
	worker_tire(w);
}

void worker_limits_init(struct worker *w)
{
	w->memory_limit = w->context.settings->max_worker_memory;
	check_memory_at_boot(w);
	if (w->context.settings->max_worker_lifetime > 0)
		w->retire_ms = clock_ms() + draw_lifetime_ms(w);
}

static void check_parent(struct worker *w)
{
	if (getppid() == w->context.master_pid)
		return;
	log_info("Parent changed, shutting down: <Worker %d>", (int)getpid());
	worker_listeners_orphaned(w);
	worker_leave(w);
}

/* Once a second. */
static void look_around(struct worker *w)
{
	uint64_t now_ms = w->service.now_ms;

	if (now_ms - w->looked_ms < LOOK_MS)
		return;
	w->looked_ms = now_ms;
	check_memory(w);
	check_parent(w);
	worker_host_notify(w);
}

static void check_age(struct worker *w)
{
	if (w->max_requests && w->service.requests >= w->max_requests) {
		log_info("Autorestarting worker after current request.");
		worker_tire(w);
	} else if (w->retire_ms && w->service.now_ms >= w->retire_ms) {
		log_info("Worker (pid:%d) has reached max_worker_lifetime: it is replaced.",
			 (int)getpid());
		worker_tire(w);
	}
}

void worker_limits_check(struct worker *w)
{
	if (w->leaving)
		return;
	if (!w->tired)
		check_age(w);
	if (atomic_load_explicit(&w->retired, memory_order_relaxed)) {
		atomic_store(&w->context.slot->relieved, true);
		worker_leave(w);
	}
	look_around(w);
}

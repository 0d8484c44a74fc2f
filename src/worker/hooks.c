/* The worker object's view of this worker, and the hooks of its beginning and end. */
#include "ucorn/py/hooks.h"

#include <unistd.h>

#include "state.h"
#include "ucorn/py/proxies.h"

static uint64_t requests(void *data)
{
	const struct worker *w = data;

	return w->service.requests;
}

static bool is_leaving(void *data)
{
	struct worker *w = data;

	return w->leaving || w->quick || atomic_load(&w->retired);
}

/* In any thread; the loop sees it after this turn, and there may be no other soon. */
static void retire(void *data)
{
	struct worker *w = data;

	atomic_store(&w->retired, true);
	if (write(w->wake[1], "", 1) < 0) {
		/* It is full, which wakes too, or there is no loop yet. */
	}
}

static void beat(void *data)
{
	worker_beat(data);
	worker_host_heard(data);
}

static void limit(void *data, uint64_t max_requests)
{
	struct worker *w = data;

	w->max_requests = max_requests;
}

static void enter(void *data)
{
	worker_host_entered(data);
}

static int prepare(void *data)
{
	return worker_host_prepare(data);
}

static int serve(void *data)
{
	return worker_host_serve(data);
}

static void reopen(void *data)
{
	worker_reopen_logs(data);
}

static void end(void *data, int exit_code)
{
	struct worker *w = data;

	w->quick = true;
	w->exit_code = exit_code;
}

void worker_hooks_begin(struct worker *w)
{
	static const struct worker_ops ops = {
		.requests = requests,
		.is_leaving = is_leaving,
		.retire = retire,
		.beat = beat,
		.limit = limit,
		.enter = enter,
		.prepare = prepare,
		.serve = serve,
		.reopen = reopen,
		.end = end,
	};

	worker_object_born(&ops, w);
}

void worker_hooks_exit(struct worker *w)
{
	struct err err;

	if (hook_call(HOOK_WORKER_EXIT, &err) < 0)
		w->exit_code = err.exit_code;
}

/* gthread: requests run on a pool of Python threads, clients are waited for by the loop.
 *
 * The loop has no GIL.  It hands a complete request to the pool's queue; a thread runs the
 * application from its first to its last piece and gives the connection back.  So a request
 * waits for a thread, a connection never does.
 *
 * Threads sleep in a stack: the one that slept last is woken first, for its memory is the
 * warmest.  One is woken at a time, and wakes the next when it takes a request and others
 * still wait: an application that never blocks is served by one thread, which keeps the GIL
 * from request to request, while one that blocks has all of them running soon.  Requests are
 * taken with the GIL, so the order in which they came is the order in which they begin.
 *
 * Python code that cannot run at all (C code that does not give the GIL back) is what the
 * keeper is for: a thread that once a second takes the GIL and says so. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "backends.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/threads.h"
#include "ucorn/util/clock.h"
#include "ucorn/worker/loop.h"

enum {
	DOUBTFUL_MS = 2, /* a client may have left while its request waited for longer */
	END_MS = 500,	 /* for threads without a request to end */
};

struct pool_thread {
	struct pool *pool;
	struct list idle; /* on the pool's stack */
	pthread_cond_t wake;
	bool woken;
};

/* A process has one worker, and a worker one pool. */
static struct pool {
	struct worker *worker;
	struct pool_thread *threads;
	pthread_mutex_t lock; /* of all below */
	struct list jobs;     /* connections by their run nodes, first come first */
	unsigned n_jobs;
	struct list idle; /* who slept last comes first */
	unsigned n_idle;
	unsigned looking;	/* about to take a request, if there is one */
	unsigned living;	/* threads that have not ended, the keeper too */
	bool ended;		/* no further request is taken */
	pthread_cond_t changed; /* ended, or living */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- with the pool's lock */

static void wake_one(struct pool *p)
{
	struct list *node = list_first(&p->idle);
	struct pool_thread *t;

	if (!node)
		return;
	t = container_of(node, struct pool_thread, idle);
	list_remove(node);
	p->n_idle--;
	p->looking++;
	t->woken = true;
	pthread_cond_signal(&t->wake);
}

static void sleep_idle(struct pool_thread *t)
{
	struct pool *p = t->pool;

	list_prepend(&p->idle, &t->idle);
	p->n_idle++;
	p->looking--;
	while (!t->woken)
		pthread_cond_wait(&t->wake, &p->lock);
	t->woken = false;
}

/* Absolute, as condition variables on the monotonic clock want it. */
static struct timespec time_in(unsigned ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* ---- a thread */

/* The next request; NULL: there is none, and the thread goes on looking.  Whoever takes one
 * while others wait sees to it that another thread is on its way. */
static struct conn *take(struct pool *p, bool was_looking)
{
	struct list *node;

	pthread_mutex_lock(&p->lock);
	node = p->ended ? NULL : list_first(&p->jobs);
	p->looking = p->looking - was_looking + !node;
	if (node) {
		list_remove(node);
		p->n_jobs--;
		if (p->n_jobs > 0 && p->looking == 0)
			wake_one(p);
	}
	pthread_mutex_unlock(&p->lock);
	return node ? container_of(node, struct conn, run) : NULL;
}

/* Whether c has to come back in haste. */
static bool serve(struct conn *c)
{
	if (clock_ms() - c->x.queued_ms >= DOUBTFUL_MS && !conn_may_begin(c))
		return true;
	conn_run_whole(c);
	return !conn_write_now(c);
}

/* With the GIL: requests until there are none.  The next one is taken before a connection is
 * given back, so that the loop, when it sees that one, sees that there is room, too. */
static void serve_all(struct pool *p)
{
	struct conn *c = take(p, true), *next;

	for (; c; c = next) {
		bool haste;

		gil_do_due();
		haste = serve(c);
		next = take(p, false);
		worker_hand_back(p->worker, c, haste);
	}
}

/* Of one that is looking: sleeps until there is a request; false: there will be none. */
static bool await_request(struct pool_thread *t)
{
	struct pool *p = t->pool;
	bool some;

	pthread_mutex_lock(&p->lock);
	if (p->n_jobs == 0 && !p->ended)
		sleep_idle(t);
	some = !p->ended;
	p->looking -= !some;
	pthread_mutex_unlock(&p->lock);
	return some;
}

static void thread_begins(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->looking++;
	pthread_mutex_unlock(&p->lock);
}

static void thread_ends(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->living--;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static void thread_main(void *data)
{
	struct pool_thread *t = data;

	gil_release();
	thread_begins(t->pool);
	while (await_request(t)) {
		gil_acquire();
		serve_all(t->pool);
		gil_release();
		worker_flush_access(t->pool->worker);
	}
	gil_acquire();
	thread_ends(t->pool);
}

/* Waits for ms, or until the pool ends: true. */
static bool keeper_sleeps(struct pool *p, unsigned ms)
{
	struct timespec until = time_in(ms);
	bool ended;

	pthread_mutex_lock(&p->lock);
	while (!p->ended && pthread_cond_timedwait(&p->changed, &p->lock, &until) == 0)
		;
	ended = p->ended;
	pthread_mutex_unlock(&p->lock);
	return ended;
}

static void keeper_main(void *data)
{
	struct pool *p = data;
	unsigned timeout = worker_settings(p->worker)->timeout;
	unsigned ms = timeout > 0 && timeout < 4 ? 250 * timeout : 1000;
	bool ended = false;

	while (!ended) {
		gil_release();
		ended = keeper_sleeps(p, ms);
		gil_acquire();
		gil_do_due();
		worker_python_lives(p->worker);
	}
	thread_ends(p);
}

/* ---- the loop's side */

static enum want thread_dispatch(struct worker *w, struct conn *c)
{
	struct pool *p = &pool;

	UNUSED(w);
	pthread_mutex_lock(&p->lock);
	list_append(&p->jobs, &c->run);
	p->n_jobs++;
	if (p->looking == 0)
		wake_one(p);
	pthread_mutex_unlock(&p->lock);
	return WANT_LENT;
}

static unsigned thread_room(void)
{
	struct pool *p = &pool;
	unsigned ready, jobs;

	pthread_mutex_lock(&p->lock);
	ready = p->n_idle + p->looking;
	jobs = p->n_jobs;
	pthread_mutex_unlock(&p->lock);
	return ready > jobs ? ready - jobs : 0;
}

static void pool_init(struct pool *p, struct worker *w)
{
	pthread_condattr_t monotonic;

	p->worker = w;
	list_init(&p->jobs);
	list_init(&p->idle);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static int start_one(struct pool *p, const char *name, void (*run)(void *data), void *data,
		     struct err *err)
{
	int rc;

	pthread_mutex_lock(&p->lock);
	p->living++;
	pthread_mutex_unlock(&p->lock);
	rc = py_thread_start(name, run, data, err);
	if (rc < 0) {
		pthread_mutex_lock(&p->lock);
		p->living--;
		pthread_mutex_unlock(&p->lock);
	}
	return rc;
}

/* With the GIL, as the last part of the boot: what is imported may still fork. */
static int thread_begin(struct worker *w, struct err *err)
{
	unsigned count = worker_settings(w)->threads;
	struct pool *p = &pool;
	char name[32];
	int rc;

	pool_init(p, w);
	p->threads = calloc(count, sizeof(*p->threads));
	if (!p->threads)
		return err_set_exit(err, 3, "No memory for %u threads", count);
	rc = start_one(p, "keeper", keeper_main, p, err);
	for (unsigned i = 0; rc == 0 && i < count; i++) {
		struct pool_thread *t = &p->threads[i];

		t->pool = p;
		list_init(&t->idle);
		pthread_cond_init(&t->wake, NULL);
		/* As gunicorn's are called: monitoring groups threads by their names. */
		snprintf(name, sizeof(name), "ThreadPoolExecutor-0_%u", i);
		rc = start_one(p, name, thread_main, t, err);
	}
	return rc;
}

/* Whether all threads have ended.  Those that run an application may not, ever. */
static bool pool_end(struct pool *p)
{
	struct timespec until = time_in(END_MS);
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	p->ended = true;
	while (!list_empty(&p->idle))
		wake_one(p);
	pthread_cond_broadcast(&p->changed);
	while (p->living > 0 && rc == 0)
		rc = pthread_cond_timedwait(&p->changed, &p->lock, &until);
	rc = p->living > 0;
	pthread_mutex_unlock(&p->lock);
	return rc == 0;
}

static void thread_run(struct worker *w)
{
	bool all;

	worker_run(w);
	gil_release();
	all = pool_end(&pool);
	gil_acquire();
	if (all)
		free(pool.threads);
	else
		worker_has_stragglers(w);
}

const struct worker_backend backend_thread = {
	.name = "gthread",
	.aliases = "thread threads gunicorn.workers.gthread.ThreadWorker egg:gunicorn#gthread",
	.summary = "requests run on threads",
	.multithread = true,
	.threaded = true,
	.begin = thread_begin,
	.run = thread_run,
	.dispatch = thread_dispatch,
	.room = thread_room,
	.wait = worker_wait_poll,
};

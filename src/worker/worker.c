/* The life of a worker after its fork: boot, serve, leave.
 *
 * Boot ends with the slot's state READY; from then on the master counts on this
 * worker.  A worker that leaves takes no further connection, answers what it
 * has with Connection: close, and ends when nothing is left or when its time
 * (graceful_timeout) is up. */
#include "ucorn/worker/worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/py/gunicorn.h"
#include "ucorn/py/hooks.h"
#include "ucorn/py/hosting.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/proxies.h"
#include "ucorn/py/reloader.h"
#include "ucorn/py/signals.h"
#include "ucorn/py/stacks.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"
#include "ucorn/util/names.h"
#include "ucorn/util/title.h"
#include "ucorn/wsgi/app.h"

#define LEAVING_TICK_S 0.25

enum { WAIT_SLICE_MS = 250 };

/* ---- telling the master */

void worker_report(struct worker *w, enum score_state state)
{
	static const char news = 0;

	atomic_store(&w->context.slot->state, state);
	/* A full pipe already wakes the master. */
	if (write(w->context.notify_fd, &news, 1) < 0 && errno != EAGAIN)
		log_debug("Cannot tell the master: %s", strerror(errno));
}

void worker_report_ready(struct worker *w)
{
	/* How long the boot took is nothing to timeout. */
	worker_python_lives(w);
	worker_beat(w);
	atomic_store(&w->context.slot->served, true);
	worker_report(w, SCORE_READY);
}

/* When it last gave a sign of life.  A loop that has no need of Python says nothing about
 * whether Python still runs. */
static uint64_t life_ms(struct worker *w)
{
	return w->context.backend->threaded
		       ? atomic_load_explicit(&w->python_ms, memory_order_relaxed)
		       : w->service.now_ms;
}

static void slot_update(struct worker *w)
{
	struct score_slot *slot = w->context.slot;

	atomic_store_explicit(&slot->beat_ms, life_ms(w), memory_order_relaxed);
	atomic_store_explicit(&slot->requests, w->service.requests, memory_order_relaxed);
	atomic_store_explicit(&slot->connections, w->service.connections, memory_order_relaxed);
	if (!w->context.backend->threaded) /* else inhand.c does, when it changes */
		atomic_store_explicit(&slot->busy, conn_service_busy(&w->service),
				      memory_order_relaxed);
}

void worker_beat(struct worker *w)
{
	atomic_store_explicit(&w->context.slot->beat_ms, clock_ms(), memory_order_relaxed);
}

/* ---- serving */

void worker_leave(struct worker *w)
{
	if (w->leaving)
		return;
	w->leaving = true;
	w->service.leaving = true;
	if (w->reactor) {
		reactor_await(w->reactor);
		reactor_tick_every(w->reactor, LEAVING_TICK_S); /* for the end of its time */
	}
	w->leave_by_ms = clock_ms() + 1000 * (uint64_t)w->context.settings->graceful_timeout;
	w->word_by_ms = clock_ms() + HALF_OPEN_MS;
	worker_report(w, SCORE_LEAVING);
}

void worker_tire(struct worker *w)
{
	if (w->leaving)
		return;
	w->tired = true;
	worker_report(w, SCORE_TIRED);
}

/* Nothing is left to be done, or no time to do it. */
static bool has_drained(struct worker *w)
{
	if (w->service.connections == 0 && w->has_left_listeners)
		return true;
	if (w->service.now_ms < w->leave_by_ms)
		return false;
	if (w->service.connections > 0)
		log_warning("%u connections did not finish within graceful_timeout",
			    w->service.connections);
	return true;
}

/* Leaving: kept connections may bring one more request, which is answered with
 * Connection: close, until their deadline; when the whole server stops they are
 * closed at once. */
static bool has_left(struct worker *w)
{
	worker_listeners_leave(w);
	if (atomic_load_explicit(&w->context.scoreboard->stopping, memory_order_relaxed))
		reactor_close_idle(w->reactor);
	return has_drained(w);
}

void worker_flush_access(struct worker *w)
{
	if (!w->access_format || log_sinks_flush(w->context.sinks) == 0 || w->access_broken)
		return;
	log_error("Cannot write the access log: is the disk full?");
	w->access_broken = true;
}

bool worker_turn(struct worker *w)
{
	if (w->quick || (w->leaving && has_left(w)))
		return false;
	reactor_turn(w->reactor);
	slot_update(w);
	worker_signals_run(w);
	worker_in_hand_check(w);
	worker_limits_check(w);
	worker_flush_access(w);
	return true;
}

void worker_run(struct worker *w)
{
	bool threaded = w->context.backend->threaded;

	if (threaded)
		gil_release();
	while (worker_turn(w))
		;
	w->quick = true; /* a thread that waits for its client does not go on doing so */
	if (threaded)
		gil_acquire();
}

const struct settings *worker_settings(const struct worker *w)
{
	return w->context.settings;
}

void worker_hand_back(struct worker *w, struct conn *c, bool haste)
{
	reactor_hand_back(w->reactor, c, haste);
}

void worker_python_lives(struct worker *w)
{
	atomic_store_explicit(&w->python_ms, clock_ms(), memory_order_relaxed);
}

void worker_has_stragglers(struct worker *w)
{
	w->stragglers = true;
	interp_keep_objects();
}

/* Polls a descriptor, other Python threads running meanwhile: 0, or -ETIMEDOUT,
 * -EINTR, another -errno. */
static int poll_one(int fd, short events, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n, rc;

	gil_release();
	n = poll(&p, 1, wait_ms);
	rc = n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
	gil_acquire();
	return rc;
}

int worker_wait_poll(struct conn *c, enum want want, unsigned timeout_ms)
{
	struct worker *w = worker_of(c);
	uint64_t end_ms = worker_in_hand_end(w, &c->x, clock_ms() + timeout_ms), now_ms;
	short events = want == WANT_READ ? POLLIN : POLLOUT;
	int rc;

	/* In slices: a worker that waits for a client is alive, and has to hear
	 * that it should stop. */
	do {
		rc = poll_one(c->io.fd, events, WAIT_SLICE_MS);
		now_ms = clock_ms();
		if (w->context.backend->threaded)
			continue;
		w->service.now_ms = now_ms;
		slot_update(w);
		worker_signals_run(w);
	} while ((rc == -ETIMEDOUT || rc == -EINTR) && now_ms < end_ms && !w->quick);
	return rc;
}

static enum want dispatch(void *data, struct conn *c)
{
	struct worker *w = data;

	return w->context.backend->dispatch(w, c);
}

/* ---- boot */

/* How long a turn may wait: often enough that the master sees a sign of life well
 * within timeout, and no request that waits for something beyond request_timeout. */
static double tick_seconds(const struct settings *s)
{
	return s->timeout == 1 || s->request_timeout > 0 ? 0.25 : 1.0;
}

static int reactor_start(struct worker *w, struct err *err)
{
	const struct worker_context *ctx = &w->context;
	struct reactor_options options = {
		.listeners = w->listeners,
		.n_listeners = w->n_listeners,
		.max_connections = worker_max_connections(w),
		.tick_s = tick_seconds(ctx->settings),
		.dispatch = dispatch,
		.dispatch_data = w,
		.exclusive = ctx->backend->exclusive,
		.nested = ctx->backend->nested,
		.policy = worker_accept_policy,
		.release = ctx->backend->threaded ? NULL : gil_release,
		.acquire = ctx->backend->threaded ? NULL : gil_acquire,
	};

	w->reactor = reactor_new(&w->service, &options);
	if (!w->reactor)
		return err_set_exit(err, 3, "Cannot start the worker's event loop: %s",
				    strerror(errno));
	worker_signals_watch(w);
	w->descriptor = ctx->backend->nested ? reactor_descriptor(w->reactor) : -1;
	if (w->descriptor == -ENOENT)
		return err_set_exit(err, 3,
				    "Cannot find the descriptor of the worker's event loop, which "
				    "worker class %s needs: is this libev's epoll?",
				    ctx->backend->name);
	return 0;
}

static int app_load(struct worker *w, struct err *err)
{
	const struct worker_context *ctx = &w->context;

	if (ctx->settings->reload && reloader_make(ctx->replaces, err) < 0)
		return -1;
	w->app = ctx->app ? ctx->app : wsgi_app_load(settings_app(ctx->settings), err);
	if (!w->app || wsgi_app_show(w->app, err) < 0)
		return -1;
	return ctx->settings->reload ? reloader_start(err) : 0;
}

int worker_prepare_app(struct app *app, const struct settings *s,
		       const struct worker_backend *backend, struct err *err)
{
	const struct wsgi_options options = {
		.multithread = backend->multithread,
		.multiprocess = s->workers > 1,
		.sendfile = settings_sendfile(s),
		.interleaved = backend->interleaved,
		.pauses = backend->pauses,
	};

	return wsgi_app_configure(app, &options, err);
}

/* Whether nothing but our own code has run in this process: what the master has found out
 * and prepared is true here, and shared as long as nobody touches it. */
static bool is_as_prepared(const struct worker_context *ctx)
{
	return ctx->app_is_prepared && !hook_is_set(HOOK_POST_FORK) &&
	       !hook_is_set(HOOK_POST_WORKER_INIT);
}

/* The last moment before it serves: what a hook has made of the worker counts. */
static int app_begin(struct worker *w, struct err *err)
{
	const struct worker_context *ctx = &w->context;

	/* A class of the user's has done that. */
	if (!w->hosted && hook_call(HOOK_POST_WORKER_INIT, err) < 0)
		return -1;
	if (worker_signals_wake(w, err) < 0)
		return -1;
	return !w->hosted && is_as_prepared(ctx)
		       ? 0
		       : worker_prepare_app(w->app, ctx->settings, ctx->backend, err);
}

static void init_locks(struct worker *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_mutex_init(&w->logging.mutex, NULL);
}

/* In a child that the application has forked: it is no worker. */
static void became_copy(void *data)
{
	static struct score_slot nobodys;
	struct worker *w = data;

	w->context.slot = &nobodys;
	w->service.spool.all = w->service.spool.own = NULL;
	server_object_detach(); /* it wakes the master through the descriptor */
	fd_close(&w->context.notify_fd);
	if (w->context.backend->threaded) /* other threads may have had the locks */
		init_locks(w);
	worker_signals_close(w, true);
}

/* What the user's code has made of logging and of the package gunicorn. */
static void judge(const struct worker_context *ctx)
{
	if (is_as_prepared(ctx))
		return;
	log_bridge_judge();
	gunicorn_judge();
}

int worker_watch_copies(struct worker *w, struct err *err)
{
	return interp_watch_copies(became_copy, w, err);
}

int worker_set_up(struct worker *w, struct err *err)
{
	const struct worker_backend *backend = w->context.backend;

	if (backend->prepare && !w->context.app && backend->prepare(err) < 0)
		return -1;
	return backend->setup ? backend->setup(w, err) : 0;
}

/* What the threads of applications have in common with the loop. */
static void share(struct worker *w)
{
	w->logging = (struct log_lock){.lend_gil = gil_lend, .take_gil = gil_acquire};
	init_locks(w);
	conn_service_share(&w->service, &w->lock);
	log_sinks_share(w->context.sinks, &w->logging);
	worker_python_lives(w);
}

int worker_equip(struct worker *w, struct err *err)
{
	const struct worker_backend *backend = w->context.backend;

	if (worker_configure(w, err) < 0)
		return -1;
	if (backend->threaded)
		share(w);
	worker_in_hand_init(w);
	worker_limits_init(w);
	worker_balance_init(w);
	if (app_begin(w, err) < 0)
		return -1;
	if (worker_access_init(w, err) < 0)
		return -1;
	if (reactor_start(w, err) < 0)
		return -1;
	return backend->begin ? backend->begin(w, err) : 0;
}

static int worker_boot(struct worker *w, struct err *err)
{
	const struct worker_context *ctx = &w->context;

	if (worker_listeners_open(w, err) < 0)
		return -1;
	if (hook_call(HOOK_POST_FORK, err) < 0 || worker_change_user(ctx->settings, err) < 0)
		return -1;
	if (worker_signals_open(w, err) < 0)
		return -1;
	if (worker_set_up(w, err) < 0)
		return -1;
	if (worker_watch_copies(w, err) < 0)
		return -1;
	if (app_load(w, err) < 0)
		return -1;
	judge(ctx);
	/* Importing may have set handlers, asyncio may have taken the wake-up. */
	if (worker_signals_install(w, err) < 0)
		return -1;
	return worker_equip(w, err);
}

static void release_service(struct worker *w)
{
	reactor_free(w->reactor);
	if (w->reactor)
		conn_service_release(&w->service);
	access_format_free(w->access_format);
	forwarding_release(&w->forwarding);
	buf_release(&w->server_line);
	if (w->app && !w->context.app)
		wsgi_app_free(w->app);
}

/* The worker has served: what is left is Python's end, which joins the
 * application's threads and may take for ever. */
static void worker_release(struct worker *w)
{
	if (!w->stragglers)
		release_service(w);
	if (log_sinks_flush(w->context.sinks) < 0)
		log_debug("Some access lines were lost at exit");
	worker_signals_close(w, false);
	if (w->stragglers)
		worker_listeners_close(w);
	else
		worker_listeners_release(w);
	signal(SIGALRM, SIG_DFL);
	alarm(w->context.settings->graceful_timeout + 1);
}

void worker_tell(const char *text)
{
	if (!text[0])
		return;
	fprintf(stderr, "%s\n", text);
	if (!log_is_stderr())
		log_error("%s", text);
}

int worker_main(const struct worker_context *context)
{
	/* Not on the stack: greenlets see another one, and threads that do not end may look at
	 * it to the last. */
	static struct worker w;
	struct err err = {0};

	w = (struct worker){.context = *context, .wake = {-1, -1}};

	title_set(NAME_PROGRAM ": worker [%s%s]", settings_proc_name(context->settings),
		  context->name_suffix);
	log_info("Booting worker with pid: %d", (int)getpid());
	stacks_go_to(context->stacks_fd);
	worker_hooks_begin(&w);
	w.hosted = context->backend->hosts || hosting_is_wanted();
	int failed = w.hosted ? worker_host(&w, &err) : worker_boot(&w, &err);

	if (failed && !w.quick) { /* else it was told to end, which is no failure */
		worker_tell(err.text);
		w.exit_code = err.exit_code;
	} else if (!failed && !w.quick && !w.hosted) {
		worker_object_booted();
		if (!w.leaving) /* TERM may have come during the boot */
			worker_report_ready(&w);
		context->backend->run(&w);
		worker_report(&w, SCORE_LEAVING); /* however it came to an end */
	}
	log_info("Worker exiting (pid: %d)", (int)getpid());
	worker_hooks_exit(&w);
	worker_object_detach();
	w.ended = true;
	interp_unwatch_copies();
	worker_release(&w);
	return w.exit_code;
}

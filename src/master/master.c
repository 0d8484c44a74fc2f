/* The master: it binds, forks, watches, and never touches a client.
 *
 * Its life is one loop.  A turn handles the signals that have come, takes in what
 * the workers report, kills what is overdue, and brings what is alive to what is
 * wanted; then it waits, without the GIL, until a signal, a worker or the next
 * deadline wakes it.  Stopping is the same loop with nobody wanted, until nobody
 * is left.  So a signal that comes while it stops, or while it reloads, needs no
 * code of its own.
 *
 * The time is taken once a turn: what is due is due for all of the turn. */
#include "ucorn/master/master.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "hooks.h"
#include "signals.h"
#include "state.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/proxies.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"
#include "upgrade.h"

enum { TICK_MS = 1000, SOON_MS = 100, HURRY_MS = 2000 };

/* In a worker, which has a copy of the master. */
static struct listener *open_listeners(const struct worker_context *context, size_t *count,
				       struct err *err)
{
	struct sockets own;

	if (sockets_open_apart(&own, context->open_data, context->settings, err) < 0)
		return NULL;
	*count = own.count;
	return own.items;
}

/* What a worker gets that takes the place of one of before the reload, while none of the
 * new ones has served. */
static struct worker_context former_context_of(struct master *m, const struct worker_context *base)
{
	const struct former *f = &m->former;
	struct worker_context context = *base;

	if (!f->kept)
		return context;
	context.settings = &f->settings;
	context.backend = f->backend;
	context.listeners = f->sockets.items;
	context.n_listeners = f->sockets.count;
	context.open_data = (struct sockets *)&f->sockets;
	context.sinks = (struct log_sinks *)&f->sinks;
	context.app = f->settings.preload_app ? f->app : NULL;
	context.app_is_prepared = false;
	context.enter = former_revive;
	return context;
}

/* What all workers get. */
static struct worker_context context_of(struct master *m)
{
	return (struct worker_context){
		.settings = m->settings,
		.backend = m->backend,
		.listeners = m->sockets.items,
		.n_listeners = m->sockets.count,
		.open_listeners = m->sockets.tcp_apart ? open_listeners : NULL,
		.open_data = &m->sockets,
		.sinks = &m->sinks,
		.app = m->settings->preload_app ? m->app : NULL,
		.app_is_prepared = m->app_is_prepared,
		.enter = former_leave_behind,
		.enter_data = m,
		.notify_fd = signals_wake_fd(),
		.master_pid = getpid(),
		.name_suffix = master_suffix(m),
	};
}

/* --- stopping --- */

/* Classes of the user's end their sockets as they like. */
void master_defer(const struct master *m)
{
	if (m->former.kept)
		sockets_defer(&m->former.sockets, false); /* some of them may be about to go */
	sockets_defer(&m->sockets, m->settings->defer_accept && !m->backend->hosts);
}

static void close_sockets(struct master *m)
{
	m->closes_ms = 0;
	atomic_store(&m->children.scoreboard->coming_until_ms, 0);
	sockets_drop(&m->former.sockets, &m->sockets);
	sockets_close(&m->sockets);
}

/* Clients that have connected, but of whom the workers cannot know yet, are waited for: else
 * the end of the sockets would reset them. */
static void close_sockets_in_time(struct master *m, uint64_t now_ms)
{
	if (now_ms >= m->closes_ms ||
	    (!sockets_have_half_open(&m->former.sockets) && !sockets_have_half_open(&m->sockets)))
		close_sockets(m);
}

/* Before the workers hear that they drain the sockets: mostly nobody is waited for. */
static void drain(struct master *m)
{
	uint64_t now_ms = clock_ms(), graceful_ms = 1000 * (uint64_t)m->settings->graceful_timeout;

	sockets_turn_away(&m->former.sockets);
	sockets_turn_away(&m->sockets);
	m->closes_ms = now_ms + (graceful_ms < HALF_OPEN_MS ? graceful_ms : HALF_OPEN_MS);
	atomic_store(&m->children.scoreboard->coming_until_ms, m->closes_ms);
	close_sockets_in_time(m, now_ms);
}

/* From here on the loop only waits for the workers to go.  Where another master serves on,
 * they leave as at a reload: clients that are connected have time to ask. */
static void begin_stop(struct master *m, enum stop stop, int signal_number, uint64_t due_ms)
{
	bool draining = stop == STOP_GRACEFUL && !master_has_heir(m);

	server_object_listen(NULL, 0);
	if (draining)
		drain(m);
	else
		close_sockets(m);
	atomic_store(&m->children.scoreboard->draining, draining);
	atomic_store(&m->children.scoreboard->stopping, stop == STOP_QUICK || !master_has_kin(m));
	systemd_stops(m);
	m->stop = stop;
	children_stop(&m->children, signal_number, due_ms);
}

static uint64_t leave_by(const struct master *m)
{
	return children_leave_by(m->settings->graceful_timeout, clock_ms());
}

void master_on_term(struct master *m)
{
	begin_stop(m, STOP_GRACEFUL, SIGTERM, leave_by(m));
}

void master_on_quit(struct master *m)
{
	if (m->stop == STOP_NO) {
		begin_stop(m, STOP_QUICK, SIGQUIT, leave_by(m));
	} else {
		log_info("Quick shutdown requested");
		begin_stop(m, STOP_QUICK, SIGQUIT, clock_ms() + HURRY_MS);
	}
}

/* No worker has ever served: nobody would be helped by going on. */
static void stop_unbooted(struct master *m)
{
	static const char *const reasons[] = {
		[3] = "Worker failed to boot.", [4] = "App failed to load."};

	m->exit_code = m->children.boot_failure;
	m->reason = reasons[m->exit_code];
	begin_stop(m, STOP_GRACEFUL, SIGTERM, leave_by(m));
}

/* What the loop would not have survived under gunicorn either. */
static void stop_failed(struct master *m)
{
	bool stopping = m->stop != STOP_NO;

	m->failed = true;
	m->exit_code =
		stopping && m->children.failure.exit_code ? 1 : m->children.failure.exit_code;
	if (!stopping)
		begin_stop(m, STOP_QUICK, SIGQUIT, leave_by(m));
}

/* --- the other signals --- */

void master_on_hup(struct master *m)
{
	log_info("Hang up: %s", master_name(m));
	master_reload(m);
}

static void want(struct master *m, unsigned workers)
{
	unsigned before = m->children.wanted;

	m->children.wanted = workers;
	master_hooks_nworkers(m, before);
}

void master_on_ttin(struct master *m)
{
	if (m->children.wanted < CHILDREN_MAX)
		want(m, m->children.wanted + 1);
}

void master_on_ttou(struct master *m)
{
	if (m->children.wanted > 1)
		want(m, m->children.wanted - 1);
}

void master_on_usr1(struct master *m)
{
	log_sinks_reopen(&m->sinks);
	if (m->former.kept)
		log_sinks_reopen(&m->former.sinks);
	log_bridge_reopen();
	children_reopen_logs(&m->children);
}

void master_on_usr2(struct master *m)
{
	upgrade_begin(m);
}

void master_on_winch(struct master *m)
{
	/* A terminal sends it, too, when its window changes. */
	if (!m->is_daemon) {
		log_debug("SIGWINCH ignored. Not daemonized");
		return;
	}
	log_info("graceful stop of workers");
	want(m, 0);
}

/* --- the loop --- */

static void maintain(struct master *m, const struct worker_context *base, uint64_t now_ms)
{
	struct worker_context former = former_context_of(m, base);

	children_maintain(&m->children, base, &former, now_ms);
}

/* False: nobody is left. */
static bool turn(struct master *m)
{
	struct children *c = &m->children;
	struct worker_context base = context_of(m);
	uint64_t now_ms = clock_ms();

	/* First: what a signal asks for depends on who serves. */
	children_watch(c, &base, now_ms);
	former_settle(m);
	upgrade_bury(m);
	upgrade_promote(m); /* before a signal that ends it */
	signals_dispatch(m);
	base = context_of(m); /* which took time, and may have changed the settings */
	now_ms = clock_ms();
	if (c->failure.raised && !m->failed)
		stop_failed(m);
	if (c->boot_failure && m->stop == STOP_NO)
		stop_unbooted(m);
	if (m->closes_ms > 0)
		close_sockets_in_time(m, now_ms);
	children_enforce(c, now_ms);
	if (m->stop == STOP_NO)
		maintain(m, &base, now_ms);
	else if (children_gone(c, now_ms))
		return false;
	master_report_metrics(m);
	systemd_turn(m, now_ms);
	signals_wait(
		plan_wait(c, now_ms, systemd_tick_ms(m, m->closes_ms > 0 ? SOON_MS : TICK_MS)));
	return true;
}

/* The master's last words, and its last hook. */
static int farewell(struct master *m)
{
	struct err err;
	enum log_level level = m->exit_code ? LOG_ERROR : LOG_INFO;

	LOG_AT(level, "Shutting down: %s", master_name(m));
	if (m->reason)
		LOG_AT(level, "Reason: %s", m->reason);
	master_remove_pidfile(m);
	return hook_call(HOOK_ON_EXIT, &err) < 0 ? err.exit_code : m->exit_code;
}

static int loop(struct master *m)
{
	while (turn(m)) {
	}
	return m->failed ? m->exit_code : farewell(m);
}

int master_run(struct settings *settings, const struct heritage *heritage,
	       settings_reader *read_settings, void *reader_data)
{
	/* Not on the stack: greenlets, also those of workers, see another one. */
	static struct master m;
	struct err err = {0};
	int code;

	m = (struct master){
		.settings = settings,
		.heritage = heritage,
		.old_master = heritage->old_master,
		.read_settings = read_settings,
		.reader_data = reader_data,
	};

	if (master_start(&m, &err) == 0)
		code = loop(&m);
	else
		code = err.exit_code; /* 0: a hook's sys.exit(0) */
	if (err.text[0])
		fprintf(stderr, "\nError: %s\n", err.text);
	if (err.text[0] && m.is_daemon)
		log_error("%s", err.text); /* nobody reads a daemon's stderr */
	master_end(&m);
	return code;
}

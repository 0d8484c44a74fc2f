/* Workers whose class is the user's.
 *
 * The object lives its life: init_process() loads the application and calls run().  Either
 * run() is of its own, then it has the sockets and does all there is to do, and what the
 * master hears of it is that run() was called and each sign of life.  It counts as serving
 * with the first of those: what some classes do in run() before that, such as the start-up
 * of an ASGI application, is part of their boot.  Or run() is that of a stock class, and
 * comes here (worker_host_prepare, worker_host_serve): then this worker serves as any,
 * but that its signals are the class's. */
#include <stdio.h>
#include <string.h>

#include "state.h"
#include "ucorn/log/sinks.h"
#include "ucorn/py/gunicorn.h"
#include "ucorn/py/hooks.h"
#include "ucorn/py/hosting.h"
#include "ucorn/py/hub.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/signals.h"
#include "ucorn/util/log.h"
#include "ucorn/wsgi/app.h"

void worker_host_entered(struct worker *w)
{
	w->entered = true;
	worker_beat(w);
	atomic_store(&w->context.slot->entered, true);
}

void worker_host_heard(struct worker *w)
{
	if (w->entered && !atomic_load(&w->context.slot->served))
		worker_report_ready(w);
}

int worker_host(struct worker *w, struct err *err)
{
	int rc;

	if (worker_listeners_open(w, err) < 0)
		return -1;
	if (hook_call(HOOK_POST_FORK, err) < 0 || worker_watch_copies(w, err) < 0)
		return -1;
	rc = hosting_live(err);
	worker_report(w, SCORE_LEAVING);
	if (w->context.backend->hosts)
		w->n_listeners = 0;	    /* they are the class's, to close, too */
	log_sinks_reopen(w->context.sinks); /* USR1 has told the class only */
	return rc;
}

/* ---- run() of a stock class */

int worker_host_prepare(struct worker *w)
{
	const struct worker_context *ctx = &w->context;
	struct err err = {0};

	if (worker_change_user(ctx->settings, &err) == 0 && worker_signals_pipe(w, &err) == 0 &&
	    worker_set_up(w, &err) == 0)
		return ctx->replaces;
	worker_tell(err.text);
	return -1;
}

static int make_ready(struct worker *w, struct err *err)
{
	w->app = w->context.app ? w->context.app : wsgi_app_of_worker(err);
	if (!w->app)
		return -1;
	log_bridge_judge();
	gunicorn_judge();
	return worker_equip(w, err);
}

int worker_host_serve(struct worker *w)
{
	struct err err = {0};

	if (make_ready(w, &err) < 0) {
		worker_tell(err.text);
		return err.exit_code;
	}
	w->notifies = hosting_notifies();
	if (!atomic_load(&w->retired)) /* TERM may have come during the boot */
		worker_report_ready(w);
	w->context.backend->run(w);
	return w->exit_code;
}

static void notify(void *data)
{
	struct worker *w = data;
	int code = hosting_notify();

	w->notifying = false;
	if (code == PY_SIGNAL_GO_ON)
		return;
	w->quick = true;
	w->exit_code = code;
}

/* It may wait for something, which a hub cannot. */
void worker_host_notify(struct worker *w)
{
	if (!w->notifies || w->notifying)
		return;
	w->notifying = true;
	if (w->context.backend->nested && hub_is_here())
		hub_forget(hub_spawn(notify, w));
	else
		notify(w);
}

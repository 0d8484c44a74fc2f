/* The worker's signals: one table.
 *
 * Handlers are in Python's signal table, so that they interrupt Python code
 * that runs for too long; Python's wake-up descriptor ends a waiting poll, and
 * the loop then has due handlers run (worker_signals_run). */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/py/hooks.h"
#include "ucorn/py/hub.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/signals.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"

/* What SystemExit is raised with. */
enum { EXIT_WITH_0 = 0, EXIT_WITH_1 = 1 };

static int on_leave(int number, void *data)
{
	UNUSED(number);
	worker_leave(data);
	return PY_SIGNAL_GO_ON;
}

/* In a greenlet hub, which cannot wait, the hook's turn comes when the loop has ended. */
static bool call_hook(struct worker *w, enum hook hook)
{
	if (!w->context.backend->nested || !hub_is_here())
		return hook_call_in_signal(hook);
	w->due_hook = hook;
	w->hook_is_due = true;
	return true;
}

void worker_signals_end(struct worker *w)
{
	struct err err;

	if (w->hook_is_due && hook_call(w->due_hook, &err) < 0)
		w->exit_code = err.exit_code;
	w->hook_is_due = false;
}

/* Ends whatever Python code is running: the stop is a quick one. */
static int on_quit(int number, void *data)
{
	struct worker *w = data;

	UNUSED(number);
	if (w->ended)
		return PY_SIGNAL_GO_ON;
	w->quick = true;
	return call_hook(w, HOOK_WORKER_INT) ? EXIT_WITH_0 : PY_SIGNAL_RAISED;
}

static int on_abort(int number, void *data)
{
	struct worker *w = data;

	UNUSED(number);
	if (w->ended)
		return PY_SIGNAL_GO_ON;
	w->quick = true;
	w->exit_code = 1;
	return call_hook(w, HOOK_WORKER_ABORT) ? EXIT_WITH_1 : PY_SIGNAL_RAISED;
}

/* Opening files runs Python code, in which the next USR1 comes here again: the one
 * that is under way then does it once more, since it may have passed a file that
 * has been rotated since. */
void worker_reopen_logs(struct worker *w)
{
	unsigned seen;

	if (w->reopens_wanted++ > 0)
		return;
	do {
		seen = w->reopens_wanted;
		log_sinks_reopen(w->context.sinks);
		log_bridge_reopen();
	} while (w->reopens_wanted != seen);
	w->reopens_wanted = 0;
}

static int on_reopen(int number, void *data)
{
	UNUSED(number);
	worker_reopen_logs(data);
	return PY_SIGNAL_GO_ON;
}

static int on_nothing(int number, void *data)
{
	UNUSED(number);
	UNUSED(data);
	return PY_SIGNAL_GO_ON;
}

static const struct {
	int number;
	py_signal_handler *handler;
	bool ignored_at_end; /* when the worker has finished, else the default effect */
} signals[] = {
	{SIGTERM, on_leave, true},  {SIGINT, on_quit, false},	{SIGQUIT, on_quit, false},
	{SIGABRT, on_abort, false}, {SIGUSR1, on_reopen, true}, {SIGWINCH, on_nothing, true},
};

static void on_wake(void *data)
{
	struct worker *w = data;
	char bytes[64];

	while (read(w->wake[0], bytes, sizeof(bytes)) > 0)
		;
	w->signalled = true;
}

int worker_signals_pipe(struct worker *w, struct err *err)
{
	int rc = fd_pipe(w->wake);

	if (rc < 0)
		return err_set_exit(err, 3, "Cannot make the worker's wake-up pipe: %s",
				    strerror(-rc));
	return 0;
}

int worker_signals_open(struct worker *w, struct err *err)
{
	return worker_signals_pipe(w, err) < 0 ? -1 : worker_signals_install(w, err);
}

int worker_signals_install(struct worker *w, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (py_signal_install(signals[i].number, signals[i].handler, w, err) < 0)
			return -1;
	return worker_signals_wake(w, err);
}

int worker_signals_wake(struct worker *w, struct err *err)
{
	return py_signals_wake(w->wake[1], err);
}

void worker_signals_close(struct worker *w, bool is_copy)
{
	struct err err;

	if (py_signals_wake(-1, &err) < 0)
		log_debug("%s", err.text);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		py_signal_drop(signals[i].number, !is_copy && signals[i].ignored_at_end);
	fd_close(&w->wake[0]);
	fd_close(&w->wake[1]);
}

void worker_signals_exit(struct worker *w, int code)
{
	if (code == PY_SIGNAL_GO_ON)
		return;
	w->quick = true;
	if (w->exit_code == 0)
		w->exit_code = code;
}

void worker_signals_run(struct worker *w)
{
	bool threaded = w->context.backend->threaded;
	int code;

	/* Python code has the chance to run handlers, and to take the wake-up, on this
	 * thread only where applications run on it. */
	if (threaded && !w->signalled)
		return;
	w->signalled = false;
	if (threaded)
		gil_acquire();
	code = py_signals_run();
	if (threaded)
		gil_release();
	worker_signals_exit(w, code);
}

void worker_signals_watch(struct worker *w)
{
	reactor_wake_on(w->reactor, w->wake[0], on_wake, w);
}

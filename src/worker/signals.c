/* The worker's signals: one table.
 *
 * Handlers are in Python's signal table, so that they interrupt Python code
 * that runs for too long; Python's wake-up descriptor ends a waiting poll, and
 * the loop then has due handlers run (worker_signals_run). */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "state.h"
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

/* Ends whatever Python code is running: the stop is a quick one. */
static int on_quit(int number, void *data)
{
	struct worker *w = data;

	UNUSED(number);
	w->quick = true;
	return EXIT_WITH_0;
}

static int on_abort(int number, void *data)
{
	struct worker *w = data;

	UNUSED(number);
	w->quick = true;
	w->exit_code = 1;
	return EXIT_WITH_1;
}

static int on_reopen(int number, void *data)
{
	struct worker *w = data;

	UNUSED(number);
	log_sinks_reopen(w->context.sinks);
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
} signals[] = {
	{SIGTERM, on_leave}, {SIGINT, on_quit},	   {SIGQUIT, on_quit},
	{SIGABRT, on_abort}, {SIGUSR1, on_reopen}, {SIGWINCH, on_nothing},
};

static void on_wake(void *data)
{
	struct worker *w = data;
	char bytes[64];

	while (read(w->wake[0], bytes, sizeof(bytes)) > 0)
		;
	w->signalled = true;
}

int worker_signals_install(struct worker *w, struct err *err)
{
	int rc = fd_pipe(w->wake);

	if (rc < 0)
		return err_set_exit(err, 3, "Cannot make the worker's wake-up pipe: %s",
				    strerror(-rc));
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (py_signal_install(signals[i].number, signals[i].handler, w, err) < 0)
			return -1;
	return py_signals_wake(w->wake[1], err);
}

void worker_signals_run(struct worker *w)
{
	int code;

	if (!w->signalled)
		return;
	w->signalled = false;
	code = py_signals_run();
	if (code == PY_SIGNAL_GO_ON)
		return;
	w->quick = true;
	if (w->exit_code == 0)
		w->exit_code = code;
}

void worker_signals_watch(struct worker *w)
{
	reactor_wake_on(w->reactor, w->wake[0], on_wake, w);
}

/* The worker's signals, in Python's own signal table, so that a handler can
 * interrupt Python code that runs for too long. */
#ifndef UCORN_PY_SIGNALS_H
#define UCORN_PY_SIGNALS_H

#include "ucorn/util/err.h"

/* What a handler decides. */
enum {
	PY_SIGNAL_GO_ON = -1,
	PY_SIGNAL_RAISED = -2, /* an exception is set, and goes on */
};			       /* or an exit code: SystemExit(code) is raised */

/* Runs with the GIL, in the main thread, between two bytecodes or in
 * py_signals_run. */
typedef int py_signal_handler(int signal_number, void *data);

/* signal.signal(signal_number, handler).  data has to live as long as the
 * process. */
MUST_CHECK int py_signal_install(int signal_number, py_signal_handler *handler, void *data,
				 struct err *err);

/* Gives the signal back: ignored, or with its default effect. */
void py_signal_drop(int signal_number, bool ignored);

/* Python writes a byte to fd for each signal that comes: something for the
 * loop to wake up from; -1: to none. */
MUST_CHECK int py_signals_wake(int fd, struct err *err);

/* Runs handlers that are due.  PY_SIGNAL_GO_ON, or the code of the SystemExit
 * that one of them raised, or that was postponed.  Any other exception is logged and
 * dropped. */
int py_signals_run(void);

/* For code that an exception cannot leave: if the one that is set is SystemExit, clears
 * it, has the next py_signals_run give its code, and gives true. */
bool py_signals_postpone_exit(void);

#endif

/* The master's signals: caught, counted, and handled in its loop. */
#ifndef UCORN_MASTER_SIGNALS_H
#define UCORN_MASTER_SIGNALS_H

#include <signal.h>

#include "ucorn/util/err.h"

struct master;

/* Makes the self-pipe and installs the handler.  0, or -1 with err. */
MUST_CHECK int signals_open(struct err *err);

/* Signals mean nothing any more; closes the pipe. */
void signals_close(void);

/* Installs the handler (again: after foreign code has run).  Nothing before
 * signals_open. */
void signals_install(void);

/* The pipe's end that wakes the loop, for the workers. */
int signals_wake_fd(void);

/* Ends a wait of the loop; in any thread. */
void signals_wake(void);

/* Around a fork: nothing may arrive between it and signals_reset_in_child. */
void signals_block(sigset_t *before);
void signals_unblock(const sigset_t *before);

/* In the child: the actions that the table gives it, nothing pending, nothing
 * blocked, the reading end of the pipe closed. */
void signals_reset_in_child(void);

/* Waits up to timeout_ms for a signal or a worker's byte.  Needs the GIL, and
 * lets go of it while it waits. */
void signals_wait(int timeout_ms);

/* Handles all signals that have come. */
void signals_dispatch(struct master *m);

#endif

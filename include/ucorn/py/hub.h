/* Event loops of others in which the server is a guest: the hubs of gevent and eventlet,
 * with their greenlets, and tornado's IOLoop.  A process has one such loop at most.
 *
 * All need the GIL.  Nothing here shows a Python object. */
#ifndef UCORN_PY_HUB_H
#define UCORN_PY_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "ucorn/util/err.h"

/* What the loop is to do after a turn. */
enum hub_next {
	HUB_WAIT,  /* until the descriptor is readable or a tick has passed */
	HUB_AGAIN, /* another turn at once, when others have had theirs */
	HUB_STOP,  /* hub_run returns */
	HUB_LEAVE, /* this process is no server: no further turn, and hub_run goes on */
};

struct hub_guest {
	int fd;
	double tick_s;
	enum hub_next (*turn)(void *data);
	/* Before a turn where a server of the loop's own serves all clients: how many are
	 * connected, and how many requests there have been. */
	void (*count)(void *data, unsigned connections, uint64_t requests);
	void *data;
};

/* Whether the package of that name is installed; -1 with a sentence if not.  Imports it, so
 * that processes that are forked later share it. */
MUST_CHECK int hub_check(const char *name, struct err *err);

/* In the process that imports the application, before: patches what blocks in Python, if
 * that is what the package is for and nobody has done it.  Nothing the second time. */
MUST_CHECK int hub_prepare(const char *name, struct err *err);

/* In a process that was forked just now: loops that were inherited are made its own. */
void hub_forked(void);

/* Whether the code runs in the hub itself, which cannot wait for itself. */
bool hub_is_here(void);

/* Whether fd is readable within that time; meanwhile other threads of Python run, greenlets
 * too where patched threads are such. */
bool hub_poll(int fd, int timeout_ms);

/* The loop, from where the first thread of the process is, with turns of the guest in it
 * until one says HUB_STOP: PY_SIGNAL_GO_ON, or the code of a SystemExit (signals.h). */
int hub_run(const struct hub_guest *given);

/* From outside of a turn: one has to follow before the loop waits. */
void hub_call_soon(void);

/* Runs run(data) in a new greenlet, in a turn: returns when that has finished or waits for
 * the first time.  Its handle, for hub_interrupt, until hub_forget; NULL: there is none, and
 * run will not be called. */
void *hub_spawn(void (*run)(void *data), void *data);
void hub_forget(void *greenlet);

/* Raises an exception in a greenlet that waits, when the loop next runs: the package's
 * Timeout, or the one that ends greenlets. */
void hub_interrupt(void *greenlet, bool timed_out);

/* The greenlet that calls it waits until fd can be read from or written to: 0, -ETIMEDOUT,
 * or -EINTR: something was raised in it, and is set, but for SystemExit, which is for
 * py_signals_run.  May be called by no turn. */
MUST_CHECK int hub_wait(int fd, bool writing, unsigned timeout_ms);

/* hub_wait's exception is nobody's. */
void hub_drop_exception(void);

/* After hub_run: lets the other greenlets run for a while. */
void hub_sleep(unsigned ms);

#endif

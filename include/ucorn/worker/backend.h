/* A backend decides one thing: where and when the application runs. */
#ifndef UCORN_WORKER_BACKEND_H
#define UCORN_WORKER_BACKEND_H

#include "ucorn/conn/conn.h"
#include "ucorn/util/err.h"

struct worker;

struct worker_backend {
	const char *name;
	const char *aliases; /* separated by blanks */
	const char *summary; /* for messages */

	bool multithread; /* wsgi.multithread */
	bool interleaved; /* applications take turns on one thread */
	bool pauses;	  /* applications may give APP_PAUSE */
	bool exclusive;	  /* one application at a time, from its first to its last piece */
	bool threaded;	  /* applications run on other threads than the loop, which has no GIL */
	bool nested;	  /* run is worker_run_nested, or calls it */

	/* The worker class of the user's does everything: none of the following is there. */
	bool hosts;

	/* Whether this machine has what it takes; may be NULL, as the following. */
	int (*check)(struct err *err);

	/* Before the application is imported, in the process that does, the master or the
	 * worker. */
	int (*prepare)(struct err *err);

	/* Likewise in the worker. */
	int (*setup)(struct worker *w, struct err *err);

	/* The last part of the boot; may be NULL.  With GIL. */
	int (*begin)(struct worker *w, struct err *err);

	/* Serves until the worker is told to leave and has drained. */
	void (*run)(struct worker *w);

	/* The connection wants its application: a complete request waits, or its
	 * unfinished response has room.  Runs the application, for as long as this
	 * backend means to, and gives what the connection wants next; or lends it
	 * (WANT_LENT) until worker_hand_back.  With GIL, unless threaded. */
	enum want (*dispatch)(struct worker *w, struct conn *c);

	/* How many further requests could begin at once; NULL: one, when none runs. */
	unsigned (*room)(void);

	/* Inside an application's write() or read(): waits for c.  NULL: it cannot. */
	conn_wait_fn *wait;

	/* The request of c, which is lent, takes too long: c has been cut, and the
	 * application is to learn of it.  NULL: it will. */
	void (*interrupt)(struct worker *w, struct conn *c);
};

#endif

/* Between the files of this folder: a worker's state. */
#ifndef UCORN_WORKER_STATE_H
#define UCORN_WORKER_STATE_H

#include <stdatomic.h>

#include "ucorn/conn/reactor.h"
#include "ucorn/py/hooks.h"
#include "ucorn/worker/loop.h"

struct worker {
	struct worker_context context;
	struct conn_service service;
	struct reactor *reactor;
	struct listener *listeners; /* the master's, and sockets of its own behind them */
	size_t n_listeners;
	size_t n_shared;	 /* the first of them, which are the master's */
	bool has_left_listeners; /* they are closed, and served who waited there */
	struct app *app;
	struct forwarding forwarding;
	struct buf server_line;		     /* the service's */
	struct access_format *access_format; /* NULL: C writes no access log */
	int descriptor;			     /* nested: readable when a turn is due */
	int wake[2];			     /* Python writes a byte to [1] for each signal */
	uint32_t places;   /* on the scoreboard for requests: free ones, as bits */
	bool tired;	   /* has asked for another one in its place */
	bool leaving;	   /* finishes what it has, then ends */
	bool told_of_hang; /* of a request that could not be ended */
	bool hook_is_due;  /* due_hook: of a signal, when the loop has ended */
	bool warned;	   /* of settings that another server does not know */
	bool notifying;	   /* the worker object's notify() has not come back */
	enum hook due_hook;
	bool signalled;		 /* some may have handlers that are due */
	bool stragglers;	 /* threads that will not end before the process does */
	atomic_bool quick;	 /* ends at once */
	bool hosted;		 /* the object is of a class of the user's, which lives its life */
	bool notifies;		 /* its notify() is called, while this worker serves for it */
	bool entered;		 /* a class of the user's has begun to serve, by itself */
	bool ended;		 /* has served: there is no code of the application to end */
	atomic_bool retired;	 /* a hook has decided that it is to leave */
	unsigned reopens_wanted; /* since the log files were last all reopened */
	int exit_code;
	uint64_t max_requests;	   /* worker.max_requests: with its jitter */
	uint64_t leave_by_ms;	   /* when a leaving worker gives up waiting */
	uint64_t word_by_ms;	   /* likewise, for the master's word on the sockets */
	uint64_t retire_ms;	   /* max_worker_lifetime: when it gets tired; 0: never */
	uint64_t memory_limit;	   /* in bytes; 0: none */
	uint64_t looked_ms;	   /* at what costs a system call to know */
	atomic_bool access_broken; /* a failure of the access log has been told */
	/* Threaded: */
	pthread_mutex_t lock;	    /* the service's */
	struct log_lock logging;    /* the log's */
	_Atomic uint64_t python_ms; /* clock_ms() when Python code could last run */
};

/* worker.c: a turn of the reactor, and what is due after each.  False, without one: the
 * worker has left, or has to go at once. */
MUST_CHECK bool worker_turn(struct worker *w);

/* signals.c: the table of signals. */
MUST_CHECK int worker_signals_open(struct worker *w, struct err *err);
/* Again, after somebody else may have set handlers of their own. */
MUST_CHECK int worker_signals_install(struct worker *w, struct err *err);
/* No handler refers to w any more: it is about to end, or this is a copy of it that
 * the application forked, where every signal has its default effect again. */
void worker_signals_close(struct worker *w, bool is_copy);
/* Python tells this worker of signals again, should somebody else have had that. */
MUST_CHECK int worker_signals_wake(struct worker *w, struct err *err);
void worker_signals_end(struct worker *w);   /* when the loop has ended */
void worker_signals_watch(struct worker *w); /* once there is a reactor */
void worker_signals_run(struct worker *w);
/* A SystemExit has come with this code; or PY_SIGNAL_GO_ON. */
void worker_signals_exit(struct worker *w, int code);

/* listeners.c: what it accepts from. */
MUST_CHECK int worker_listeners_open(struct worker *w, struct err *err);
/* After a turn of a leaving worker.  True: nothing will come any more, the sockets are
 * closed; false: some clients still wait there, and are served. */
bool worker_listeners_leave(struct worker *w);
/* There is no master any more: who has connected is to come before this worker leaves. */
void worker_listeners_orphaned(struct worker *w);
/* Connections go on; what they say of their listener stays valid until the release. */
void worker_listeners_close(struct worker *w);
void worker_listeners_release(struct worker *w);

/* privileges.c: from here on the worker runs as user and group say; -1 after the
 * log was told. */
MUST_CHECK int worker_change_user(const struct settings *s, struct err *err);

/* The pipe only: a class of the user's has handlers of its own. */
MUST_CHECK int worker_signals_pipe(struct worker *w, struct err *err);

/* USR1. */
void worker_reopen_logs(struct worker *w);

/* worker.c: shows the master that this worker is alive. */
void worker_beat(struct worker *w);
void worker_report(struct worker *w, enum score_state state);
void worker_report_ready(struct worker *w);
/* What the application has forked is no worker. */
MUST_CHECK int worker_watch_copies(struct worker *w, struct err *err);
/* What the backend needs before the application is imported. */
MUST_CHECK int worker_set_up(struct worker *w, struct err *err);
/* The last part of the boot, when the application is there. */
MUST_CHECK int worker_equip(struct worker *w, struct err *err);
/* Why there will be no worker. */
void worker_tell(const char *text);

/* hosted.c: a worker that is an object of a class of the user's.  Its life; -1 with err, as
 * hosting_live. */
MUST_CHECK int worker_host(struct worker *w, struct err *err);
void worker_host_entered(struct worker *w);
void worker_host_heard(struct worker *w); /* a sign of life of such a class */
int worker_host_prepare(struct worker *w);
int worker_host_serve(struct worker *w);
void worker_host_notify(struct worker *w); /* once a second */

/* configure.c: names settings that were given, but do not count where others serve. */
void worker_warn_of_others(const struct settings *s, bool all);
/* Fills the service from the settings. */
MUST_CHECK int worker_configure(struct worker *w, struct err *err);

/* limits.c: what makes a worker leave by itself. */
void worker_limits_init(struct worker *w);
void worker_limits_check(struct worker *w);
/* worker_connections, or as many as the limit of open files leaves room for. */
unsigned worker_max_connections(const struct worker *w);

/* hooks.c: the worker object, and hooks at its moments. */
void worker_hooks_begin(struct worker *w);
void worker_hooks_exit(struct worker *w);

/* Begins to leave: takes no further connection, answers with Connection: close. */
void worker_leave(struct worker *w);

/* Asks the master for another worker in its place, and serves until that is ready; unless it
 * leaves already. */
void worker_tire(struct worker *w);

/* inhand.c: shows which requests the application has; ends those that take longer than
 * request_timeout, to be called between turns. */
void worker_in_hand_init(struct worker *w);
void worker_in_hand_check(struct worker *w);
/* Until when, and not later than end_ms, the application may wait for x's client. */
uint64_t worker_in_hand_end(const struct worker *w, const struct exchange *x, uint64_t end_ms);

/* balance.c: which connections had better be with another worker. */
void worker_balance_init(struct worker *w);
/* Of a struct worker, for its reactor. */
struct accept_policy worker_accept_policy(void *data, unsigned waiting, unsigned coming);

/* accesslog.c: one line per answer. */
void worker_access_check(const struct settings *s); /* tells of mistakes in its format */
MUST_CHECK int worker_access_init(struct worker *w, struct err *err);

#endif

/* Between the files of the loop: its state. */
#ifndef UCORN_CONN_REACTOR_STATE_H
#define UCORN_CONN_REACTOR_STATE_H

#include <ev.h>
#include <stdio.h>

#include "handback.h"
#include "ucorn/conn/reactor.h"

/* What libev's copy in the module for Python calls stderr (cmake/Module.cmake). */
extern FILE *reactor_stderr;

/* A connection with its watchers. */
struct link {
	struct conn conn;
	struct reactor *reactor;
	struct list open; /* on the reactor's list */
	ev_io read, write;
	struct pauser *pauser; /* NULL: its applications have never paused */
	bool stirred;	       /* lent, and its read watcher was stopped meanwhile */
};

struct gate {
	ev_io watcher;
	const struct listener *listener;
	struct reactor *reactor;
	bool ready;
	bool closed;	   /* nothing more is taken from it */
	uint64_t ready_ms; /* since when */
};

struct reactor {
	struct driver driver;
	struct conn_service *service;
	struct ev_loop *loop;
	struct reactor_options options;
	struct gate *gates; /* one per listener */
	bool accepting;	    /* gates are watched, but for closed ones */
	bool finishing;	    /* each gate closes when nobody waits there */
	bool paused;	    /* until the next tick: descriptors were short */
	bool held;	    /* until the next tick: no ready gate is watched */
	bool blocking;	    /* the poll of this turn may block */
	bool changed;	    /* in what is watched: libev tells epoll in its next run */
	uint64_t swept_ms, warned_ms;
	ev_timer tick; /* wakes the poll once a second */
	ev_io wake;
	void (*woken)(void *data);
	void *woken_data;
	struct block_pool links;
	struct handback back;
	ev_io returning;    /* some are in it, and in haste */
	unsigned stirred;   /* links that are */
	bool awaits;	    /* every one that comes back */
	int descriptor;	    /* nested: of its epoll */
	struct list buried; /* closed connections, freed at the end of the turn */
	struct list open;   /* all connections that have not closed */
};

/* Watches io, or not any more; the only ways to, once the loop runs. */
static inline void watch(struct reactor *r, ev_io *io)
{
	r->changed = r->changed || !ev_is_active(io);
	ev_io_start(r->loop, io);
}

static inline void unwatch(struct reactor *r, ev_io *io)
{
	r->changed = r->changed || ev_is_active(io);
	ev_io_stop(r->loop, io);
}

/* c, which was lent, comes back. */
void reactor_take_back(struct reactor *r, struct conn *c);

/* Begins a connection that was just accepted; fd is its own. */
void reactor_begin(struct reactor *r, const struct listener *from, int fd,
		   const struct sockaddr_storage *peer);

/* accept.c: the gates, one per listener. */
MUST_CHECK int gates_new(struct reactor *r);
void gates_start(struct reactor *r);

/* A tick: what made accepting pause may be over. */
void gates_resume(struct reactor *r);

/* All are to be asked, whether or not somebody was seen to wait there. */
void gates_ask(struct reactor *r);

/* Accepts what is to be accepted in this turn. */
void gates_accept(struct reactor *r);

#endif

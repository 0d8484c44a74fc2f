/* Between the files of the reactor: its state. */
#ifndef UCORN_CONN_REACTOR_STATE_H
#define UCORN_CONN_REACTOR_STATE_H

#include <ev.h>

#include "ucorn/conn/reactor.h"

/* A connection with its watchers. */
struct link {
	struct conn conn;
	struct reactor *reactor;
	struct list open; /* on the reactor's list */
	ev_io read, write;
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
	bool blocking;	    /* the poll of this turn may block */
	bool changed;	    /* in what is watched: libev tells epoll in its next run */
	uint64_t swept_ms, warned_ms;
	ev_timer tick; /* wakes the poll once a second */
	ev_io wake;
	void (*woken)(void *data);
	void *woken_data;
	struct block_pool links;
	struct list buried; /* closed connections, freed at the end of the turn */
	struct list open;   /* all connections that have not closed */
};

#endif

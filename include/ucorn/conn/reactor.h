/* The driver on libev: accepts, watches descriptors, keeps time.
 *
 * One turn: poll, parse what has come, run applications, accept, end what is
 * overdue, free what has closed. */
#ifndef UCORN_CONN_REACTOR_H
#define UCORN_CONN_REACTOR_H

#include "ucorn/conn/drive.h"

struct reactor;

struct accept_policy {
	unsigned batch;	      /* connections taken per turn at most */
	unsigned patience_ms; /* so long a newcomer is left to others */
	unsigned again_ms;    /* meanwhile: from one look at this to the next */
};

struct reactor_options {
	const struct listener *listeners; /* borrowed */
	size_t n_listeners;
	unsigned max_connections; /* beyond it idle ones are closed to make room */
	double tick_s;		  /* a turn ends after this long at most */
	driver_dispatch *dispatch;
	void *dispatch_data;
	bool exclusive; /* no other application runs while one has not finished */
	bool nested;	/* turns do not wait: another loop does, for reactor_descriptor */
	/* What is to become of newcomers when so many requests wait here, and so many are about
	 * to come. */
	struct accept_policy (*policy)(void *dispatch_data, unsigned waiting, unsigned coming);
	/* Round a poll that may block; NULL: nothing to do. */
	void (*release)(void);
	void (*acquire)(void);
};

/* NULL when memory or descriptors are short. */
MUST_CHECK struct reactor *reactor_new(struct conn_service *s, const struct reactor_options *o);

/* Closes all connections, but for those that are lent: their memory stays theirs. */
void reactor_free(struct reactor *r);

/* Ends turns of a blocking poll when fd is readable; called(data) runs then, in
 * the turn.  fd stays the caller's. */
void reactor_wake_on(struct reactor *r, int fd, void (*called)(void *data), void *data);

/* From now on turns end after that time, too. */
void reactor_tick_every(struct reactor *r, double seconds);

/* One turn; blocks for tick_s at most. */
void reactor_turn(struct reactor *r);

/* Takes the connections that wait at the listeners from number first on, at most
 * max at each: before these are closed, which would reset them. */
void reactor_accept_waiting(struct reactor *r, size_t first, unsigned max);

/* Goes on accepting, turn by turn, until nobody waits at any listener; then
 * reactor_is_accepting gives false. */
void reactor_finish_accepting(struct reactor *r);
bool reactor_is_accepting(const struct reactor *r);

/* Takes no further connection; the listeners themselves stay open. */
void reactor_stop_accepting(struct reactor *r);

/* The descriptor that is readable when there is something for a turn: its loop's epoll.
 * After reactor_wake_on; -ENOENT: it cannot be found. */
MUST_CHECK int reactor_descriptor(struct reactor *r);

/* Whether another turn has to follow at once, before a wait for that descriptor. */
bool reactor_is_due(const struct reactor *r);

/* A connection comes back from the application side it was lent to, on the reactor's
 * thread and outside of a turn; a turn has to follow. */
void reactor_settle_back(struct reactor *r, struct conn *c);
/* In any thread: c, which dispatch has lent, comes back.  Without haste that may be a while
 * from now: when something else wakes the loop. */
void reactor_hand_back(struct reactor *r, struct conn *c, bool haste);

/* From now on the loop wakes for each that comes back. */
void reactor_await(struct reactor *r);

/* driver_cut */
bool reactor_cut(struct reactor *r, struct conn *c);

/* Closes the connections between requests. */
void reactor_close_idle(struct reactor *r);

#endif

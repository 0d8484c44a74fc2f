/* The driver: what to do with a connection that says what it wants.
 *
 * Events of descriptors only parse and queue; applications run from one run
 * queue, after all events of a turn.  How descriptors are watched is the
 * driver_ops' business: libev (reactor.h), a greenlet hub, an IOLoop. */
#ifndef UCORN_CONN_DRIVE_H
#define UCORN_CONN_DRIVE_H

#include "ucorn/conn/conn.h"

struct driver;

struct driver_ops {
	/* c waits for want (WANT_READ or WANT_WRITE): driver_ready is to be called
	 * when that can be had.  What it waited for before is forgotten. */
	void (*watch)(struct driver *d, struct conn *c, enum want want);

	/* c has closed: its storage may be freed, but not before the current
	 * event's callback has returned. */
	void (*drop)(struct driver *d, struct conn *c);
};

/* Runs the application for c and gives what c wants next. */
typedef enum want driver_dispatch(void *data, struct conn *c);

struct driver {
	const struct driver_ops *ops;
	struct conn_service *service;
	driver_dispatch *dispatch;
	void *dispatch_data;
	bool exclusive;		 /* no other application runs while one has not finished */
	struct list run;	 /* connections that want their application, first come first */
	unsigned fresh;		 /* of these: not begun yet */
	unsigned lent;		 /* connections that the application side has */
	unsigned doubtful_turns; /* for so many: clients have had time to go unnoticed */
	struct conn *holder;	 /* exclusive: whose application has not finished, or NULL */
};

void driver_init(struct driver *d, const struct driver_ops *ops, struct conn_service *s);

/* c (just begun, or back from wherever it was lent to) wants that. */
void driver_settle(struct driver *d, struct conn *c, enum want want);

/* What c waits for can be had. */
void driver_ready(struct driver *d, struct conn *c);

/* Something has happened on c's descriptor that c does not wait for: if the client
 * has gone, a request that has not begun is dropped. */
void driver_stir(struct driver *d, struct conn *c);

/* Whether driver_run would run an application now. */
bool driver_has_work(const struct driver *d);

/* Runs applications until there is nothing to run, max were run, or max_ms have
 * passed. */
void driver_run(struct driver *d, unsigned max, unsigned max_ms);

/* c comes back from where dispatch has lent it to. */
void driver_take_back(struct driver *d, struct conn *c);

/* Cuts c, whose application has not finished and does not run on this thread: that learns of
 * it in its next turn, or when it waits for the client.  False: it is cut already, or the
 * client has gone by itself. */
bool driver_cut(struct driver *d, struct conn *c);

/* Ends what is overdue at service->now_ms, each after a last look whether what it
 * waited for has come. */
void driver_sweep(struct driver *d);

/* Whether there is one that driver_shed could close. */
bool driver_can_shed(const struct driver *d);

/* Closes a connection to make room for another: the one longest idle, else the one
 * whose head takes longest, if that is slow already; after a last look whether its
 * request has come.  False: there was none of either. */
bool driver_shed(struct driver *d);

/* Closes connections between requests, each after a last look whether a request
 * has come. */
void driver_close_idle(struct driver *d);

#endif

/* Connections on their way back from the threads of applications to the loop's. */
#ifndef UCORN_CONN_HANDBACK_H
#define UCORN_CONN_HANDBACK_H

#include <pthread.h>

#include "ucorn/conn/conn.h"

struct handback {
	pthread_mutex_t lock;
	struct list back; /* by their run nodes, first come first */
	bool awaited;	  /* the loop is to be woken for any of them */
	bool waking;	  /* fd is readable, or about to be */
	int fd;		  /* readable when the loop is to wake */
};

/* 0, or -errno: no descriptor. */
MUST_CHECK int handback_init(struct handback *h);
void handback_release(struct handback *h);

/* In any thread: c is the loop's again.  In haste the loop is woken for it, else it comes
 * with whatever wakes the loop next, unless that awaits some. */
void handback_put(struct handback *h, struct conn *c, bool haste);

/* In the loop's thread: all that have come back, moved to the end of list; to be called
 * before the loop may sleep.  awaited: for those that come from now on. */
void handback_take(struct handback *h, struct list *list, bool awaited);

/* In the loop's thread: fd was readable. */
void handback_woken(struct handback *h);

/* In the loop's thread: somebody wants to be told of each that comes back. */
void handback_await(struct handback *h);

#endif

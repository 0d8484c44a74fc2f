/* Deadlines of connections.  Within a kind all durations are equal, so each
 * kind is one list in order of expiry: setting one is an append, and a sweep
 * looks at the heads only.  No timer per connection. */
#ifndef UCORN_CONN_DEADLINES_H
#define UCORN_CONN_DEADLINES_H

#include "ucorn/util/list.h"

enum deadline_kind {
	DEADLINE_HEAD,	    /* total, from a request's first byte to its last head byte */
	DEADLINE_BODY,	    /* between two bytes of a body */
	DEADLINE_SEND,	    /* between two bytes that the client takes */
	DEADLINE_KEEPALIVE, /* from an answer to the next request */
	DEADLINE_LINGER,    /* from our last byte to the client's close */
	DEADLINE_KINDS
};

struct deadlines {
	struct list lists[DEADLINE_KINDS];
	unsigned duration_ms[DEADLINE_KINDS]; /* 0: never */
};

/* Part of a connection; on at most one list. */
struct deadline {
	struct list node;
	uint64_t since_ms; /* when it was set */
	uint64_t at_ms;	   /* UINT64_MAX: never */
};

void deadlines_init(struct deadlines *ds);

static inline void deadline_clear(struct deadline *d)
{
	list_remove(&d->node);
}

/* (Re)starts d as a deadline of that kind. */
static inline void deadline_set(struct deadlines *ds, struct deadline *d, enum deadline_kind kind,
				uint64_t now_ms)
{
	unsigned duration_ms = ds->duration_ms[kind];

	list_remove(&d->node);
	d->since_ms = now_ms;
	d->at_ms = duration_ms > 0 ? now_ms + duration_ms : UINT64_MAX;
	list_append(&ds->lists[kind], &d->node);
}

/* A deadline that has passed, or NULL; the caller clears or renews it. */
struct deadline *deadlines_expired(struct deadlines *ds, uint64_t now_ms);

/* The deadline of that kind that is due first, or NULL. */
struct deadline *deadlines_first(const struct deadlines *ds, enum deadline_kind kind);

#endif

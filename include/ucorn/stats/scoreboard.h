/* What master and workers tell each other, in shared anonymous memory: one
 * slot per child, its index the child's slot in the master. */
#ifndef UCORN_STATS_SCOREBOARD_H
#define UCORN_STATS_SCOREBOARD_H

#include <stdatomic.h>

#include "ucorn/util/base.h"

enum score_state {
	SCORE_EMPTY,
	SCORE_BOOTING, /* forked, application not yet imported */
	SCORE_READY,   /* serving */
	SCORE_LEAVING, /* finishing its requests */
};

/* Written by the worker, read by the master (but for state EMPTY/BOOTING and
 * beat at fork, set by the master).  One cache line pair per slot. */
struct score_slot {
	_Alignas(128) _Atomic uint32_t state;
	_Atomic uint32_t connections; /* open now */
	_Atomic uint64_t beat_ms;     /* clock_ms() of the last sign of life */
	_Atomic uint64_t requests;    /* handed to the application since its fork */
	_Atomic uint32_t busy;	      /* requests in the application now */
	_Atomic uint64_t spooled;     /* bytes in its temporary files */
};

struct scoreboard {
	_Atomic bool stopping;	  /* the whole server stops: idle connections are closed at once */
	_Atomic uint64_t spooled; /* bytes in the temporary files of all workers */
	unsigned slot_count;
	struct score_slot slots[];
};

/* Mapped before the first fork, so that every child shares it; pages cost
 * memory when they are first used.  NULL when it cannot be mapped. */
MUST_CHECK struct scoreboard *scoreboard_new(unsigned slot_count);
void scoreboard_free(struct scoreboard *sb);

/* Makes a slot ready for a child that is about to be forked. */
void scoreboard_begin(struct score_slot *slot, uint64_t now_ms);

/* The child of that slot has gone, and its temporary files with it. */
void scoreboard_end(struct scoreboard *sb, struct score_slot *slot);

#endif

/* What master and workers tell each other, in shared anonymous memory: one
 * slot per child, its index the child's slot in the master. */
#ifndef UCORN_STATS_SCOREBOARD_H
#define UCORN_STATS_SCOREBOARD_H

#include <stdatomic.h>

#include "ucorn/util/slice.h"

enum score_state {
	SCORE_EMPTY,
	SCORE_BOOTING, /* forked, application not yet imported */
	SCORE_READY,   /* serving */
	SCORE_TIRED,   /* serving, until another one can take its place */
	SCORE_LEAVING, /* finishing its requests */
};

/* Requests of one worker that the master can name; of further ones it knows the number. */
enum { SCORE_HAND_MAX = 32 };

/* A request that the application has in hand, as much of it as there is room for. */
struct score_request {
	_Atomic uint64_t since_ms; /* clock_ms() when it got it; 0: there is none */
	uint8_t method_len, target_len;
	char method[16];
	char target[102];
};

/* Written by the worker, read by the master (but for state EMPTY/BOOTING and
 * beat at fork, set by the master).  What is written for each turn is on one pair
 * of cache lines. */
struct score_slot {
	_Alignas(128) _Atomic uint32_t state;
	_Atomic uint32_t connections; /* open now */
	_Atomic uint64_t beat_ms;     /* clock_ms() of the last sign of life */
	_Atomic uint64_t requests;    /* handed to the application since its fork */
	_Atomic uint32_t busy;	      /* requests in the application now */
	_Atomic bool served;	      /* it has been READY, whatever it is now */
	_Atomic bool entered;	      /* a class of the user's runs, and may be about to serve */
	_Atomic bool relieved;	      /* it leaves by the master's leave, or its own: others see to
					 the sockets */
	_Atomic bool sees_to_hangs;   /* of requests: itself, as they keep it from nothing */
	_Atomic uint64_t spooled;     /* bytes in its temporary files */
	_Alignas(128) struct score_request hand[SCORE_HAND_MAX];
};

struct scoreboard {
	_Atomic bool stopping; /* the whole server stops: idle connections are closed at once */
	_Atomic bool draining; /* and nobody comes after it: what waits at the sockets is served */
	/* clock_ms() until when somebody may come to them, too, who has connected before */
	_Atomic uint64_t coming_until_ms;
	_Atomic uint64_t spooled; /* bytes in the temporary files of all workers */
	_Atomic uint32_t used; /* slots from here on have never been: reading them costs memory */
	struct score_slot slots[];
};

/* Mapped before the first fork, so that every child shares it; pages cost
 * memory when they are first used.  NULL when it cannot be mapped. */
MUST_CHECK struct scoreboard *scoreboard_new(unsigned slot_count);
/* slot_count: as at its making; it is not noted there, where every worker can write. */
void scoreboard_free(struct scoreboard *sb, unsigned slot_count);

/* Makes a slot ready for a child that is about to be forked. */
void scoreboard_begin(struct scoreboard *sb, struct score_slot *slot, uint64_t now_ms);

/* In the worker: the request is in hand since now_ms; it is no more. */
void score_request_begin(struct score_request *r, struct slice method, struct slice target,
			 uint64_t now_ms);
void score_request_end(struct score_request *r);

/* In the master: a copy of what the request was when it was looked at.  False: there
 * is none.  The worker may be about to write another one: then the text is of both, and
 * as bounded and as little to be trusted as what clients send always is. */
MUST_CHECK bool score_request_read(const struct score_request *r, struct score_request *copy);

/* The child of that slot has gone, and its temporary files with it. */
void scoreboard_end(struct scoreboard *sb, struct score_slot *slot);

#endif

/* Free lists of equally large blocks, and an arena on top of them.
 *
 * One pool belongs to one thread, unless it has a lock.  Blocks that are given back stay in the pool
 * up to keep_max, so that a busy worker allocates nothing per request. */
#ifndef UCORN_UTIL_BLOCKS_H
#define UCORN_UTIL_BLOCKS_H

#include <pthread.h>

#include "ucorn/util/slice.h"

struct block_pool {
	size_t block_bytes;
	unsigned kept, keep_max;
	void *free;	       /* each free block's first word points to the next */
	pthread_mutex_t *lock; /* borrowed; NULL: none */
};

void block_pool_init(struct block_pool *pool, size_t block_bytes, unsigned keep_max);

/* Frees what is kept.  Blocks still out are their holders'. */
void block_pool_release(struct block_pool *pool);

/* A block of pool->block_bytes, not zeroed; NULL when memory is short. */
MUST_CHECK void *block_get(struct block_pool *pool);
void block_put(struct block_pool *pool, void *block);

/* An arena: everything allocated for one request, given back at once.
 * A zeroed arena with its pool set is valid and empty. */
struct arena {
	struct block_pool *pool;
	struct arena_block *blocks; /* newest first */
	char *at, *end;		    /* free part of the newest block */
};

void arena_init(struct arena *a, struct block_pool *pool);

/* len bytes aligned for any type, not zeroed; NULL when memory is short.
 * Valid until arena_reset. */
MUST_CHECK void *arena_alloc(struct arena *a, size_t len);

/* A copy of bytes in the arena; a NULL base when memory is short. */
MUST_CHECK struct slice arena_copy(struct arena *a, struct slice bytes);

/* Gives all memory back to the pool. */
void arena_reset(struct arena *a);

#endif

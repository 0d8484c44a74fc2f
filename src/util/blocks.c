/* Blocks of one size on a free list, and arenas that are built from them.
 *
 * An arena hands out a block's bytes front to back; nothing is given back
 * singly.  What does not fit into a block gets memory of its own, which stands
 * behind the newest block so that the rest of that one stays in use.
 *
 * Memory that nobody should touch (blocks on the free list, the part of an
 * arena's block that was not handed out) is poisoned for AddressSanitizer:
 * recycling memory would hide the very errors that it looks for. */
#include "ucorn/util/blocks.h"

#include <sanitizer/asan_interface.h>
#include <stdalign.h>
#include <stdlib.h>

enum { ARENA_ALIGN = alignof(max_align_t) };

struct arena_block {
	alignas(max_align_t) struct arena_block *next;
	bool pooled;
};

void block_pool_init(struct block_pool *pool, size_t block_bytes, unsigned keep_max)
{
	*pool = (struct block_pool){.block_bytes = block_bytes, .keep_max = keep_max};
	if (pool->block_bytes < sizeof(void *))
		pool->block_bytes = sizeof(void *);
}

void block_pool_release(struct block_pool *pool)
{
	while (pool->kept > 0)
		free(block_get(pool));
}

static void *take(struct block_pool *pool)
{
	void *block = pool->free;

	if (!block)
		return NULL;
	ASAN_UNPOISON_MEMORY_REGION(block, pool->block_bytes);
	memcpy(&pool->free, block, sizeof(pool->free));
	pool->kept--;
	return block;
}

/* False: there are enough already. */
static bool keep(struct block_pool *pool, void *block)
{
	if (pool->kept >= pool->keep_max)
		return false;
	memcpy(block, &pool->free, sizeof(pool->free));
	pool->free = block;
	pool->kept++;
	ASAN_POISON_MEMORY_REGION(block, pool->block_bytes);
	return true;
}

void *block_get(struct block_pool *pool)
{
	void *block;

	if (pool->lock)
		pthread_mutex_lock(pool->lock);
	block = take(pool);
	if (pool->lock)
		pthread_mutex_unlock(pool->lock);
	return block ? block : malloc(pool->block_bytes);
}

void block_put(struct block_pool *pool, void *block)
{
	bool kept;

	if (!block)
		return;
	if (pool->lock)
		pthread_mutex_lock(pool->lock);
	kept = keep(pool, block);
	if (pool->lock)
		pthread_mutex_unlock(pool->lock);
	if (!kept)
		free(block);
}

void arena_init(struct arena *a, struct block_pool *pool)
{
	*a = (struct arena){.pool = pool};
}

static void *alloc_alone(struct arena *a, size_t len)
{
	if (len > SIZE_MAX - sizeof(struct arena_block))
		return NULL;

	struct arena_block *block = malloc(sizeof(*block) + len);

	if (!block)
		return NULL;
	block->pooled = false;
	if (a->blocks) {
		block->next = a->blocks->next;
		a->blocks->next = block;
	} else {
		block->next = NULL;
		a->blocks = block;
	}
	return block + 1;
}

static bool add_block(struct arena *a)
{
	struct arena_block *block = block_get(a->pool);

	if (!block)
		return false;
	block->pooled = true;
	block->next = a->blocks;
	a->blocks = block;
	a->at = (char *)(block + 1);
	a->end = (char *)block + a->pool->block_bytes;
	ASAN_POISON_MEMORY_REGION(a->at, (size_t)(a->end - a->at));
	return true;
}

void *arena_alloc(struct arena *a, size_t len)
{
	if (len == 0)
		len = 1; /* NULL means that memory is short */

	size_t rounded = (len + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

	if (rounded < len || rounded + sizeof(struct arena_block) > a->pool->block_bytes)
		return alloc_alone(a, len);
	if (rounded > (size_t)(a->end - a->at) && !add_block(a))
		return NULL;

	void *bytes = a->at;

	a->at += rounded;
	ASAN_UNPOISON_MEMORY_REGION(bytes, len);
	return bytes;
}

struct slice arena_copy(struct arena *a, struct slice bytes)
{
	char *copy = arena_alloc(a, bytes.len);

	if (!copy)
		return slice_of(NULL, 0);
	if (bytes.len > 0)
		memcpy(copy, bytes.base, bytes.len);
	return slice_of(copy, bytes.len);
}

void arena_reset(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *block = a->blocks;

		a->blocks = block->next;
		if (block->pooled) {
			ASAN_UNPOISON_MEMORY_REGION(block, a->pool->block_bytes);
			block_put(a->pool, block);
		} else {
			free(block);
		}
	}
	a->at = a->end = NULL;
}

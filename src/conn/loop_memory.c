/* libev ends the process when it cannot have memory; a server rather refuses a
 * client.  Its tables grow with the number of descriptors, which is bounded, so
 * what they can come to need is kept back at the start.
 *
 * The reserve is touched only when realloc fails.  Blocks in it are handed out one
 * behind the other and never taken back: tables grow by doubling, so all that one
 * ever had is less than twice what it has. */
#include "loop_memory.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIXED_BYTES = 64 * 1024,
	BYTES_PER_DESCRIPTOR = 256, /* in all tables, with what they had before */
	ALIGN = alignof(max_align_t),
};

static struct {
	char *base;
	size_t len, used;
} reserve;

/* Before each block of the reserve. */
struct header {
	alignas(ALIGN) size_t len;
};

void loop_memory_reserve(unsigned descriptors)
{
	size_t len = FIXED_BYTES + (size_t)descriptors * BYTES_PER_DESCRIPTOR;

	if (reserve.base)
		return;
	reserve.base = malloc(len);
	reserve.len = reserve.base ? len : 0;
}

static bool is_reserved(const char *block)
{
	return reserve.base && block >= reserve.base && block < reserve.base + reserve.len;
}

static size_t length_of(void *block)
{
	if (!block)
		return 0;
	return is_reserved(block) ? ((struct header *)block - 1)->len : malloc_usable_size(block);
}

static void *take_reserved(size_t size)
{
	size_t needed = sizeof(struct header) + (size + ALIGN - 1) / ALIGN * ALIGN;
	struct header *header;

	if (needed > reserve.len - reserve.used)
		return NULL;
	header = (void *)(reserve.base + reserve.used);
	header->len = size;
	reserve.used += needed;
	return header + 1;
}

static void give_back(void *block)
{
	if (!is_reserved(block))
		free(block);
}

void *loop_memory(void *old, long size)
{
	size_t len = (size_t)size, old_len = length_of(old);
	bool was_reserved = is_reserved(old);
	void *new;

	if (size == 0) {
		give_back(old);
		return NULL;
	}
	new = was_reserved ? malloc(len) : realloc(old, len);
	if (new && !was_reserved)
		return new;
	if (!new)
		new = take_reserved(len);
	if (!new)
		return NULL;
	if (old)
		memcpy(new, old, old_len < len ? old_len : len);
	give_back(old);
	return new;
}

/* The scoreboard: one shared mapping, made before the first fork.
 *
 * Every field has one writer at a time and is read on its own, so plain atomics
 * do and no lock can be left held by a child that dies.  The mapping is sized
 * for the most children there can ever be and never grows: untouched slots cost
 * address space only, and MAP_NORESERVE keeps them out of the commit charge. */
#include "ucorn/stats/scoreboard.h"

#include <sys/mman.h>

static size_t mapped_bytes(unsigned slot_count)
{
	return sizeof(struct scoreboard) + slot_count * sizeof(struct score_slot);
}

struct scoreboard *scoreboard_new(unsigned slot_count)
{
	struct scoreboard *sb = mmap(NULL, mapped_bytes(slot_count), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (sb == MAP_FAILED)
		return NULL;
	return sb;
}

void scoreboard_free(struct scoreboard *sb, unsigned slot_count)
{
	if (sb)
		munmap(sb, mapped_bytes(slot_count));
}

/* The beat comes before the state: whoever sees BOOTING must not judge the new
 * child by the last sign of life of the one before it. */
void scoreboard_begin(struct scoreboard *sb, struct score_slot *slot, uint64_t now_ms)
{
	uint32_t number = (uint32_t)(slot - sb->slots) + 1;

	if (atomic_load(&sb->used) < number)
		atomic_store(&sb->used, number);
	atomic_store(&slot->connections, 0);
	atomic_store(&slot->requests, 0);
	atomic_store(&slot->busy, 0);
	atomic_store(&slot->served, false);
	atomic_store(&slot->entered, false);
	atomic_store(&slot->relieved, false);
	atomic_store(&slot->sees_to_hangs, false);
	for (size_t i = 0; i < SCORE_HAND_MAX; i++)
		score_request_end(&slot->hand[i]);
	atomic_store(&slot->beat_ms, now_ms);
	atomic_store(&slot->state, SCORE_BOOTING);
}

void scoreboard_end(struct scoreboard *sb, struct score_slot *slot)
{
	atomic_fetch_sub(&sb->spooled, atomic_exchange(&slot->spooled, 0));
	atomic_store(&slot->state, SCORE_EMPTY);
}

static uint8_t copy_cut(char *to, size_t room, struct slice from)
{
	size_t len = from.len < room ? from.len : room;

	memcpy(to, from.base, len);
	return (uint8_t)len;
}

/* The time comes last, so that what is seen of a request is whole but for the one
 * moment in which its place is used again. */
void score_request_begin(struct score_request *r, struct slice method, struct slice target,
			 uint64_t now_ms)
{
	r->method_len = copy_cut(r->method, sizeof(r->method), method);
	r->target_len = copy_cut(r->target, sizeof(r->target), target);
	atomic_store_explicit(&r->since_ms, now_ms, memory_order_release);
}

void score_request_end(struct score_request *r)
{
	atomic_store_explicit(&r->since_ms, 0, memory_order_relaxed);
}

bool score_request_read(const struct score_request *r, struct score_request *copy)
{
	copy->since_ms = atomic_load_explicit(&r->since_ms, memory_order_acquire);
	if (copy->since_ms == 0)
		return false;
	memcpy(copy->method, r->method, sizeof(copy->method));
	memcpy(copy->target, r->target, sizeof(copy->target));
	copy->method_len = r->method_len;
	copy->target_len = r->target_len;
	if (copy->method_len > sizeof(copy->method) || copy->target_len > sizeof(copy->target))
		return false;
	return true;
}

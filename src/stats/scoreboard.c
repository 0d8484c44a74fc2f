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
	sb->slot_count = slot_count;
	return sb;
}

void scoreboard_free(struct scoreboard *sb)
{
	if (sb)
		munmap(sb, mapped_bytes(sb->slot_count));
}

/* The beat comes before the state: whoever sees BOOTING must not judge the new
 * child by the last sign of life of the one before it. */
void scoreboard_begin(struct score_slot *slot, uint64_t now_ms)
{
	atomic_store(&slot->connections, 0);
	atomic_store(&slot->requests, 0);
	atomic_store(&slot->busy, 0);
	atomic_store(&slot->beat_ms, now_ms);
	atomic_store(&slot->state, SCORE_BOOTING);
}

void scoreboard_end(struct scoreboard *sb, struct score_slot *slot)
{
	atomic_fetch_sub(&sb->spooled, atomic_exchange(&slot->spooled, 0));
	atomic_store(&slot->state, SCORE_EMPTY);
}

/* Deadline lists: one per kind, each in order of expiry because all deadlines
 * of a kind last equally long and are appended when they are set. */
#include "ucorn/conn/deadlines.h"

void deadlines_init(struct deadlines *ds)
{
	for (unsigned kind = 0; kind < DEADLINE_KINDS; kind++)
		list_init(&ds->lists[kind]);
}

struct deadline *deadlines_first(const struct deadlines *ds, enum deadline_kind kind)
{
	struct list *node = list_first(&ds->lists[kind]);

	return node ? container_of(node, struct deadline, node) : NULL;
}

struct deadline *deadlines_expired(struct deadlines *ds, uint64_t now_ms)
{
	for (unsigned kind = 0; kind < DEADLINE_KINDS; kind++) {
		struct deadline *d = deadlines_first(ds, kind);

		if (d && d->at_ms <= now_ms)
			return d;
	}
	return NULL;
}

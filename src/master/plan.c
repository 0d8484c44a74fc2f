/* What should become of the children.
 *
 * Reconciling is a pure question: given who is alive, how many are wanted, and
 * what the time is, who is forked and who has to leave?  Everything here only
 * looks at the structs, so each rule can be tested without a process:
 *
 * - A reload adds a generation.  The earlier one goes in step with the new one's
 *   getting ready, so the server never has fewer serving workers than before, and
 *   when the new code does not boot, nothing is lost but the attempt.
 * - A worker that ends before it serves makes the next fork wait, 100 ms first
 *   (1 s for a reload), doubling to 30 s; while that lasts one worker at a time
 *   is tried, so that a crash loop costs little and fills no disk.  When one is
 *   ready the others follow at once; the memory of the failure goes after it has
 *   served for a while, since workers may also die right after they are ready.
 * - A worker that is tired (max_requests) serves until its replacement is ready.  One
 *   that leaves by itself no longer counts as alive: its replacement boots while it
 *   finishes. */
#include "children.h"

#include <assert.h>

enum { BACKOFF_MAX_MS = 30000, SETTLED_MS = 1000 };

#ifndef NDEBUG
/* The states that may follow, as bits. */
static const unsigned successors[] = {
	[CHILD_NONE] = 1U << CHILD_BOOTING,
	[CHILD_BOOTING] = 1U << CHILD_READY | 1U << CHILD_LEAVING | 1U << CHILD_ABORTED |
			  1U << CHILD_KILLED | 1U << CHILD_NONE,
	[CHILD_READY] =
		1U << CHILD_LEAVING | 1U << CHILD_ABORTED | 1U << CHILD_KILLED | 1U << CHILD_NONE,
	[CHILD_LEAVING] =
		1U << CHILD_LEAVING | 1U << CHILD_ABORTED | 1U << CHILD_KILLED | 1U << CHILD_NONE,
	[CHILD_ABORTED] = 1U << CHILD_KILLED | 1U << CHILD_NONE,
	[CHILD_KILLED] = 1U << CHILD_NONE,
};
#endif

void child_set_state(struct children *c, struct child *child, enum child_state state,
		     uint64_t due_ms)
{
	assert(successors[child->state] & 1U << state);

	if (child->state == CHILD_NONE)
		c->alive++;
	if (state == CHILD_NONE)
		c->alive--;
	child->state = state;
	child->due_ms = due_ms;

	unsigned index = (unsigned)(child - c->slots);

	if (index >= c->slots_used)
		c->slots_used = index + 1;
	while (c->slots_used > 0 && c->slots[c->slots_used - 1].state == CHILD_NONE)
		c->slots_used--;
}

struct child *children_free_slot(struct children *c)
{
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		if (c->slots[i].state == CHILD_NONE)
			return &c->slots[i];
	}
	return NULL;
}

unsigned children_count(const struct children *c, bool current, enum child_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->slots_used; i++) {
		const struct child *child = &c->slots[i];

		if (child->state == state && (child->generation == c->generation) == current)
			n++;
	}
	return n;
}

static bool is_tired(const struct children *c, const struct child *child)
{
	return child->tired && child->state == CHILD_READY && child->generation == c->generation;
}

static unsigned count_tired(const struct children *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->slots_used; i++)
		n += is_tired(c, &c->slots[i]);
	return n;
}

/* Those that are killed because they do not get ready: what their end means is not known
 * before it. */
static unsigned count_dying_boots(const struct children *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->slots_used; i++) {
		const struct child *child = &c->slots[i];

		n += child->state >= CHILD_ABORTED && child->ready_ms == 0 &&
		     !child->asked_to_leave && child->generation == c->generation;
	}
	return n;
}

/* Those of the current generation that stay, or may: the tired are as good as gone. */
static unsigned count_staying(const struct children *c)
{
	return children_count(c, true, CHILD_BOOTING) + children_count(c, true, CHILD_READY) -
	       count_tired(c);
}

bool children_old_serve(const struct children *c)
{
	return children_count(c, false, CHILD_READY) > 0;
}

static bool generation_serves(const struct children *c)
{
	return children_count(c, true, CHILD_READY) > 0;
}

bool plan_is_settled(const struct children *c)
{
	return generation_serves(c) || (c->wanted == 0 && c->alive == 0);
}

/* The forks that a pause allows when missing ones are wanted and boot at present. */
static unsigned paced(const struct backoff *b, unsigned missing, unsigned boot, uint64_t now_ms)
{
	if (b->until_ms == 0 || missing == 0)
		return missing;
	return now_ms < b->until_ms || boot > 0 ? 0 : 1;
}

unsigned plan_spawns(const struct children *c, uint64_t now_ms)
{
	unsigned staying = count_staying(c) + count_dying_boots(c);

	if (staying >= c->wanted)
		return 0;
	return paced(&c->backoff, c->wanted - staying, children_count(c, true, CHILD_BOOTING),
		     now_ms);
}

/* The current generation has tried to boot, and has not. */
static bool has_failed(const struct children *c)
{
	return c->former_generation != NO_GENERATION && c->backoff.delay_ms > 0 &&
	       !generation_serves(c);
}

unsigned plan_relief(const struct children *c, uint64_t now_ms)
{
	unsigned boot = children_count(c, false, CHILD_BOOTING);
	unsigned there = children_count(c, false, CHILD_READY) + boot;

	if (!has_failed(c) || there >= c->previous || c->wanted == 0)
		return 0;
	return paced(&c->relief, c->previous - there, boot, now_ms);
}

static struct child *older(struct child *a, struct child *b)
{
	if (!a || !b)
		return a ? a : b;
	return a->age < b->age ? a : b;
}

/* The oldest child in that state, of the current or of earlier generations; none of
 * the tired. */
static struct child *oldest(struct children *c, bool current, enum child_state state)
{
	struct child *found = NULL;

	for (unsigned i = 0; i < c->slots_used; i++) {
		struct child *child = &c->slots[i];

		if (child->state == state && (child->generation == c->generation) == current &&
		    !is_tired(c, child))
			found = older(found, child);
	}
	return found;
}

static struct child *oldest_tired(struct children *c)
{
	struct child *found = NULL;

	for (unsigned i = 0; i < c->slots_used; i++)
		if (is_tired(c, &c->slots[i]))
			found = older(found, &c->slots[i]);
	return found;
}

/* How many of earlier generations may still serve. */
static unsigned old_allowed(const struct children *c)
{
	unsigned ready = children_count(c, true, CHILD_READY);

	if (ready >= c->wanted || ready >= c->previous)
		return 0;
	return c->previous - ready;
}

/* It serves nobody yet, and what it boots is not wanted any more. */
static struct child *outdated(struct children *c)
{
	bool few = !generation_serves(c) && children_count(c, false, CHILD_READY) < c->previous;
	struct child *found = NULL;

	for (unsigned i = 0; i < c->slots_used; i++) {
		struct child *child = &c->slots[i];
		bool relieves = few && child->generation == c->former_generation;

		if (child->state == CHILD_BOOTING && child->generation != c->generation &&
		    !relieves)
			found = older(found, child);
	}
	return found;
}

/* One that does not serve yet is missed by nobody: so it goes before one that does, the
 * youngest first, unless there are too many without it. */
static struct child *surplus(struct children *c)
{
	struct child *youngest = NULL;

	if (children_count(c, true, CHILD_READY) - count_tired(c) > c->wanted)
		return oldest(c, true, CHILD_READY);
	for (unsigned i = 0; i < c->slots_used; i++) {
		struct child *child = &c->slots[i];

		if (child->state == CHILD_BOOTING && child->generation == c->generation &&
		    (!youngest || child->age > youngest->age))
			youngest = child;
	}
	return youngest;
}

struct child *plan_retirement(struct children *c)
{
	struct child *first = outdated(c);

	if (first)
		return first;
	if (children_count(c, false, CHILD_READY) > old_allowed(c))
		return oldest(c, false, CHILD_READY);
	if (children_count(c, true, CHILD_READY) > c->wanted && count_tired(c) > 0)
		return oldest_tired(c);
	if (count_staying(c) > c->wanted)
		return surplus(c);
	return NULL;
}

enum child_end plan_end(const struct child *child, int wait_status, uint64_t now_ms)
{
	bool left = child->state == CHILD_LEAVING && wait_status == 0;

	if (child->asked_to_leave)
		return END_EXPECTED;
	if (child->ready_ms == 0)
		return END_BOOT_FAILED;
	if (left)
		return END_EXPECTED;
	return now_ms - child->ready_ms < SETTLED_MS ? END_SHORT_LIVED : END_EXPECTED;
}

void plan_generation(struct children *c, unsigned wanted)
{
	c->previous = children_count(c, true, CHILD_READY) + children_count(c, false, CHILD_READY);
	if (c->previous < c->kept_previous)
		c->previous = c->kept_previous; /* some are being replaced */
	c->kept_previous = 0;
	c->former_generation = c->generation;
	c->former_wanted = c->wanted;
	c->generation = ++c->generations;
	c->wanted = wanted;
	c->backoff = c->relief = (struct backoff){0};
}

void plan_former_generation(struct children *c)
{
	c->generation = c->former_generation;
	c->wanted = c->former_wanted;
	c->kept_previous = c->previous;
	c->former_generation = NO_GENERATION;
	c->backoff = c->relief = (struct backoff){0};
}

bool backoff_fail(struct backoff *b, uint64_t first_ms, uint64_t forked_ms, uint64_t now_ms)
{
	if (forked_ms < b->failed_ms)
		return false;
	if (b->delay_ms == 0)
		b->delay_ms = first_ms;
	else if (b->delay_ms < BACKOFF_MAX_MS)
		b->delay_ms *= 2;
	if (b->delay_ms > BACKOFF_MAX_MS)
		b->delay_ms = BACKOFF_MAX_MS;
	b->until_ms = now_ms + b->delay_ms;
	b->failed_ms = now_ms;
	return true;
}

void backoff_ready(struct backoff *b)
{
	b->until_ms = 0;
}

/* One that was ready before the last failure says nothing about those forked
 * since. */
void backoff_serving(struct backoff *b, uint64_t ready_ms, uint64_t now_ms)
{
	if (ready_ms > b->failed_ms && now_ms - ready_ms >= SETTLED_MS)
		*b = (struct backoff){0};
}

/* Only what lies ahead: what is due now has just been done. */
static uint64_t sooner(uint64_t a_ms, uint64_t b_ms, uint64_t now_ms)
{
	return b_ms > now_ms && b_ms < a_ms ? b_ms : a_ms;
}

int plan_wait(const struct children *c, uint64_t now_ms, unsigned tick_ms)
{
	uint64_t due_ms = sooner(now_ms + tick_ms, c->backoff.until_ms, now_ms);

	due_ms = sooner(due_ms, c->relief.until_ms, now_ms);
	for (unsigned i = 0; i < c->slots_used; i++) {
		if (c->slots[i].state != CHILD_NONE)
			due_ms = sooner(due_ms, c->slots[i].due_ms, now_ms);
	}
	return (int)(due_ms - now_ms);
}

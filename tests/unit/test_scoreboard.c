/* The scoreboard is shared with children and costs little before it is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ucorn/stats/scoreboard.h"

enum { SLOTS = 1024 };

static void test_starts_empty(void **state)
{
	struct scoreboard *sb = scoreboard_new(SLOTS);

	UNUSED(state);
	assert_non_null(sb);
	assert_int_equal(sb->slot_count, SLOTS);
	assert_false(sb->stopping);
	for (unsigned i = 0; i < sb->slot_count; i++) {
		assert_int_equal(sb->slots[i].state, SCORE_EMPTY);
		assert_int_equal(sb->slots[i].requests, 0);
	}
	scoreboard_free(sb);
}

static void test_begin_forgets_the_last_child(void **state)
{
	struct scoreboard *sb = scoreboard_new(2);
	struct score_slot *slot = &sb->slots[1];

	UNUSED(state);
	slot->state = SCORE_LEAVING;
	slot->connections = 3;
	slot->requests = 4;
	slot->busy = 5;
	slot->beat_ms = 6;
	scoreboard_begin(slot, 1000);
	assert_int_equal(slot->state, SCORE_BOOTING);
	assert_int_equal(slot->connections, 0);
	assert_int_equal(slot->requests, 0);
	assert_int_equal(slot->busy, 0);
	assert_int_equal(slot->beat_ms, 1000);
	assert_int_equal(sb->slots[0].state, SCORE_EMPTY);
	scoreboard_free(sb);
}

static void test_shared_with_children(void **state)
{
	struct scoreboard *sb = scoreboard_new(SLOTS);
	struct score_slot *slot = &sb->slots[SLOTS - 1];
	int status;

	UNUSED(state);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		slot->requests += 7;
		slot->state = SCORE_READY;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(slot->state, SCORE_READY);
	assert_int_equal(slot->requests, 7);
	scoreboard_free(sb);
}

/* Two workers never write to one cache line. */
static void test_slots_apart(void **state)
{
	UNUSED(state);
	assert_int_equal(sizeof(struct score_slot), 128);
	assert_int_equal(offsetof(struct scoreboard, slots) % 128, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_empty),
		cmocka_unit_test(test_begin_forgets_the_last_child),
		cmocka_unit_test(test_shared_with_children),
		cmocka_unit_test(test_slots_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

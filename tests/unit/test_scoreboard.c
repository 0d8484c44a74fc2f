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
	assert_false(sb->stopping);
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_int_equal(sb->slots[i].state, SCORE_EMPTY);
		assert_int_equal(sb->slots[i].requests, 0);
	}
	scoreboard_free(sb, SLOTS);
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
	scoreboard_begin(sb, slot, 1000);
	assert_int_equal(slot->state, SCORE_BOOTING);
	assert_int_equal(slot->connections, 0);
	assert_int_equal(slot->requests, 0);
	assert_int_equal(slot->busy, 0);
	assert_int_equal(slot->beat_ms, 1000);
	assert_int_equal(sb->slots[0].state, SCORE_EMPTY);
	scoreboard_free(sb, 2);
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
	scoreboard_free(sb, SLOTS);
}

/* Two workers never write to one cache line. */
static void test_slots_apart(void **state)
{
	UNUSED(state);
	assert_int_equal(sizeof(struct score_slot) % 128, 0);
	assert_int_equal(offsetof(struct score_slot, hand), 128);
	assert_int_equal(offsetof(struct scoreboard, slots) % 128, 0);
}

static void test_requests_are_cut_to_their_room(void **state)
{
	static char target[300];
	struct score_request r = {0}, copy;

	UNUSED(state);
	memset(target, 'x', sizeof(target));
	assert_false(score_request_read(&r, &copy));
	score_request_begin(&r, SLICE("GET"), slice_of(target, sizeof(target)), 77);
	assert_true(score_request_read(&r, &copy));
	assert_int_equal(copy.since_ms, 77);
	assert_true(slice_eq(slice_of(copy.method, copy.method_len), SLICE("GET")));
	assert_int_equal(copy.target_len, sizeof(copy.target));
	assert_memory_equal(copy.target, target, sizeof(copy.target));
	score_request_end(&r);
	assert_false(score_request_read(&r, &copy));
}

/* A worker can write anything there before it dies. */
static void test_lengths_are_not_believed(void **state)
{
	struct score_request r = {.since_ms = 1, .target_len = 255}, copy;

	UNUSED(state);
	assert_false(score_request_read(&r, &copy));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_empty),
		cmocka_unit_test(test_begin_forgets_the_last_child),
		cmocka_unit_test(test_shared_with_children),
		cmocka_unit_test(test_slots_apart),
		cmocka_unit_test(test_requests_are_cut_to_their_room),
		cmocka_unit_test(test_lengths_are_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

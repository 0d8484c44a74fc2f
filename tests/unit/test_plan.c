/* The master's decisions, on children that are only written down. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The master's folder is not among the layers that unit tests link. */
#include "master/plan.c"

static struct children c;

static int begin(void **state)
{
	UNUSED(state);
	c = (struct children){.wanted = 4};
	return 0;
}

static struct child *add(enum child_state state)
{
	struct child *child = children_free_slot(&c);

	assert_non_null(child);
	*child = (struct child){.age = ++c.forked, .generation = c.generation};
	child_set_state(&c, child, CHILD_BOOTING, NEVER_MS);
	if (state != CHILD_BOOTING)
		child_set_state(&c, child, state, NEVER_MS);
	return child;
}

static void add_many(unsigned n, enum child_state state)
{
	while (n-- > 0)
		add(state);
}

/* Lets all go that should, and gives how many those are. */
static unsigned retire_all(void)
{
	struct child *child;
	unsigned n = 0;

	while ((child = plan_retirement(&c)) != NULL) {
		child_set_state(&c, child, CHILD_LEAVING, NEVER_MS);
		n++;
	}
	return n;
}

static void slots_are_used_again_from_below(void **state)
{
	UNUSED(state);
	add_many(3, CHILD_READY);
	assert_int_equal(c.slots_used, 3);
	child_set_state(&c, &c.slots[1], CHILD_NONE, NEVER_MS);
	assert_int_equal(c.slots_used, 3);
	assert_int_equal(c.alive, 2);
	assert_ptr_equal(children_free_slot(&c), &c.slots[1]);
	child_set_state(&c, &c.slots[2], CHILD_NONE, NEVER_MS);
	assert_int_equal(c.slots_used, 1);
}

static void there_is_an_end_of_slots(void **state)
{
	UNUSED(state);
	add_many(CHILDREN_MAX, CHILD_BOOTING);
	assert_null(children_free_slot(&c));
}

static void the_missing_are_forked(void **state)
{
	UNUSED(state);
	assert_int_equal(plan_spawns(&c, 1), 4);
	add(CHILD_READY);
	add(CHILD_BOOTING);
	add(CHILD_LEAVING); /* max_requests: its replacement need not wait */
	assert_int_equal(plan_spawns(&c, 1), 2);
	c.wanted = 1;
	assert_int_equal(plan_spawns(&c, 1), 0);
}

static void the_tired_serve_until_others_are_ready(void **state)
{
	struct child *fresh[2];

	UNUSED(state);
	add_many(4, CHILD_READY);
	c.slots[1].tired = c.slots[3].tired = true;
	assert_int_equal(plan_spawns(&c, 1), 2);
	fresh[0] = add(CHILD_BOOTING);
	fresh[1] = add(CHILD_BOOTING);
	assert_int_equal(plan_spawns(&c, 1), 0);
	assert_null(plan_retirement(&c));
	child_set_state(&c, fresh[1], CHILD_READY, NEVER_MS);
	assert_ptr_equal(plan_retirement(&c), &c.slots[1]);
	assert_int_equal(retire_all(), 1);
	child_set_state(&c, fresh[0], CHILD_NONE, NEVER_MS); /* its boot has failed */
	assert_null(plan_retirement(&c));
	assert_int_equal(plan_spawns(&c, 1), 1);
}

static void the_tired_leave_first_when_fewer_are_wanted(void **state)
{
	UNUSED(state);
	add_many(4, CHILD_READY);
	c.slots[2].tired = true;
	c.wanted = 3;
	assert_int_equal(plan_spawns(&c, 1), 0);
	assert_ptr_equal(plan_retirement(&c), &c.slots[2]);
	assert_int_equal(retire_all(), 1);
}

static void the_tired_of_an_old_generation_leave_with_it(void **state)
{
	UNUSED(state);
	add_many(4, CHILD_READY);
	c.slots[2].tired = true;
	plan_generation(&c, 4);
	assert_int_equal(plan_spawns(&c, 1), 4);
	assert_null(plan_retirement(&c));
	add(CHILD_READY);
	assert_int_equal(retire_all(), 1);
}

static void surplus_leaves_oldest_first(void **state)
{
	UNUSED(state);
	add_many(4, CHILD_READY);
	assert_null(plan_retirement(&c));
	c.wanted = 3;
	assert_ptr_equal(plan_retirement(&c), &c.slots[0]);
	assert_int_equal(retire_all(), 1);
}

static void a_new_generation_replaces_in_step(void **state)
{
	UNUSED(state);
	add_many(4, CHILD_READY);
	plan_generation(&c, 4);
	assert_int_equal(plan_spawns(&c, 1), 4);
	add_many(4, CHILD_BOOTING);
	assert_int_equal(retire_all(), 0);
	for (unsigned i = 4; i < 8; i++) {
		child_set_state(&c, &c.slots[i], CHILD_READY, NEVER_MS);
		assert_int_equal(retire_all(), 1);
		assert_int_equal(c.slots[i - 4].state, CHILD_LEAVING);
	}
	assert_false(children_old_serve(&c));
}

static void a_smaller_generation_lets_all_go_when_it_is_complete(void **state)
{
	UNUSED(state);
	add_many(4, CHILD_READY);
	plan_generation(&c, 2);
	add(CHILD_READY);
	assert_int_equal(retire_all(), 1);
	add(CHILD_READY);
	assert_int_equal(retire_all(), 3);
}

static void a_larger_generation_lets_all_go_early(void **state)
{
	UNUSED(state);
	add_many(2, CHILD_READY);
	plan_generation(&c, 4);
	add_many(2, CHILD_READY);
	add_many(2, CHILD_BOOTING);
	assert_int_equal(retire_all(), 2);
}

static void a_generation_that_does_not_boot_costs_nobody(void **state)
{
	UNUSED(state);
	add_many(4, CHILD_READY);
	plan_generation(&c, 4);
	assert_true(backoff_fail(&c.backoff, 1000, 40, 50));
	assert_int_equal(retire_all(), 0);
	assert_true(children_old_serve(&c));
}

static void a_second_reload_ends_boots_that_are_outdated(void **state)
{
	UNUSED(state);
	add_many(4, CHILD_READY);
	plan_generation(&c, 4);
	add_many(4, CHILD_BOOTING);
	plan_generation(&c, 4);
	assert_int_equal(retire_all(), 4);
	assert_int_equal(c.slots[0].state, CHILD_READY);
	assert_int_equal(c.slots[4].state, CHILD_LEAVING);
}

static void those_that_die_meanwhile_are_relieved(void **state)
{
	UNUSED(state);
	c.former_generation = NO_GENERATION;
	add_many(4, CHILD_READY);
	plan_generation(&c, 2);
	child_set_state(&c, &c.slots[0], CHILD_NONE, NEVER_MS);
	assert_int_equal(plan_relief(&c, 60), 0); /* the new ones are on their way */
	backoff_fail(&c.backoff, 1000, 40, 50);
	assert_int_equal(plan_relief(&c, 60), 1);

	struct child *relief = add(CHILD_BOOTING);

	relief->generation = c.former_generation;
	assert_int_equal(plan_relief(&c, 60), 0);
	assert_null(plan_retirement(&c));
	child_set_state(&c, relief, CHILD_READY, NEVER_MS);
	assert_int_equal(retire_all(), 0);
	add(CHILD_READY); /* a new one at last */
	assert_int_equal(retire_all(), 1);
	add(CHILD_READY);
	assert_int_equal(retire_all(), 3);
}

static void relief_is_paced_when_it_does_not_boot_either(void **state)
{
	UNUSED(state);
	c.former_generation = NO_GENERATION;
	add_many(2, CHILD_READY);
	plan_generation(&c, 2);
	backoff_fail(&c.backoff, 1000, 40, 50);
	child_set_state(&c, &c.slots[0], CHILD_NONE, NEVER_MS);
	child_set_state(&c, &c.slots[1], CHILD_NONE, NEVER_MS);
	backoff_fail(&c.relief, 100, 1000, 1000);
	assert_int_equal(plan_relief(&c, 1099), 0);
	assert_int_equal(plan_relief(&c, 1100), 1);
	assert_int_equal(plan_wait(&c, 1060, 1000), 40);
}

static void a_generation_can_be_given_up(void **state)
{
	UNUSED(state);
	c.former_generation = NO_GENERATION;
	add_many(4, CHILD_READY);
	plan_generation(&c, 2);
	add_many(2, CHILD_BOOTING);
	plan_former_generation(&c);
	assert_int_equal(c.wanted, 4);
	assert_int_equal(plan_spawns(&c, 1), 0);
	assert_int_equal(retire_all(), 2); /* those that boot */
	plan_generation(&c, 4);
	assert_int_equal(c.previous, 4);
	assert_int_equal(plan_spawns(&c, 1), 4);
}

/* The second reload came while those that had died were being replaced. */
static void a_generation_that_is_given_up_keeps_its_number(void **state)
{
	struct child *relief;

	UNUSED(state);
	c.former_generation = NO_GENERATION;
	add_many(2, CHILD_READY);
	plan_generation(&c, 2);
	backoff_fail(&c.backoff, 1000, 40, 50);
	child_set_state(&c, &c.slots[0], CHILD_NONE, NEVER_MS);
	relief = add(CHILD_BOOTING);
	relief->generation = c.former_generation;
	plan_former_generation(&c);
	plan_generation(&c, 2);
	assert_int_equal(c.previous, 2);
	assert_null(plan_retirement(&c));
	child_set_state(&c, relief, CHILD_READY, NEVER_MS);
	assert_null(plan_retirement(&c));
}

static void who_boots_is_less_needed_than_who_serves(void **state)
{
	UNUSED(state);
	c.wanted = 2;
	add(CHILD_READY);
	add_many(2, CHILD_BOOTING);
	assert_ptr_equal(plan_retirement(&c), &c.slots[2]);
	assert_int_equal(retire_all(), 1);
	c.wanted = 1;
	assert_ptr_equal(plan_retirement(&c), &c.slots[1]);
}

static void the_replacement_of_a_tired_one_goes_before_those_that_serve(void **state)
{
	UNUSED(state);
	c.wanted = 1;
	add(CHILD_READY)->tired = true;
	add(CHILD_BOOTING);
	assert_null(plan_retirement(&c));
	c.wanted = 0;
	assert_int_equal(retire_all(), 2);
}

static void a_boot_that_is_being_ended_is_not_replaced_before_its_end(void **state)
{
	UNUSED(state);
	c.wanted = 1;
	child_set_state(&c, add(CHILD_BOOTING), CHILD_ABORTED, 100);
	assert_int_equal(plan_spawns(&c, 50), 0);
	child_set_state(&c, &c.slots[0], CHILD_NONE, NEVER_MS);
	assert_int_equal(plan_spawns(&c, 50), 1);
}

static void a_generation_of_nobody_is_settled_when_all_have_gone(void **state)
{
	UNUSED(state);
	add(CHILD_READY);
	plan_generation(&c, 0);
	assert_false(plan_is_settled(&c));
	assert_int_equal(retire_all(), 1);
	child_set_state(&c, &c.slots[0], CHILD_NONE, NEVER_MS);
	assert_true(plan_is_settled(&c));
}

static void the_pause_doubles_up_to_a_limit(void **state)
{
	struct backoff b = {0};
	uint64_t now_ms = 1;
	const uint64_t delays_ms[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(delays_ms); i++) {
		assert_true(backoff_fail(&b, 1000, now_ms, now_ms));
		assert_int_equal(b.delay_ms, delays_ms[i]);
		assert_false(
			backoff_fail(&b, 1000, now_ms - 1, now_ms + 5)); /* of the same crowd */
		now_ms = b.until_ms;
	}
}

static void one_probe_at_a_time_until_one_is_ready(void **state)
{
	UNUSED(state);
	backoff_fail(&c.backoff, 100, 1000, 1000);
	assert_int_equal(plan_spawns(&c, 1099), 0);
	assert_int_equal(plan_spawns(&c, 1100), 1);
	struct child *probe = add(CHILD_BOOTING);

	assert_int_equal(plan_spawns(&c, 1200), 0);
	child_set_state(&c, probe, CHILD_READY, NEVER_MS);
	backoff_ready(&c.backoff);
	assert_int_equal(plan_spawns(&c, 1200), 3);
}

static void a_failure_is_forgotten_after_a_second_of_service(void **state)
{
	struct backoff b = {0};

	UNUSED(state);
	backoff_fail(&b, 100, 5000, 5000);
	backoff_serving(&b, 4000, 9000); /* was ready before */
	assert_int_equal(b.delay_ms, 100);
	backoff_serving(&b, 5100, 6000);
	assert_int_equal(b.delay_ms, 100);
	backoff_serving(&b, 5100, 6100);
	assert_int_equal(b.delay_ms, 0);
}

static void ends_are_judged(void **state)
{
	enum { EXIT_1 = 1 << 8, NOW = 10000 };
	static const struct {
		enum child_state state;
		uint64_t ready_ms;
		bool asked;
		int wait_status;
		enum child_end expected;
	} cases[] = {
		{CHILD_BOOTING, 0, false, EXIT_1, END_BOOT_FAILED},
		{CHILD_BOOTING, 0, false, 0, END_BOOT_FAILED}, /* sys.exit(0) at import */
		{CHILD_BOOTING, 0, false, SIGKILL, END_BOOT_FAILED},
		{CHILD_ABORTED, 0, false, SIGABRT, END_BOOT_FAILED},
		{CHILD_LEAVING, 0, true, SIGTERM, END_EXPECTED},
		{CHILD_KILLED, 0, true, SIGKILL, END_EXPECTED},
		{CHILD_READY, NOW - 5000, false, SIGSEGV, END_EXPECTED},
		{CHILD_READY, NOW - 999, false, SIGSEGV, END_SHORT_LIVED},
		{CHILD_READY, NOW - 999, false, 0, END_SHORT_LIVED},
		{CHILD_LEAVING, NOW - 999, false, 0, END_EXPECTED}, /* max_requests */
		{CHILD_LEAVING, NOW - 999, false, EXIT_1, END_SHORT_LIVED},
		{CHILD_LEAVING, 0, false, 0, END_BOOT_FAILED}, /* SIGTERM at import */
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct child child = {.state = cases[i].state,
					    .ready_ms = cases[i].ready_ms,
					    .asked_to_leave = cases[i].asked};

		assert_int_equal(plan_end(&child, cases[i].wait_status, NOW), cases[i].expected);
	}
}

static void the_wait_ends_with_what_is_due_first(void **state)
{
	UNUSED(state);
	assert_int_equal(plan_wait(&c, 5000, 1000), 1000);
	c.backoff.until_ms = 5700;
	assert_int_equal(plan_wait(&c, 5000, 1000), 700);
	child_set_state(&c, add(CHILD_READY), CHILD_LEAVING, 5200);
	assert_int_equal(plan_wait(&c, 5000, 1000), 200);
	assert_int_equal(plan_wait(&c, 5200, 1000), 500); /* what is due now has been done */
	assert_int_equal(plan_wait(&c, 6000, 1000), 1000);
}

#define PLAN_TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAN_TEST(slots_are_used_again_from_below),
		PLAN_TEST(there_is_an_end_of_slots),
		PLAN_TEST(the_missing_are_forked),
		PLAN_TEST(the_tired_serve_until_others_are_ready),
		PLAN_TEST(the_tired_leave_first_when_fewer_are_wanted),
		PLAN_TEST(the_tired_of_an_old_generation_leave_with_it),
		PLAN_TEST(surplus_leaves_oldest_first),
		PLAN_TEST(a_new_generation_replaces_in_step),
		PLAN_TEST(a_smaller_generation_lets_all_go_when_it_is_complete),
		PLAN_TEST(a_larger_generation_lets_all_go_early),
		PLAN_TEST(a_generation_that_does_not_boot_costs_nobody),
		PLAN_TEST(a_second_reload_ends_boots_that_are_outdated),
		PLAN_TEST(those_that_die_meanwhile_are_relieved),
		PLAN_TEST(relief_is_paced_when_it_does_not_boot_either),
		PLAN_TEST(a_generation_can_be_given_up),
		PLAN_TEST(a_generation_that_is_given_up_keeps_its_number),
		PLAN_TEST(who_boots_is_less_needed_than_who_serves),
		PLAN_TEST(the_replacement_of_a_tired_one_goes_before_those_that_serve),
		PLAN_TEST(a_boot_that_is_being_ended_is_not_replaced_before_its_end),
		PLAN_TEST(a_generation_of_nobody_is_settled_when_all_have_gone),
		PLAN_TEST(the_pause_doubles_up_to_a_limit),
		PLAN_TEST(one_probe_at_a_time_until_one_is_ready),
		PLAN_TEST(a_failure_is_forgotten_after_a_second_of_service),
		PLAN_TEST(ends_are_judged),
		PLAN_TEST(the_wait_ends_with_what_is_due_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

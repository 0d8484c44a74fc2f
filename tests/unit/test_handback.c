/* The way back from the threads to the loop. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "conn/handback.h"

static struct handback back;
static struct conn conns[2];

static bool is_readable(void)
{
	struct pollfd p = {.fd = back.fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void must_take(struct conn *expected)
{
	struct list list;

	list_init(&list);
	handback_take(&back, &list, false);
	assert_ptr_equal(list_first(&list), &expected->run);
	list_remove(&expected->run);
	assert_true(list_empty(&list));
}

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		list_init(&conns[i].run);
	return handback_init(&back);
}

static int teardown(void **state)
{
	(void)state;
	handback_release(&back);
	return 0;
}

static void test_haste_wakes(void **state)
{
	(void)state;
	handback_put(&back, &conns[0], false);
	assert_false(is_readable());
	must_take(&conns[0]);
	handback_put(&back, &conns[0], true);
	assert_true(is_readable());
	handback_woken(&back);
	assert_false(is_readable());
	must_take(&conns[0]);
}

static void test_who_is_awaited_wakes(void **state)
{
	(void)state;
	handback_await(&back);
	handback_put(&back, &conns[0], false);
	assert_true(is_readable());
	handback_woken(&back);
	must_take(&conns[0]);
	handback_put(&back, &conns[0], false);
	assert_false(is_readable()); /* the take was not asked to go on awaiting */
	must_take(&conns[0]);
}

ssize_t __real_read(int fd, void *into, size_t len);
ssize_t __wrap_read(int fd, void *into, size_t len);

static struct conn *put_at_read; /* by another thread, as it were */

ssize_t __wrap_read(int fd, void *into, size_t len)
{
	if (put_at_read)
		handback_put(&back, put_at_read, true);
	put_at_read = NULL;
	return __real_read(fd, into, len);
}

/* One that comes while the loop wakes up for another costs no later one its wake. */
static void test_no_wake_is_lost(void **state)
{
	struct list list;

	(void)state;
	handback_put(&back, &conns[0], true);
	put_at_read = &conns[1];
	handback_woken(&back);
	list_init(&list);
	handback_take(&back, &list, false);
	list_remove(&conns[0].run);
	list_remove(&conns[1].run);
	assert_true(list_empty(&list));
	while (is_readable())
		handback_woken(&back);
	handback_put(&back, &conns[0], true);
	assert_true(is_readable());
	must_take(&conns[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_haste_wakes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_is_awaited_wakes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_wake_is_lost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Memory for libev, when there is some and when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "conn/loop_memory.h"

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool is_short;

void *__wrap_malloc(size_t size)
{
	return is_short ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_short ? NULL : __real_realloc(old, size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_short ? NULL : __real_calloc(count, size);
}

static int setup(void **state)
{
	UNUSED(state);
	is_short = false;
	loop_memory_reserve(100);
	return 0;
}

static bool is_filled(const unsigned char *block, size_t len, unsigned char with)
{
	for (size_t i = 0; i < len; i++)
		if (block[i] != with)
			return false;
	return true;
}

/* Tables grow by doubling, as libev's do, whatever malloc says meanwhile. */
static void test_tables_grow_whether_memory_is_short_or_not(void **state)
{
	UNUSED(state);
	for (unsigned pattern = 0; pattern < 16; pattern++) {
		unsigned char *table = NULL;
		unsigned step = 0;

		for (long size = 64; size <= 512; size *= 2, step++) {
			is_short = pattern >> step & 1;
			table = loop_memory(table, size);
			assert_non_null(table);
			assert_int_equal((uintptr_t)table % alignof(max_align_t), 0);
			assert_true(size == 64 || is_filled(table, (size_t)size / 2, 7));
			memset(table, 7, (size_t)size);
		}
		is_short = false;
		assert_null(loop_memory(table, 0));
	}
}

static void test_the_reserve_ends(void **state)
{
	unsigned blocks = 0;

	UNUSED(state);
	is_short = true;
	while (loop_memory(NULL, 1000))
		blocks++;
	assert_true(blocks > 10 && blocks < 1000);
	is_short = false;
	assert_null(loop_memory(loop_memory(NULL, 1000), 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_tables_grow_whether_memory_is_short_or_not, setup),
		cmocka_unit_test_setup(test_the_reserve_ends, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Block pools and arenas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "ucorn/util/blocks.h"

static void test_pool_reuses_blocks(void **state)
{
	struct block_pool pool;
	void *blocks[3];

	UNUSED(state);
	block_pool_init(&pool, 512, 2);
	for (size_t i = 0; i < 3; i++) {
		blocks[i] = block_get(&pool);
		assert_non_null(blocks[i]);
		memset(blocks[i], 0xff, 512);
	}
	for (size_t i = 0; i < 3; i++)
		block_put(&pool, blocks[i]);
	assert_int_equal(pool.kept, 2); /* the third was freed */

	void *again = block_get(&pool);

	assert_ptr_equal(again, blocks[1]);
	memset(again, 0xff, 512);
	block_put(&pool, again);
	block_put(&pool, NULL);
	block_pool_release(&pool);
	assert_int_equal(pool.kept, 0);
	assert_null(pool.free);
}

static void test_arena_aligns_and_keeps_apart(void **state)
{
	struct block_pool pool;
	struct arena arena;
	unsigned char *parts[200];

	UNUSED(state);
	block_pool_init(&pool, 1024, 4);
	arena_init(&arena, &pool);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		parts[i] = arena_alloc(&arena, i + 1);
		assert_non_null(parts[i]);
		assert_int_equal((uintptr_t)parts[i] % 16, 0);
		memset(parts[i], (int)i, i + 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		for (size_t j = 0; j <= i; j++)
			assert_int_equal(parts[i][j], i);
	}
	arena_reset(&arena);
	assert_int_equal(pool.kept, 4);
	block_pool_release(&pool);
}

static void test_arena_large_and_small(void **state)
{
	struct block_pool pool;
	struct arena arena;

	UNUSED(state);
	block_pool_init(&pool, 256, 4);
	arena_init(&arena, &pool);

	char *large = arena_alloc(&arena, 100000); /* before there is a block */
	char *first = arena_alloc(&arena, 16);
	char *larger = arena_alloc(&arena, 200000);
	char *second = arena_alloc(&arena, 16);

	assert_non_null(large);
	assert_non_null(larger);
	assert_ptr_equal(second, first + 16); /* the block stays in use */
	memset(large, 1, 100000);
	memset(larger, 2, 200000);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 8));
	arena_reset(&arena);
	arena_reset(&arena);
	assert_int_equal(pool.kept, 1);
	block_pool_release(&pool);
}

static void test_arena_copy(void **state)
{
	struct block_pool pool;
	struct arena arena = {.pool = &pool}; /* valid without arena_init */
	char text[] = "abc";

	UNUSED(state);
	block_pool_init(&pool, 256, 4);

	struct slice empty = arena_copy(&arena, slice_of(NULL, 0)); /* of no block yet */
	struct slice copy = arena_copy(&arena, slice_from(text));

	text[0] = 'x';
	assert_true(slice_eq(copy, SLICE("abc")));
	assert_non_null(empty.base);
	assert_int_equal(empty.len, 0);
	arena_reset(&arena);
	block_pool_release(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_reuses_blocks),
		cmocka_unit_test(test_arena_aligns_and_keeps_apart),
		cmocka_unit_test(test_arena_large_and_small),
		cmocka_unit_test(test_arena_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Memory for the Python frames of short-lived greenlets.
 *
 * CPython (from 3.11 on) gets it by mmap, a chunk for each thread or greenlet that runs, and
 * gives it back at once: two system calls and some page faults, more than all else that a
 * greenlet costs.  So chunks of that size are kept for the next one.  Arenas for objects,
 * which come the same way, are larger and pass through. */
#include <stdatomic.h>

#include "greenlets.h"
#include "ucorn/util/base.h"

enum { CHUNK_BYTES = 16 * 1024, KEPT_CHUNKS = 64 };

static PyObjectArenaAllocator system_memory;
static void *kept[KEPT_CHUNKS];
static unsigned n_kept;
static atomic_flag in_use = ATOMIC_FLAG_INIT; /* threads may end without the GIL */

static void *chunk_get(void *ctx, size_t size)
{
	void *chunk = NULL;

	if (size == CHUNK_BYTES && !atomic_flag_test_and_set(&in_use)) {
		if (n_kept > 0)
			chunk = kept[--n_kept];
		atomic_flag_clear(&in_use);
	}
	return chunk ? chunk : system_memory.alloc(ctx, size);
}

static void chunk_put(void *ctx, void *chunk, size_t size)
{
	if (size == CHUNK_BYTES && !atomic_flag_test_and_set(&in_use)) {
		if (n_kept < KEPT_CHUNKS) {
			kept[n_kept++] = chunk;
			chunk = NULL;
		}
		atomic_flag_clear(&in_use);
	}
	if (chunk)
		system_memory.free(ctx, chunk, size);
}

void chunks_keep(void)
{
	PyObjectArenaAllocator keeping;

	if (system_memory.alloc)
		return;
	PyObject_GetArenaAllocator(&system_memory);
	keeping = (PyObjectArenaAllocator){system_memory.ctx, chunk_get, chunk_put};
	PyObject_SetArenaAllocator(&keeping);
}

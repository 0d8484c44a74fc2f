/* Memory for libev.  Private to src/conn. */
#ifndef UCORN_CONN_LOOP_MEMORY_H
#define UCORN_CONN_LOOP_MEMORY_H

#include "ucorn/util/base.h"

/* Keeps enough back for a loop with that many descriptors; once per process, later
 * calls do nothing.  Without memory for it, nothing is kept back. */
void loop_memory_reserve(unsigned descriptors);

/* What ev_set_allocator wants: realloc, and free when size is 0. */
void *loop_memory(void *old, long size);

#endif

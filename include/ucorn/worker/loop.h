/* What backends may do with their worker. */
#ifndef UCORN_WORKER_LOOP_H
#define UCORN_WORKER_LOOP_H

#include "ucorn/worker/worker.h"

/* The turns of a backend that runs applications on the worker's own thread:
 * serves until the worker leaves and has drained, or has to go at once. */
void worker_run_inline(struct worker *w);

/* A conn_wait_fn: waits with poll, other Python threads running meanwhile. */
int worker_wait_poll(struct conn *c, enum want want, unsigned timeout_ms);

#endif

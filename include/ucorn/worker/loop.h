/* What backends may do with their worker. */
#ifndef UCORN_WORKER_LOOP_H
#define UCORN_WORKER_LOOP_H

#include "ucorn/worker/worker.h"

/* The turns of a backend that runs applications on the worker's own thread:
 * serves until the worker leaves and has drained, or has to go at once. */
void worker_run_inline(struct worker *w);

/* The same as a guest of another event loop (py/hub.h): a turn whenever that finds
 * something for the worker to do. */
void worker_run_nested(struct worker *w);

/* A connection that was lent comes back, on the loop's thread outside of a turn. */
void worker_settle_back(struct worker *w, struct conn *c);

/* How long the application may wait for c's client, timeout_ms at most. */
unsigned worker_wait_ms(struct conn *c, unsigned timeout_ms);

/* The worker whose connection it is. */
struct worker *worker_of(struct conn *c);

/* A conn_wait_fn: waits with poll, other Python threads running meanwhile. */
int worker_wait_poll(struct conn *c, enum want want, unsigned timeout_ms);

#endif

/* What backends may do with their worker. */
#ifndef UCORN_WORKER_LOOP_H
#define UCORN_WORKER_LOOP_H

#include "ucorn/worker/worker.h"

/* Serves until the worker leaves and has drained, or has to go at once; on the worker's own
 * thread, with the GIL unless the backend is threaded. */
void worker_run(struct worker *w);

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

/* ---- for threaded backends: in any thread */

const struct settings *worker_settings(const struct worker *w);

/* c, which dispatch has lent, comes back: in haste if something is to be done for it before
 * its client sends more. */
void worker_hand_back(struct worker *w, struct conn *c, bool haste);

/* Writes the lines of the access log that wait.  May block on the disk. */
void worker_flush_access(struct worker *w);

/* Python code can run: without a sign of that the worker gives none of life. */
void worker_python_lives(struct worker *w);

/* In the worker's own thread: some threads have not ended, so what they may look at has to
 * stay until the process ends. */
void worker_has_stragglers(struct worker *w);

#endif

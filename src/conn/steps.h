/* Between conn.c, steps.c and exchange.c: the steps of the machine. */
#ifndef UCORN_CONN_STEPS_H
#define UCORN_CONN_STEPS_H

#include "ucorn/conn/conn.h"

/* A step gives what the connection waits for, or GO_ON: its state has changed,
 * the next step may run. */
enum { GO_ON = -1 };

typedef int conn_step(struct conn *c);

extern conn_step *const conn_steps[CONN_STATES];

/* The only writer of c->state, but for conn_init and conn_close (every state may
 * close); asserts that the move is a legal one. */
void conn_set_state(struct conn *c, enum conn_state state);

/* The application's side waits until c can be read from or written to: 0, or -errno;
 * -EBUSY: another of its threads does already; -ECANCELED: the exchange has ended
 * meanwhile, and c is not ours any more.  patience_ms 0: for ever. */
MUST_CHECK int conn_wait(struct conn *c, enum want want, unsigned patience_ms);

/* Writes until the queue is empty (0), nothing more can be written now or the
 * turn's share is used (-EAGAIN), or the client is gone (c->lost is set). */
MUST_CHECK int conn_write(struct conn *c);

/* Waits until all is written, or the client is gone: on the application's side, where the
 * backend can wait. */
void conn_write_all(struct conn *c);

/* Prepares c->x for a request that is about to be read. */
void conn_begin_exchange(struct conn *c);

/* The exchange is over and everything is sent: gives its memory back. */
void conn_end_exchange(struct conn *c);

/* The memory of an exchange, from the worker's stock and back to it. */
void conn_take_kit(struct conn *c);
void conn_return_kit(struct conn *c);

/* Receives behind in_end.  True if bytes came; else eof, lost or !may_read says why
 * not. */
bool conn_receive(struct conn *c);

/* Whether to receive once more in this turn, after that many times. */
bool conn_may_receive(const struct conn *c, unsigned reads);

/* body.c: the head is complete and a body follows. */
int conn_begin_body(struct conn *c);
conn_step conn_step_spool;

/* Looks whether the end of a streamed body has come without anybody reading it. */
void conn_look_for_end(struct conn *c);

/* Closes, as a step. */
conn_step conn_step_close;

/* Refuses the request being read; the machine goes on with CONN_DRAIN. */
void conn_refuse(struct conn *c, enum http_error error);

#endif

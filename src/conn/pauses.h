/* Pauses of applications, on libev.  Private to src/conn. */
#ifndef UCORN_CONN_PAUSES_H
#define UCORN_CONN_PAUSES_H

#include "ucorn/conn/drive.h"

struct ev_loop;

/* What watches while applications of a connection pause. */
struct pauser;

/* Calls driver_resume when what c->x.pause says has come.  The caller watches c's
 * descriptor meanwhile.  The pauser is made at the first time, and the caller's; the rest is
 * borrowed for its life.  When memory is short c is cut. */
void pauser_start(struct pauser **p, struct driver *d, struct conn *c, struct ev_loop *loop);

/* Something has happened on c's descriptor, which from now on nobody watches: calls
 * driver_cut if the client has gone; if not, looks again and again whether it has. */
void pauser_look(struct pauser *p);

/* What it waits for does not matter any more.  NULL: does nothing, as for the next. */
void pauser_stop(struct pauser *p);

void pauser_free(struct pauser *p);

#endif

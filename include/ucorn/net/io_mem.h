/* A transport without a socket, for tests and fuzzing: input comes from a
 * script of pieces, output is collected, and both can be throttled. */
#ifndef UCORN_NET_IO_MEM_H
#define UCORN_NET_IO_MEM_H

#include "ucorn/net/io.h"
#include "ucorn/util/buf.h"

struct io_mem {
	struct slice input; /* what the peer sends; borrowed */
	size_t given;	    /* of input: received already */
	size_t available;   /* of input: may be received now; the rest is -EAGAIN */
	bool eof;	    /* after all input: end of file instead of -EAGAIN */
	int recv_error;	    /* if set (-errno): after all input that is available */
	struct buf output;  /* what was sent; owned */
	size_t send_max;    /* bytes taken per send call; 0: no limit */
	size_t send_budget; /* bytes taken until -EAGAIN; SIZE_MAX: never */
	int send_error;	    /* if set (-errno): given by every send */
	bool shut, closed, reset;
};

void io_mem_init(struct io_mem *m, struct slice input);
void io_mem_release(struct io_mem *m);

/* Makes io use m; m stays the caller's. */
void io_mem_attach(struct io_mem *m, struct io *io);

#endif

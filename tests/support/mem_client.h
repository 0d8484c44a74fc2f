/* A client of the connection machine over the memory transport, for unit tests
 * and fuzzing. */
#ifndef UCORN_TESTS_MEM_CLIENT_H
#define UCORN_TESTS_MEM_CLIENT_H

#include "ucorn/conn/conn.h"
#include "ucorn/net/io_mem.h"

struct mem_client {
	struct io_mem mem;
	struct conn conn;
	enum want want;
	bool holds_pauses; /* else they are over at once */
};

/* Begins a connection on which available bytes of input have come. */
void mem_client_init(struct mem_client *cl, struct conn_service *s, struct slice input,
		     size_t available);

/* Goes on until the machine waits for input or room that is not there, or has
 * closed.  Aborts when it does not come to rest. */
void mem_client_run(struct mem_client *cl);

/* available bytes of the input have come. */
void mem_client_more(struct mem_client *cl, size_t available);

/* All input has come, and the client has closed its side. */
void mem_client_close(struct mem_client *cl);

/* The machine has to have closed. */
void mem_client_release(struct mem_client *cl);

/* How a conversation goes: the first bytes come at once, then step by step; at
 * most send_max bytes (0: no limit) are taken per write. */
struct mem_pace {
	size_t first, step, send_max;
};

/* Sends input, closes, and gives all that was answered; the caller releases it. */
struct buf mem_converse(struct conn_service *s, struct slice input, struct mem_pace pace);

#endif

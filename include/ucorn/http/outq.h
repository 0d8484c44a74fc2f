/* What is to be sent on a connection, in order: bytes copied into the queue,
 * bytes borrowed from somebody until they are sent, and ranges of files.
 *
 * Copied bytes live in one buffer used as a FIFO, so a stream that is kept up
 * with needs no new memory.  A piece's release function runs exactly once: when
 * its last byte was sent, or in outq_release/outq_clear. */
#ifndef UCORN_HTTP_OUTQ_H
#define UCORN_HTTP_OUTQ_H

#include <sys/types.h>
#include <sys/uio.h>

#include "ucorn/util/buf.h"

enum outq_kind { OUTQ_COPIED, OUTQ_BORROWED, OUTQ_FILE };

struct outq_piece {
	enum outq_kind kind;
	int fd;		  /* FILE: owned by the queue */
	const char *base; /* BORROWED */
	uint64_t len;	  /* not yet sent */
	off_t offset;	  /* FILE */
	void *owner;	  /* BORROWED: given to release */
	void (*release)(void *owner);
	bool spilled; /* FILE: made by outq_spill */
};

/* What a queue works with; without it, it gets some when it is first used. */
struct outq_memory {
	struct buf copied;
	struct outq_piece *pieces;
	unsigned cap;
};

struct outq {
	struct buf copied;	   /* bytes of the COPIED pieces, in order */
	size_t copied_sent;	   /* at the start of copied: sent already */
	struct outq_piece *pieces; /* ring of cap (a power of two) pieces */
	unsigned first, count, cap;
	uint64_t bytes; /* not yet sent, of all pieces */
};

void outq_init(struct outq *q);
void outq_clear(struct outq *q);   /* drops all pieces, keeps memory */
void outq_release(struct outq *q); /* and gives the memory back */

/* Takes the memory of an empty queue out of it, and gives some to one that has none
 * (which owns it then).  What is more than a queue should keep is freed. */
struct outq_memory outq_take_memory(struct outq *q);
void outq_give_memory(struct outq *q, struct outq_memory memory);
void outq_memory_free(struct outq_memory *memory);

/* 0 or -ENOMEM (then nothing was queued; the caller keeps owner and fd). */
MUST_CHECK int outq_copy(struct outq *q, const void *bytes, size_t len);
MUST_CHECK int outq_borrow(struct outq *q, struct slice bytes, void *owner,
			   void (*release)(void *owner));
MUST_CHECK int outq_file(struct outq *q, int fd, off_t offset, uint64_t len);

/* Room for len bytes at the end of the copied bytes, to be formatted into
 * directly and then counted in with outq_commit.  NULL: -ENOMEM. */
MUST_CHECK char *outq_room(struct outq *q, size_t len);
MUST_CHECK int outq_commit(struct outq *q, size_t len);

/* Moves what is held in memory into the file fd, at *end, which is advanced: the
 * queue then holds file ranges only.  fd stays the caller's.  0, or -errno with
 * the rest still in memory.  May block on the disk. */
MUST_CHECK int outq_spill(struct outq *q, int fd, off_t *end);

static inline bool outq_empty(const struct outq *q)
{
	return q->bytes == 0;
}

/* The bytes that are held in memory, copied or borrowed. */
uint64_t outq_memory(const struct outq *q);

/* The next bytes to send as at most max vectors, up to the first file: how
 * many were filled (0: the next piece is a file, or the queue is empty). */
unsigned outq_vectors(const struct outq *q, struct iovec *iov, unsigned max);

/* The next piece when it is a file, else NULL. */
const struct outq_piece *outq_next_file(const struct outq *q);

/* len bytes (<= q->bytes) were sent. */
void outq_sent(struct outq *q, uint64_t len);

#endif

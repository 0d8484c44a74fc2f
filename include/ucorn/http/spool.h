/* A request body, or what has come of it: in memory up to a limit, behind it in an unlinked
 * temporary file; or, if all of it came at once, where it is.  Written by the connection, read
 * by the application. */
#ifndef UCORN_HTTP_SPOOL_H
#define UCORN_HTTP_SPOOL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "ucorn/util/buf.h"

/* Where temporary files are, and how much may lie in them.  The counters may be
 * shared with other processes; NULL: nobody counts. */
struct spool_store {
	const char *folder;    /* borrowed */
	size_t memory_max;     /* bytes of a body kept in memory */
	uint64_t limit;	       /* of bytes in all files that are counted in *all; 0: none */
	_Atomic uint64_t *all; /* bytes in the files of all processes */
	_Atomic uint64_t *own; /* of these, in those of this process */
};

struct spool {
	struct spool_store *store; /* borrowed */
	const char *borrowed;	   /* the whole body, somebody else's; NULL: it is not */
	struct buf memory;	   /* the whole body, or its not yet written tail */
	int fd;			   /* of the temporary file; -1: none */
	uint64_t filed;		   /* bytes counted for that file */
	uint64_t size;		   /* bytes put in so far */
	uint64_t offset;	   /* of the reader */
};

/* An unlinked temporary file in folder: a descriptor, or -errno. */
MUST_CHECK int spool_temp_file(const char *folder);

/* Counts bytes that are about to be written to a temporary file: 0, or -EDQUOT when
 * there would be too many.  What was counted has to be given back. */
MUST_CHECK int spool_count(struct spool_store *store, uint64_t bytes);
void spool_uncount(struct spool_store *store, uint64_t bytes);

void spool_init(struct spool *s, struct spool_store *store);
void spool_release(struct spool *s);

/* 0 or -errno: -EDQUOT when the files of all processes would hold too much,
 * -ENOSPC when the disk is full.  On failure nothing was put in.  May block on the
 * disk. */
MUST_CHECK int spool_put(struct spool *s, struct slice bytes);

/* The whole body is bytes, which stay where they are until the spool is reset.  Only while there
 * is nothing in it. */
void spool_borrow(struct spool *s, struct slice bytes);

/* Puts bytes into memory, whatever the limit: 0 or -ENOMEM.  Only without a file. */
MUST_CHECK int spool_hold(struct spool *s, struct slice bytes);

/* Ends writing: what is still in memory behind a file goes there. */
MUST_CHECK int spool_finish(struct spool *s);

/* Starts over with nothing in it, and keeps its memory. */
void spool_reset(struct spool *s);

/* Copies up to len bytes from the reader's offset; gives how many (0: end), or
 * -errno. */
MUST_CHECK ssize_t spool_read(struct spool *s, void *into, size_t len);

/* The length of the next line with its LF, at most max (0: no maximum) and at
 * most what is left; or -errno.  *ends: the LF is there.  Does not move the reader. */
MUST_CHECK ssize_t spool_line_length(struct spool *s, size_t max, bool *ends);

static inline uint64_t spool_left(const struct spool *s)
{
	return s->size - s->offset;
}

#endif

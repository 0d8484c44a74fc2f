/* A complete request body: in memory up to a limit, behind it in an unlinked
 * temporary file.  Written by the connection, read by the application. */
#ifndef UCORN_HTTP_SPOOL_H
#define UCORN_HTTP_SPOOL_H

#include <sys/types.h>

#include "ucorn/util/buf.h"

struct spool {
	struct buf memory; /* the whole body, or its not yet written tail */
	int fd;		   /* of the temporary file; -1: none */
	uint64_t size;	   /* bytes put in so far */
	uint64_t offset;   /* of the reader */
	size_t memory_max;
	const char *folder; /* of temporary files; borrowed */
};

/* An unlinked temporary file in folder: a descriptor, or -errno. */
MUST_CHECK int spool_temp_file(const char *folder);

void spool_init(struct spool *s, size_t memory_max, const char *folder);
void spool_release(struct spool *s);

/* 0 or -errno (-ENOSPC: disk full).  May block on the disk. */
MUST_CHECK int spool_put(struct spool *s, struct slice bytes);

/* Ends writing: what is still in memory behind a file goes there. */
MUST_CHECK int spool_finish(struct spool *s);

/* Copies up to len bytes from the reader's offset; gives how many (0: end), or
 * -errno. */
MUST_CHECK ssize_t spool_read(struct spool *s, void *into, size_t len);

/* The length of the next line with its LF, at most max (0: no maximum) and at
 * most what is left; or -errno.  Does not move the reader. */
MUST_CHECK ssize_t spool_line_length(struct spool *s, size_t max);

static inline uint64_t spool_left(const struct spool *s)
{
	return s->size - s->offset;
}

#endif

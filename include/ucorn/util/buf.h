/* A growable run of bytes.
 *
 * Invariant: len <= cap, and base is NULL only while cap is 0.  A zeroed
 * struct is a valid empty buffer.  The owner of the struct owns the bytes. */
#ifndef UCORN_UTIL_BUF_H
#define UCORN_UTIL_BUF_H

#include "ucorn/util/slice.h"

struct buf {
	char *base;
	size_t len, cap;
};

/* Frees the bytes; the buffer is empty and usable afterwards. */
void buf_release(struct buf *b);

/* Makes room for extra more bytes behind len.  -ENOMEM leaves b as it was. */
MUST_CHECK int buf_reserve(struct buf *b, size_t extra);

MUST_CHECK int buf_append(struct buf *b, const void *bytes, size_t len);
MUST_CHECK int buf_append_slice(struct buf *b, struct slice s);
MUST_CHECK int buf_append_fmt(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Gives the memory back if b is empty and holds more than max bytes. */
void buf_trim(struct buf *b, size_t max);

/* Drops the first len bytes (len <= b->len). */
void buf_consume(struct buf *b, size_t len);

static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->base, b->len};
}

#endif

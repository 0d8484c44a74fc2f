/* A growable run of bytes: doubling growth, so that n appends cost O(n). */
#include "ucorn/util/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_MIN_BYTES = 256 };

void buf_release(struct buf *b)
{
	free(b->base);
	*b = (struct buf){0};
}

static size_t grown_cap(size_t cap, size_t needed)
{
	if (cap < BUF_MIN_BYTES)
		cap = BUF_MIN_BYTES;
	while (cap < needed)
		cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
	return cap;
}

int buf_reserve(struct buf *b, size_t extra)
{
	if (extra <= b->cap - b->len)
		return 0;
	if (extra > SIZE_MAX - b->len)
		return -ENOMEM;

	size_t cap = grown_cap(b->cap, b->len + extra);
	char *base = realloc(b->base, cap);

	if (!base)
		return -ENOMEM;
	b->base = base;
	b->cap = cap;
	return 0;
}

int buf_append(struct buf *b, const void *bytes, size_t len)
{
	int rc = buf_reserve(b, len);

	if (rc < 0 || len == 0)
		return rc;
	memcpy(b->base + b->len, bytes, len);
	b->len += len;
	return 0;
}

int buf_append_slice(struct buf *b, struct slice s)
{
	return buf_append(b, s.base, s.len);
}

/* Formats into the room there is; a second time when that was too small.
 * vsnprintf wants a byte for its NUL, which is not counted in. */
int buf_append_fmt(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	int rc = buf_reserve(b, 1);

	if (rc < 0)
		return rc;
	va_start(args, fmt);
	va_copy(again, args);

	size_t room = b->cap - b->len;
	int len = vsnprintf(b->base + b->len, room, fmt, args);

	if (len < 0) {
		rc = -EINVAL;
	} else if ((size_t)len >= room) {
		rc = buf_reserve(b, (size_t)len + 1);
		if (rc == 0)
			vsnprintf(b->base + b->len, (size_t)len + 1, fmt, again);
	}
	if (rc == 0)
		b->len += (size_t)len;
	va_end(again);
	va_end(args);
	return rc;
}

void buf_consume(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	b->len -= len;
	memmove(b->base, b->base + len, b->len);
}

void buf_trim(struct buf *b, size_t max)
{
	if (b->len == 0 && b->cap > max)
		buf_release(b);
}

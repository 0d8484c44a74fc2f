/* The queue of a connection's output.
 *
 * Copied bytes stand one behind the other in one buffer; a COPIED piece is no
 * more than a count of them, its place follows from the pieces before it.  So
 * any number of small writes is one piece and one vector, and the buffer may
 * move.  It starts over when all of it was sent, which is the normal case, and
 * is moved together when a reader that never quite keeps up lets it grow. */
#include "ucorn/http/outq.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "ucorn/util/fd.h"

enum {
	RING_MIN = 8,
	COMPACT_MIN_BYTES = 16 * 1024,
	KEPT_BYTES = 16 * 1024, /* by outq_take_memory */
	KEPT_PIECES = 64,
};

void outq_init(struct outq *q)
{
	*q = (struct outq){0};
}

static struct outq_piece *piece_at(const struct outq *q, unsigned i)
{
	return &q->pieces[(q->first + i) & (q->cap - 1)];
}

static struct outq_piece *last_piece(const struct outq *q)
{
	return q->count > 0 ? piece_at(q, q->count - 1) : NULL;
}

static void drop_first(struct outq *q)
{
	struct outq_piece piece = *piece_at(q, 0);

	q->first = (q->first + 1) & (q->cap - 1);
	q->count--;
	q->bytes -= piece.len;
	if (piece.kind == OUTQ_FILE)
		fd_close(&piece.fd);
	else if (piece.kind == OUTQ_BORROWED && piece.release)
		piece.release(piece.owner);
}

void outq_clear(struct outq *q)
{
	while (q->count > 0)
		drop_first(q);
	q->first = 0;
	q->copied_sent = 0;
	buf_clear(&q->copied);
}

void outq_release(struct outq *q)
{
	outq_clear(q);
	free(q->pieces);
	buf_release(&q->copied);
	outq_init(q);
}

struct outq_memory outq_take_memory(struct outq *q)
{
	struct outq_memory memory = {.copied = q->copied, .pieces = q->pieces, .cap = q->cap};

	assert(q->count == 0 && q->copied.len == 0);
	outq_init(q);
	buf_trim(&memory.copied, KEPT_BYTES);
	if (memory.cap > KEPT_PIECES) {
		free(memory.pieces);
		memory.pieces = NULL;
		memory.cap = 0;
	}
	return memory;
}

void outq_give_memory(struct outq *q, struct outq_memory memory)
{
	assert(!q->pieces && !q->copied.base);
	q->copied = memory.copied;
	q->pieces = memory.pieces;
	q->cap = memory.cap;
}

void outq_memory_free(struct outq_memory *memory)
{
	free(memory->pieces);
	buf_release(&memory->copied);
	*memory = (struct outq_memory){0};
}

/* Makes room for one more piece. */
static int reserve_piece(struct outq *q)
{
	if (q->count < q->cap)
		return 0;

	unsigned cap = q->cap > 0 ? q->cap * 2 : RING_MIN;
	struct outq_piece *pieces = calloc(cap, sizeof(*pieces));

	if (!pieces)
		return -ENOMEM;
	for (unsigned i = 0; i < q->count; i++)
		pieces[i] = *piece_at(q, i);
	free(q->pieces);
	q->pieces = pieces;
	q->cap = cap;
	q->first = 0;
	return 0;
}

static int add_piece(struct outq *q, struct outq_piece piece)
{
	int rc = reserve_piece(q);

	if (rc < 0)
		return rc;
	*piece_at(q, q->count++) = piece;
	q->bytes += piece.len;
	return 0;
}

char *outq_room(struct outq *q, size_t len)
{
	/* Room for nothing is room, too: NULL means that memory is short. */
	if (buf_reserve(&q->copied, len > 0 ? len : 1) < 0 || reserve_piece(q) < 0)
		return NULL;
	return q->copied.base + q->copied.len;
}

int outq_commit(struct outq *q, size_t len)
{
	struct outq_piece *last = last_piece(q);

	assert(len <= q->copied.cap - q->copied.len);
	if (len == 0)
		return 0;
	if (last && last->kind == OUTQ_COPIED) {
		last->len += len;
		q->bytes += len;
	} else {
		int rc = add_piece(q, (struct outq_piece){.kind = OUTQ_COPIED, .len = len});

		if (rc < 0)
			return rc;
	}
	q->copied.len += len;
	return 0;
}

int outq_copy(struct outq *q, const void *bytes, size_t len)
{
	char *room = outq_room(q, len);

	if (!room)
		return -ENOMEM;
	if (len > 0)
		memcpy(room, bytes, len);
	return outq_commit(q, len);
}

int outq_borrow(struct outq *q, struct slice bytes, void *owner, void (*release)(void *owner))
{
	if (bytes.len == 0) {
		if (release)
			release(owner);
		return 0;
	}
	return add_piece(q, (struct outq_piece){.kind = OUTQ_BORROWED,
						.base = bytes.base,
						.len = bytes.len,
						.owner = owner,
						.release = release});
}

int outq_file(struct outq *q, int fd, off_t offset, uint64_t len)
{
	if (len == 0) {
		fd_close(&fd);
		return 0;
	}
	return add_piece(
		q, (struct outq_piece){.kind = OUTQ_FILE, .fd = fd, .offset = offset, .len = len});
}

unsigned outq_vectors(const struct outq *q, struct iovec *iov, unsigned max)
{
	char *copied = q->copied.base ? q->copied.base + q->copied_sent : NULL;
	unsigned n = 0;

	for (; n < q->count && n < max; n++) {
		const struct outq_piece *piece = piece_at(q, n);

		if (piece->kind == OUTQ_FILE)
			break;
		iov[n].iov_len = (size_t)piece->len;
		if (piece->kind == OUTQ_COPIED) {
			iov[n].iov_base = copied;
			copied += piece->len;
		} else {
			/* writev(2) reads only, but its vector knows no const. */
			iov[n].iov_base = (void *)(uintptr_t)piece->base;
		}
	}
	return n;
}

uint64_t outq_memory(const struct outq *q)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < q->count; i++)
		if (piece_at(q, i)->kind != OUTQ_FILE)
			bytes += piece_at(q, i)->len;
	return bytes;
}

const struct outq_piece *outq_next_file(const struct outq *q)
{
	if (q->count == 0 || piece_at(q, 0)->kind != OUTQ_FILE)
		return NULL;
	return piece_at(q, 0);
}

static void advance_piece(struct outq *q, struct outq_piece *piece, uint64_t len)
{
	switch (piece->kind) {
	case OUTQ_COPIED:
		q->copied_sent += (size_t)len;
		break;
	case OUTQ_BORROWED:
		piece->base += len;
		break;
	case OUTQ_FILE:
		piece->offset += (off_t)len;
		break;
	}
	piece->len -= len;
	q->bytes -= len;
}

static void tidy_copied(struct outq *q)
{
	if (q->copied_sent == q->copied.len) {
		buf_clear(&q->copied);
		q->copied_sent = 0;
	} else if (q->copied_sent > COMPACT_MIN_BYTES && q->copied_sent > q->copied.len / 2) {
		buf_consume(&q->copied, q->copied_sent);
		q->copied_sent = 0;
	}
}

void outq_sent(struct outq *q, uint64_t len)
{
	assert(len <= q->bytes);
	while (len > 0) {
		struct outq_piece *piece = piece_at(q, 0);
		uint64_t part = len < piece->len ? len : piece->len;

		advance_piece(q, piece, part);
		len -= part;
		if (piece->len == 0)
			drop_first(q);
	}
	tidy_copied(q);
}

/* Writes the bytes of a piece to fd at *end.  1: they belong to the range before;
 * 0: piece is a range of its own now; -errno: piece is as it was. */
static int spill_piece(struct outq *q, struct outq_piece *piece, struct outq_piece *before, int fd,
		       off_t *end)
{
	bool joins = before && before->spilled && before->offset + (off_t)before->len == *end;
	bool copied = piece->kind == OUTQ_COPIED;
	const char *bytes = copied ? q->copied.base + q->copied_sent : piece->base;
	int own = -1, rc = fd_write_all_at(fd, bytes, (size_t)piece->len, *end);

	if (rc == 0 && !joins) {
		own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		rc = own < 0 ? -errno : 0;
	}
	if (rc < 0)
		return rc;
	if (copied)
		q->copied_sent += (size_t)piece->len;
	else if (piece->release)
		piece->release(piece->owner);
	if (joins)
		before->len += piece->len;
	*end += (off_t)piece->len;
	*piece = (struct outq_piece){.kind = OUTQ_FILE,
				     .fd = own,
				     .len = piece->len,
				     .offset = *end - (off_t)piece->len,
				     .spilled = true};
	return joins ? 1 : 0;
}

int outq_spill(struct outq *q, int fd, off_t *end)
{
	unsigned kept = 0;
	int failed = 0;

	for (unsigned i = 0; i < q->count; i++) {
		struct outq_piece piece = *piece_at(q, i);
		int rc = 0;

		if (piece.kind != OUTQ_FILE && !failed)
			rc = spill_piece(q, &piece, kept > 0 ? piece_at(q, kept - 1) : NULL, fd,
					 end);
		if (rc < 0)
			failed = rc;
		if (rc <= 0)
			*piece_at(q, kept++) = piece;
	}
	q->count = kept;
	tidy_copied(q);
	return failed;
}

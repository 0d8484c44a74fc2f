/* One step for each state of the connection machine.
 *
 * A step reads or writes what it can, moves the state on, and says what it
 * waits for.  Rules that hold throughout:
 * - a read that did not fill its room has drained the socket: there is no
 *   second read before the next readiness (may_read);
 * - after end of file nothing waits for reading again, yet what was received
 *   before it is still answered;
 * - input before head_end belongs to the current request, whose slices point
 *   into it: it neither moves nor is overwritten until the exchange is over. */
#include "steps.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"

enum {
	MIN_ROOM = 2048, /* free input behind a head, for its body */
	SMALL_INPUT_BYTES = 2 * MIN_ROOM,
	AHEAD_MS = 1000,
	READS_PER_TURN = 8,	  /* so that one upload leaves others their turn */
	WRITES_PER_TURN = 8,	  /* likewise for downloads */
	VECTORS = 64,		  /* per send call */
	SENDFILE_BYTES = 1 << 20, /* per sendfile call */
	LINGER_BYTES = 1 << 20,	  /* read and dropped at most */
};

/* ---- input */

static void input_free(struct conn *c)
{
	if (c->in_cap == CONN_INPUT_BYTES)
		block_put(&c->service->inputs, c->in);
	else
		free(c->in);
}

/* Makes the input buffer larger, or gets one.  Only while no slice points into it. */
static int input_grow(struct conn *c)
{
	bool is_whole = c->in_cap >= CONN_INPUT_BYTES;
	size_t cap = is_whole ? 2 * c->in_cap : CONN_INPUT_BYTES;
	char *bytes = is_whole ? malloc(cap) : block_get(&c->service->inputs);

	if (!bytes)
		return -ENOMEM;
	if (c->in) {
		memcpy(bytes, c->in, c->in_end);
		input_free(c);
	}
	c->in = bytes;
	c->in_cap = cap;
	return 0;
}

/* The start of a head that its client may take long to go on with: many of those must not hold
 * much.  It moves back into a whole buffer before more of it is received. */
static void input_shrink(struct conn *c)
{
	size_t used = c->in_end - c->in_start;
	char *bytes;

	if (c->in_cap != CONN_INPUT_BYTES || used > SMALL_INPUT_BYTES - MIN_ROOM)
		return;
	bytes = malloc(SMALL_INPUT_BYTES);
	if (!bytes)
		return; /* then in the large one */
	memcpy(bytes, c->in + c->in_start, used);
	input_free(c);
	c->in = bytes;
	c->in_start = 0;
	c->in_end = used;
	c->in_cap = SMALL_INPUT_BYTES;
}

/* Gives the input buffer back when nothing in it is needed: idle connections
 * hold none. */
static void input_release(struct conn *c)
{
	if (!c->in || c->in_start < c->in_end)
		return;
	input_free(c);
	c->in = NULL;
	c->in_start = c->in_end = c->in_cap = 0;
}

/* Room for a head: what has come of it moves to the front, or the buffer grows. */
static int head_room(struct conn *c)
{
	if (c->in_cap < CONN_INPUT_BYTES)
		return input_grow(c);
	if (c->in_cap - c->in_end >= MIN_ROOM)
		return 0;
	if (c->in_start > 0) {
		memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
		c->in_end -= c->in_start;
		c->in_start = 0;
	}
	return c->in_cap - c->in_end >= MIN_ROOM ? 0 : input_grow(c);
}

/* Receives behind in_end.  True if bytes came; else eof, lost or !may_read says
 * why not. */
bool conn_receive(struct conn *c)
{
	size_t room = c->in_cap - c->in_end;
	ssize_t n = io_recv(&c->io, c->in + c->in_end, room);

	if (n < (ssize_t)room)
		c->may_read = false;
	if (n > 0) {
		c->in_end += (size_t)n;
		return true;
	}
	if (n == 0)
		c->eof = true;
	else if (n != -EAGAIN)
		c->lost = true;
	return false;
}

/* Whether to receive once more in this turn.  What was received is always looked
 * at before the machine waits: it may have been the last there is. */
bool conn_may_receive(const struct conn *c, unsigned reads)
{
	return c->may_read && reads < READS_PER_TURN && !c->eof && !c->lost;
}

/* ---- ends */

int conn_step_close(struct conn *c)
{
	conn_close(c);
	return WANT_CLOSE;
}

void conn_refuse(struct conn *c, enum http_error error)
{
	static const struct slice none;

	log_warning("Invalid request from ip=%s: %s", c->remote_addr,
		    http_error_info(error)->message);
	exchange_fail(&c->x, error, none);
	deadline_clear(&c->deadline);
	c->sent_some = false;
	conn_set_state(c, CONN_DRAIN);
}

/* ---- between requests */

static int step_idle(struct conn *c)
{
	if (c->in_start == c->in_end && c->may_read && !c->eof) {
		if (!c->in && input_grow(c) < 0)
			return conn_step_close(c);
		conn_receive(c);
	}
	if (c->in_start < c->in_end) {
		/* A connection that was opened well ahead of its request has the whole
		 * time for it, too. */
		if (c->head_timed && c->service->now_ms - c->deadline.since_ms >= AHEAD_MS)
			c->head_timed = false;
		conn_begin_exchange(c);
		conn_set_state(c, CONN_HEAD);
		return GO_ON;
	}
	input_release(c);
	return c->eof || c->lost ? conn_step_close(c) : WANT_READ;
}

/* ---- head */

static int head_complete(struct conn *c)
{
	struct http_request *req = &c->x.request;
	uint64_t limit = c->service->limits.body;
	enum http_error error = forwarding_apply(c->service->forwarding, c->trusted, req);

	/* Known to be too long: refused before anything of it is asked for. */
	if (limit > 0 && req->body == HTTP_BODY_LENGTH && req->content_length > limit)
		error = HTTP_ERR_BODY_LIMIT;

	if (error != HTTP_ERR_NONE) {
		conn_refuse(c, error);
		return GO_ON;
	}
	conn_take_kit(c);
	if (req->body != HTTP_BODY_NONE)
		return conn_begin_body(c);
	c->x.body_complete = true;
	deadline_clear(&c->deadline);
	conn_set_state(c, CONN_APP);
	return GO_ON;
}

/* Empty lines before a request are ignored, however many: so they must not stay. */
static void drop_empty_lines(struct conn *c)
{
	if (c->reader.lines > 0 || c->reader.skipped == 0)
		return;
	c->in_start += c->reader.skipped;
	http_reader_start(&c->reader, &c->service->limits, &c->arena);
}

/* Looks at what has come of the head.  GO_ON, or WANT_READ: it is incomplete. */
static int head_read(struct conn *c)
{
	struct slice bytes = slice_of(c->in + c->in_start, c->in_end - c->in_start);

	switch (http_reader_feed(&c->reader, bytes, &c->x.request)) {
	case HTTP_READ_HEAD:
		c->in_start += c->reader.head_len;
		c->head_end = c->in_start;
		return head_complete(c);
	case HTTP_READ_BAD:
		conn_refuse(c, c->reader.error);
		return GO_ON;
	case HTTP_READ_MORE:
		drop_empty_lines(c);
		break;
	}
	return WANT_READ;
}

/* Some clients send an empty line behind a body: it begins no request, and does
 * not move the deadline that runs. */
static int back_to_idle(struct conn *c)
{
	c->in_start = c->in_end;
	input_release(c);
	conn_set_state(c, CONN_IDLE);
	return WANT_READ;
}

static int step_head(struct conn *c)
{
	for (unsigned reads = 0;; reads++) {
		/* Before the parse, while nothing points into the buffer. */
		if (head_room(c) < 0)
			return conn_step_close(c);
		if (head_read(c) == GO_ON)
			return GO_ON;
		if (!conn_may_receive(c, reads) || !conn_receive(c))
			break;
	}
	if (c->eof || c->lost)
		return conn_step_close(c);
	if (http_reader_is_idle(&c->reader, c->in_end - c->in_start))
		return back_to_idle(c);
	input_shrink(c);
	if (!c->head_timed) {
		deadline_set(&c->service->deadlines, &c->deadline, DEADLINE_HEAD,
			     c->service->now_ms);
		c->head_timed = true;
	}
	return WANT_READ;
}

/* ---- output */

/* One send or sendfile call; bytes sent, or -errno. */
static ssize_t write_once(struct conn *c, size_t *offered)
{
	const struct outq_piece *file = outq_next_file(&c->out);
	struct iovec iov[VECTORS];
	unsigned n;

	*offered = 0;
	if (file) {
		*offered = file->len < SENDFILE_BYTES ? (size_t)file->len : SENDFILE_BYTES;
		return io_sendfile(&c->io, file->fd, file->offset, *offered);
	}
	n = outq_vectors(&c->out, iov, VECTORS);
	for (unsigned i = 0; i < n; i++)
		*offered += iov[i].iov_len;
	return io_sendv(&c->io, iov, n);
}

int conn_write(struct conn *c)
{
	for (unsigned writes = 0; !outq_empty(&c->out); writes++) {
		size_t offered;
		ssize_t n;

		if (c->lost || writes == WRITES_PER_TURN)
			break;
		n = write_once(c, &offered);
		if (n == -EAGAIN)
			break;
		if (n <= 0) {
			/* Gone; or a file that has shrunk: the promised length
			 * cannot be kept, so the connection has to be cut. */
			if (n == 0 || n == -EIO)
				log_error("A file that is being sent to ip=%s %s: the connection "
					  "is cut",
					  c->remote_addr, n == 0 ? "has shrunk" : "is unreadable");
			c->lost = true;
			break;
		}
		outq_sent(&c->out, (uint64_t)n);
		c->sent_some = true;
		/* A short write has filled the socket: do not ask again.  A file
		 * call is short for other reasons too. */
		if ((size_t)n < offered && !outq_next_file(&c->out))
			break;
	}
	if (c->lost)
		return -EPIPE;
	return outq_empty(&c->out) ? 0 : -EAGAIN;
}

/* Waits for room; the deadline starts anew whenever the client takes something. */
static int want_write(struct conn *c)
{
	if (c->sent_some || list_empty(&c->deadline.node))
		deadline_set(&c->service->deadlines, &c->deadline, DEADLINE_SEND,
			     c->service->now_ms);
	c->sent_some = false;
	return WANT_WRITE;
}

/* The application's turn: only conn_application leaves this state. */
static int step_app(struct conn *c)
{
	UNUSED(c);
	return WANT_APP;
}

static int step_flush(struct conn *c)
{
	/* PEP 3333: what there is goes out before the next piece is asked for. */
	if (conn_write(c) == -EAGAIN)
		return want_write(c);
	/* All is written; or the client is gone, which the application learns. */
	deadline_clear(&c->deadline);
	conn_set_state(c, c->x.pause ? CONN_PAUSE : CONN_APP);
	return GO_ON;
}

/* There is no deadline: how long an application may take is not the client's affair. */
static int step_pause(struct conn *c)
{
	if (c->x.pause && !c->lost)
		return WANT_PAUSE;
	c->x.pause = NULL;
	conn_set_state(c, CONN_APP);
	return GO_ON;
}

static int exchange_over(struct conn *c)
{
	struct conn_service *s = c->service;
	bool linger = c->unread || c->in_start < c->in_end || c->x.shared;

	conn_end_exchange(c);
	if (c->keep) {
		deadline_set(&s->deadlines, &c->deadline, DEADLINE_KEEPALIVE, s->now_ms);
		conn_set_state(c, CONN_IDLE);
		return GO_ON;
	}
	if (c->eof || c->reset || c->x.taken || !linger)
		return conn_step_close(c);
	/* Whoever else has a descriptor: the client sees the end of our answer. */
	io_shutdown(&c->io);
	if (s->deadlines.duration_ms[DEADLINE_LINGER] == 0)
		return conn_step_close(c);
	c->may_read = true;
	deadline_set(&s->deadlines, &c->deadline, DEADLINE_LINGER, s->now_ms);
	conn_set_state(c, CONN_LINGER);
	return GO_ON;
}

static int step_drain(struct conn *c)
{
	switch (conn_write(c)) {
	case 0:
		return exchange_over(c);
	case -EAGAIN:
		return want_write(c);
	default:
		return conn_step_close(c);
	}
}

/* Closing with unread input makes the kernel send RST, and the client may never
 * see our answer: so what it still sends is read and dropped for a while. */
static int step_linger(struct conn *c)
{
	c->in_start = c->in_end = 0;
	if (!c->in && input_grow(c) < 0)
		return conn_step_close(c);
	for (unsigned reads = 0; c->may_read && reads < READS_PER_TURN; reads++) {
		if (!conn_receive(c))
			break;
		c->discarded += c->in_end;
		c->in_end = 0;
	}
	if (c->eof || c->lost || c->discarded > LINGER_BYTES)
		return conn_step_close(c);
	input_release(c);
	return WANT_READ;
}

static int step_closed(struct conn *c)
{
	UNUSED(c);
	return WANT_CLOSE;
}

conn_step *const conn_steps[CONN_STATES] = {
	[CONN_IDLE] = step_idle,   [CONN_HEAD] = step_head,	[CONN_SPOOL] = conn_step_spool,
	[CONN_APP] = step_app,	   [CONN_FLUSH] = step_flush,	[CONN_PAUSE] = step_pause,
	[CONN_DRAIN] = step_drain, [CONN_LINGER] = step_linger, [CONN_CLOSED] = step_closed,
};

/* ---- the exchange's memory */

void conn_begin_exchange(struct conn *c)
{
	struct exchange *x = &c->x;

	http_reader_start(&c->reader, &c->service->limits, &c->arena);
	memset(&x->request, 0, sizeof(x->request));
	response_reset(&x->response);
	spool_init(&x->body, &c->service->spool);
	x->pending = slice_of(NULL, 0);
	x->body_complete = false;
	x->body_error = HTTP_ERR_NONE;
	x->started_us = 0;
	x->spill_fd = -1;
	x->spilled = 0;
	x->ended = NULL;
	x->pause = NULL;
	x->error = HTTP_ERR_NONE;
	x->aborted = false;
	x->shared = false;
	x->taken = false;
	x->cut = false;
	c->keep = false;
	c->unread = false;
}

void conn_end_exchange(struct conn *c)
{
	spool_release(&c->x.body);
	fd_close(&c->x.spill_fd);
	spool_uncount(&c->service->spool, c->x.spilled);
	c->x.spilled = 0;
	arena_reset(&c->arena);
	conn_return_kit(c);
	c->head_end = 0;
	c->head_timed = false;
	input_release(c);
}

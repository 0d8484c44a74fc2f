/* What the application's side does to a response: every byte of a body goes
 * through exchange_send or exchange_send_file, which frame it as decided by
 * response_frame, so that no application can break the framing. */
#include "ucorn/conn/exchange.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "steps.h"
#include "ucorn/http/status.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"
#include "ucorn/util/quote.h"

enum {
	COPY_MAX_BYTES = 1024, /* below this a copy is cheaper than a vector and a reference */
	CHUNK_LINE_MAX_BYTES = 16 + 2,
};

void exchange_abort(struct exchange *x)
{
	x->aborted = true;
	x->conn->keep = false;
	/* Where only the close ends the body, a clean one would make it look complete. */
	if (x->response.head_sent && x->response.framing == RESPONSE_CLOSE)
		x->conn->reset = true;
}

int exchange_share(struct exchange *x)
{
	struct conn *c = x->conn;
	int fd = c->io.fd >= 0 ? fcntl(c->io.fd, F_DUPFD_CLOEXEC, 3) : -1;

	if (fd < 0)
		return c->io.fd >= 0 ? -errno : -ENOTSOCK;
	x->shared = true;
	x->response.keep_alive = false; /* even if the head has said so already */
	c->io.shared = true;
	return fd;
}

void exchange_let_go(struct exchange *x)
{
	x->taken = true;
	outq_clear(&x->conn->out);
	exchange_abort(x);
	x->conn->reset = false;
}

/* Each thread of applications has a date of its own; the driver's is its alone. */
static const char *date_text(struct conn_service *s)
{
	static _Thread_local struct http_date own;

	if (!s->lock)
		return s->date.text;
	http_date_set(&own, time(NULL));
	return own.text;
}

/* Requests that have already come are still answered here. */
static bool may_keep(struct exchange *x)
{
	const struct conn *c = x->conn;
	const struct conn_service *s = c->service;

	if (!s->keep_alive || !x->body_complete || x->shared)
		return false;
	if (c->in_start < c->in_end)
		return true;
	return !s->leaving && !(s->parts && s->parts(x, s->told_data));
}

int exchange_head(struct exchange *x, int64_t whole_body)
{
	struct conn *c = x->conn;
	int rc;

	if (x->response.head_sent)
		return 0;
	conn_look_for_end(c);
	response_frame(&x->response, &x->request, whole_body, may_keep(x));
	rc = response_head_write(&x->response, &x->request, c->service->server_line,
				 date_text(c->service), &c->out);
	if (rc < 0)
		exchange_abort(x);
	return rc;
}

/* Once per response. */
static void warn_excess(struct exchange *x)
{
	struct quoted method, path;

	if (!x->response.excess)
		log_warning(
			"The application sends more than the %llu bytes that its Content-Length "
			"announced (%s %s): the rest is dropped",
			(unsigned long long)x->response.length, quoted(x->request.method, &method),
			quoted(x->request.path, &path));
	x->response.excess = true;
}

/* How many of len bytes the framing lets through; counts them. */
static uint64_t exchange_admit(struct exchange *x, uint64_t len)
{
	struct response *r = &x->response;

	if (x->aborted || x->conn->lost || r->framing == RESPONSE_NO_BODY)
		return 0;
	if (r->framing == RESPONSE_LENGTH && len > r->length - r->sent) {
		warn_excess(x);
		len = r->length - r->sent;
	}
	r->sent += len;
	return len;
}

static bool is_chunked(const struct exchange *x)
{
	return x->response.framing == RESPONSE_CHUNKED;
}

static char *put_crlf(char *at)
{
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

/* RFC 9112 7.1: the size in hexadecimal. */
static char *put_chunk_line(char *at, uint64_t len)
{
	unsigned shift = len > 0 ? (63 - (unsigned)__builtin_clzll(len)) & ~3U : 0;

	for (; shift > 0; shift -= 4)
		*at++ = "0123456789ABCDEF"[len >> shift & 15];
	*at++ = "0123456789ABCDEF"[len & 15];
	return put_crlf(at);
}

static int chunk_open(struct exchange *x, uint64_t len)
{
	char line[CHUNK_LINE_MAX_BYTES];

	if (!is_chunked(x))
		return 0;
	return outq_copy(&x->conn->out, line, (size_t)(put_chunk_line(line, len) - line));
}

static int chunk_close(struct exchange *x)
{
	return is_chunked(x) ? outq_copy(&x->conn->out, "\r\n", 2) : 0;
}

/* The whole chunk, or without chunks the piece. */
static int send_copy(struct exchange *x, struct slice piece)
{
	struct outq *q = &x->conn->out;
	char *start = outq_room(q, piece.len + CHUNK_LINE_MAX_BYTES + 2), *at = start;

	if (!start)
		return -ENOMEM;
	if (is_chunked(x))
		at = put_chunk_line(at, piece.len);
	memcpy(at, piece.base, piece.len);
	at += piece.len;
	if (is_chunked(x))
		at = put_crlf(at);
	return outq_commit(q, (size_t)(at - start));
}

static int send_borrowed(struct exchange *x, struct slice piece, void *owner,
			 void (*release)(void *owner))
{
	int rc = chunk_open(x, piece.len);

	if (rc == 0)
		rc = outq_borrow(&x->conn->out, piece, owner, release);
	if (rc == 0)
		return chunk_close(x);
	release(owner);
	return rc;
}

int exchange_send(struct exchange *x, struct slice piece, void *owner, void (*release)(void *owner))
{
	int rc = exchange_head(x, -1);

	if (rc == 0)
		piece.len = (size_t)exchange_admit(x, piece.len);
	if (rc == 0 && release && piece.len > COPY_MAX_BYTES) {
		rc = send_borrowed(x, piece, owner, release);
	} else {
		if (rc == 0 && piece.len > 0)
			rc = send_copy(x, piece);
		if (release)
			release(owner);
	}
	if (rc < 0)
		exchange_abort(x);
	return rc;
}

int exchange_send_file(struct exchange *x, int fd, off_t offset, uint64_t len)
{
	int rc = exchange_head(x, -1);

	if (rc < 0)
		goto out;
	len = exchange_admit(x, len);
	if (len == 0)
		goto out;
	rc = chunk_open(x, len);
	if (rc == 0)
		rc = outq_file(&x->conn->out, fd, offset, len);
	if (rc == 0) {
		fd = -1; /* the queue's now */
		rc = chunk_close(x);
	}
out:
	fd_close(&fd);
	if (rc < 0)
		exchange_abort(x);
	return rc;
}

void exchange_end(struct exchange *x)
{
	struct response *r = &x->response;
	struct quoted method, path;

	if (x->aborted || exchange_head(x, 0) < 0)
		return;
	if (r->framing == RESPONSE_CHUNKED && outq_copy(&x->conn->out, "0\r\n\r\n", 5) < 0)
		exchange_abort(x);
	if (r->framing == RESPONSE_LENGTH && r->sent < r->length && !x->conn->lost) {
		log_warning("The application sent %llu of the %llu bytes that its Content-Length "
			    "announced (%s %s): the connection is closed",
			    (unsigned long long)r->sent, (unsigned long long)r->length,
			    quoted(x->request.method, &method), quoted(x->request.path, &path));
		exchange_abort(x);
	}
}

/* Makes the response, as the access log sees it, that of the error page. */
static void response_set_error(struct response *r, unsigned status)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%u %s", status, http_status_reason(status));

	if (response_start(r, slice_of(text, (size_t)n)) == RESPONSE_OK)
		r->framing = RESPONSE_LENGTH;
	r->head_sent = true;
	r->keep_alive = false;
}

void exchange_fail(struct exchange *x, enum http_error error, struct slice message)
{
	struct conn *c = x->conn;
	struct buf page = {0};

	/* What the application stumbled over was the client's body. */
	if (error == HTTP_ERR_APPLICATION && x->body_error != HTTP_ERR_NONE)
		error = x->body_error;
	x->error = error;
	c->keep = false;
	c->unread = true;
	if (x->response.head_sent || c->lost) {
		exchange_abort(x);
		return;
	}
	response_set_error(&x->response, http_error_info(error)->status);
	if (http_error_page(&page, error, message, x->request.is_head) < 0 ||
	    outq_copy(&c->out, page.base, page.len) < 0)
		exchange_abort(x);
	buf_release(&page);
}

/* The note whether the exchange has ended is nowhere on this stack, which is not where it
 * was while a greenlet waits. */
int conn_wait(struct conn *c, enum want want, unsigned patience_ms)
{
	bool *ended;
	int rc;

	if (c->x.ended)
		return -EBUSY;
	ended = calloc(1, sizeof(*ended));
	if (!ended)
		return -ENOMEM;
	c->x.ended = ended;
	rc = c->service->wait(c, want, patience_ms > 0 ? patience_ms : UINT_MAX);
	if (*ended)
		rc = -ECANCELED;
	else
		c->x.ended = NULL;
	free(ended);
	return rc;
}

/* The client is waited for, up to the send deadline each time. */
static int flush_waiting(struct conn *c)
{
	struct conn_service *s = c->service;
	int rc = -EAGAIN;

	while (rc == -EAGAIN && c->out.bytes > s->high_water_bytes) {
		rc = conn_wait(c, WANT_WRITE, s->deadlines.duration_ms[DEADLINE_SEND]);
		if (rc == -ECANCELED)
			return rc;
		if (rc < 0)
			c->lost = true;
		rc = conn_write(c);
	}
	return rc;
}

/* The exchange cannot end meanwhile, and another thread of the application may be waiting for
 * its body: so this is no conn_wait. */
void conn_write_all(struct conn *c)
{
	struct conn_service *s = c->service;
	unsigned send_ms = s->deadlines.duration_ms[DEADLINE_SEND];

	while (conn_write(c) == -EAGAIN)
		if (s->wait(c, WANT_WRITE, send_ms > 0 ? send_ms : UINT_MAX) < 0)
			c->lost = true;
}

/* Nobody can wait: the queue goes into a file, and the reactor sends it later. */
static void flush_spilling(struct exchange *x)
{
	struct conn *c = x->conn;
	uint64_t bytes = outq_memory(&c->out);
	int rc = 0;

	if (x->spill_fd < 0) {
		x->spill_fd = spool_temp_file(c->service->spool.folder);
		x->spill_end = 0;
	}
	if (x->spill_fd < 0)
		rc = x->spill_fd;
	else
		rc = spool_count(&c->service->spool, bytes);
	if (rc == 0) {
		x->spilled += bytes;
		rc = outq_spill(&c->out, x->spill_fd, &x->spill_end);
	}
	if (rc < 0) {
		log_error("Cannot store a response in %s: %s. The connection is cut.",
			  c->service->spool.folder,
			  rc == -EDQUOT ? "tmp_upload_limit is reached" : strerror(-rc));
		exchange_abort(x); /* with a reset, where the close would be the end */
		c->lost = true;
	}
}

int exchange_flush(struct exchange *x)
{
	struct conn *c = x->conn;
	struct conn_service *s = c->service;
	int rc = conn_write(c);

	if (rc == -EAGAIN && outq_memory(&c->out) > s->high_water_bytes) {
		if (s->wait)
			rc = flush_waiting(c);
		else
			flush_spilling(x);
	}
	if (rc == -ECANCELED)
		return rc;
	if (c->lost)
		return -EPIPE;
	return rc == -EAGAIN ? 0 : rc;
}

int exchange_interim(struct exchange *x, struct slice head)
{
	int rc;

	if (x->response.head_sent)
		return 0;
	rc = outq_copy(&x->conn->out, head.base, head.len);
	if (rc < 0)
		return rc;
	rc = conn_write(x->conn);
	return rc == -EAGAIN ? 0 : rc;
}

/* How the body of a request comes in.
 *
 * A body that has come with its head is read where it is.  Usually all of another one is
 * stored before the application starts (CONN_SPOOL): in memory, then in a file.  With
 * stream_bodies, or when the files of all workers hold too much already, the application
 * starts with what there is, and waits for the rest when it reads (exchange_body_more).
 *
 * A body has two clocks: so much time between two pieces, and an average rate,
 * which is looked at each time that much time has passed.  Who is behind it gets no
 * more time until it has caught up: the deadline that runs is not renewed. */
#include <assert.h>
#include <errno.h>

#include "steps.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

/* Only a client that has sent nothing of its body can be waiting. */
static void send_continue(struct conn *c)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
	bool is_waiting = c->x.request.expect_continue && c->in_start == c->in_end &&
			  c->decoder.received == 0 && c->decoder.overhead == 0;

	c->x.request.expect_continue = false;
	if (is_waiting && exchange_interim(&c->x, slice_of(line, sizeof(line) - 1)) < 0)
		c->lost = true;
}

static enum http_body_step decode(struct conn *c, struct slice *data, enum http_error *error)
{
	struct slice in = slice_of(c->in + c->in_start, c->in_end - c->in_start);
	size_t used = 0;
	enum http_body_step step = http_body_decode(&c->decoder, in, &used, data, error);

	c->in_start += used;
	return step;
}

/* Whether the rate is good enough, waited_ms after it was last found to be. */
static bool is_in_time(const struct conn *c, uint64_t waited_ms)
{
	const struct conn_service *s = c->service;
	uint64_t came = c->decoder.received - c->body_counted;

	return s->body_min_rate == 0 || waited_ms <= s->deadlines.duration_ms[DEADLINE_BODY] ||
	       came / s->body_min_rate >= waited_ms / 1000;
}

/* Begins to measure anew, once there is something to judge by: a fast beginning does
 * not buy time for later. */
static bool is_judged(const struct conn *c, uint64_t waited_ms)
{
	return waited_ms > c->service->deadlines.duration_ms[DEADLINE_BODY];
}

/* ---- stored */

/* What has come is ready to be read by the application. */
static int start_application(struct conn *c)
{
	if (spool_finish(&c->x.body) < 0) {
		conn_refuse(c, HTTP_ERR_SPOOL);
		return GO_ON;
	}
	c->body_waited_ms = 0;
	c->body_counted = c->decoder.received;
	deadline_clear(&c->deadline);
	conn_set_state(c, CONN_APP);
	return GO_ON;
}

/* All of the body has come with the head: it stays where it is, before head_end. */
static int use_in_place(struct conn *c)
{
	size_t len = (size_t)c->x.request.content_length;

	spool_borrow(&c->x.body, slice_of(c->in + c->in_start, len));
	c->in_start += len;
	c->head_end = c->in_start;
	c->decoder.received = len;
	c->x.body_complete = true;
	return start_application(c);
}

int conn_begin_body(struct conn *c)
{
	const struct http_request *req = &c->x.request;
	struct conn_service *s = c->service;

	http_body_init(&c->decoder, req, s->limits.body);
	if (!s->stream_bodies)
		send_continue(c);
	if (req->body == HTTP_BODY_LENGTH && req->content_length <= c->in_end - c->in_start)
		return use_in_place(c);
	c->body_since_ms = s->now_ms - s->app_ms;
	c->body_counted = 0;
	deadline_set(&s->deadlines, &c->deadline, DEADLINE_BODY, s->now_ms);
	conn_set_state(c, CONN_SPOOL);
	return GO_ON;
}

/* There is no room for data.  A body of unknown length is not streamed unasked: without
 * CONTENT_LENGTH many an application would take it for none. */
static int cannot_store(struct conn *c, struct slice data, int rc)
{
	if (rc == -EDQUOT && c->service->wait && c->x.request.body == HTTP_BODY_LENGTH) {
		c->x.pending = data;
		return start_application(c);
	}
	log_error("Cannot store a request body of ip=%s in %s: %s", c->remote_addr,
		  c->service->spool.folder,
		  rc == -EDQUOT ? "tmp_upload_limit is reached" : strerror(-rc));
	conn_refuse(c, HTTP_ERR_SPOOL);
	return GO_ON;
}

/* Stores what has come of the body.  GO_ON: the state has changed; WANT_READ: all
 * input is used. */
static int store(struct conn *c)
{
	for (;;) {
		enum http_error error = HTTP_ERR_NONE;
		struct slice data;
		int rc;

		switch (decode(c, &data, &error)) {
		case HTTP_BODY_MORE:
			return WANT_READ;
		case HTTP_BODY_END:
			c->x.body_complete = true;
			return start_application(c);
		case HTTP_BODY_BAD:
			conn_refuse(c, error);
			return GO_ON;
		case HTTP_BODY_DATA:
			rc = spool_put(&c->x.body, data);
			if (rc < 0)
				return cannot_store(c, data, rc);
			break;
		}
	}
}

/* Something has come: the time to the next piece begins. */
static void renew_deadline(struct conn *c)
{
	struct conn_service *s = c->service;
	uint64_t now_ms = s->now_ms - s->app_ms, waited_ms = now_ms - c->body_since_ms;

	if (!is_in_time(c, waited_ms))
		return;
	deadline_set(&s->deadlines, &c->deadline, DEADLINE_BODY, s->now_ms);
	if (is_judged(c, waited_ms)) {
		c->body_since_ms = now_ms;
		c->body_counted = c->decoder.received;
	}
}

int conn_step_spool(struct conn *c)
{
	if (!outq_empty(&c->out) && conn_write(c) < 0 && c->lost)
		return conn_step_close(c);
	for (unsigned reads = 0;; reads++) {
		if (store(c) == GO_ON)
			return GO_ON;
		if (reads > 0)
			renew_deadline(c);
		if (c->service->stream_bodies)
			return start_application(c);
		c->in_start = c->in_end = c->head_end;
		if (!conn_may_receive(c, reads) || !conn_receive(c))
			break;
	}
	if (c->eof || c->lost)
		return conn_step_close(c);
	/* The interim answer first: the client may be waiting for it. */
	return outq_empty(&c->out) ? WANT_READ : WANT_WRITE;
}

/* ---- streamed */

static int wait_for_more(struct conn *c)
{
	uint64_t before_ms = clock_ms();
	int rc = conn_wait(c, WANT_READ, c->service->deadlines.duration_ms[DEADLINE_BODY]);

	if (rc == -ECANCELED)
		return rc;
	c->body_waited_ms += clock_ms() - before_ms;
	if (rc < 0 || !is_in_time(c, c->body_waited_ms)) {
		c->x.body_error = HTTP_ERR_TIMEOUT;
		return -ETIMEDOUT;
	}
	if (is_judged(c, c->body_waited_ms)) {
		c->body_waited_ms = 0;
		c->body_counted = c->decoder.received;
	}
	return 0;
}

/* Behind the head, whose bytes stay where they are. */
static int receive_more(struct conn *c)
{
	c->in_start = c->in_end = c->head_end;
	send_continue(c);
	while (!c->lost && !conn_receive(c)) {
		int rc;

		if (c->eof || c->lost)
			break;
		rc = wait_for_more(c);
		if (rc < 0)
			return rc;
	}
	if (c->in_start < c->in_end)
		return 0;
	c->lost = true; /* nobody would read an answer to half a request */
	return -ECONNRESET;
}

static int body_errno(enum http_error error)
{
	switch (error) {
	case HTTP_ERR_TIMEOUT:
		return -ETIMEDOUT;
	case HTTP_ERR_BODY_LIMIT:
		return -EFBIG;
	default:
		return -EBADMSG;
	}
}

int exchange_body_more(struct exchange *x)
{
	struct conn *c = x->conn;
	struct slice data = x->pending;
	enum http_body_step step = data.len > 0 ? HTTP_BODY_DATA : HTTP_BODY_MORE;

	if (x->ended)
		return -EBUSY;
	assert(spool_left(&x->body) == 0);
	if (x->body_complete)
		return 0;
	if (x->body_error != HTTP_ERR_NONE)
		return body_errno(x->body_error);
	x->pending = slice_of(NULL, 0);
	spool_reset(&x->body);
	while (step == HTTP_BODY_MORE) {
		int rc;

		step = decode(c, &data, &x->body_error);
		if (step != HTTP_BODY_MORE)
			break;
		rc = receive_more(c);
		if (rc < 0)
			return rc;
	}
	if (step == HTTP_BODY_BAD)
		return body_errno(x->body_error);
	x->body_complete = step == HTTP_BODY_END;
	return x->body_complete ? 0 : spool_hold(&x->body, data) < 0 ? -ENOMEM : 1;
}

/* An application that has read as much as was announced need not have seen the end. */
void conn_look_for_end(struct conn *c)
{
	struct exchange *x = &c->x;

	if (x->body_complete || spool_left(&x->body) > 0 || x->pending.len > 0 || x->body_error)
		return;
	x->body_complete = decode(c, &x->pending, &x->body_error) == HTTP_BODY_END;
}

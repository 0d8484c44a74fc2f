/* The echo application: see echo_app.h. */
#include "echo_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "ucorn/util/clock.h"
#include "ucorn/util/fd.h"

static const char fixed_body[] = "Hello, World\n";

static enum app_step answer_fixed(struct exchange *x)
{
	if (exchange_head(x, sizeof(fixed_body) - 1) == 0 &&
	    exchange_send(x, slice_of(fixed_body, sizeof(fixed_body) - 1), NULL, NULL) == 0)
		exchange_end(x);
	return APP_DONE;
}

static enum app_step answer_echo(struct exchange *x)
{
	const struct http_request *req = &x->request;
	uint64_t total = req->method.len + req->target.len + 2 + x->body.size;
	char block[97]; /* odd, so that pieces straddle everything */
	ssize_t n;

	if (exchange_head(x, (int64_t)total) < 0 || exchange_send(x, req->method, NULL, NULL) < 0 ||
	    exchange_send(x, SLICE(" "), NULL, NULL) < 0 ||
	    exchange_send(x, req->target, NULL, NULL) < 0 ||
	    exchange_send(x, SLICE("\n"), NULL, NULL) < 0)
		return APP_DONE;
	while ((n = spool_read(&x->body, block, sizeof(block))) > 0)
		if (exchange_send(x, slice_of(block, (size_t)n), NULL, NULL) < 0)
			return APP_DONE;
	exchange_end(x);
	return APP_DONE;
}

/* Nothing is different from /fixed but the status. */
static enum app_step answer_status(struct exchange *x)
{
	struct slice number = x->request.target;
	enum response_fault fault;

	number.base += strlen("/status/");
	number.len -= strlen("/status/");
	if (slice_starts(number, SLICE("1")))
		fault = RESPONSE_BAD_STATUS; /* not a final one */
	else
		fault = response_start(&x->response, number);
	if (fault == RESPONSE_OK)
		fault = response_field(&x->response, SLICE("Content-Type"), SLICE("text/plain"));
	if (fault == RESPONSE_OK)
		return answer_fixed(x);
	exchange_fail(x, HTTP_ERR_APPLICATION, slice_of(NULL, 0));
	return APP_DONE;
}

enum { STREAM_MAX = 1000 };

static char long_piece[1100];

static void release_piece(void *owner)
{
	((struct echo_app *)owner)->released++;
}

static int lend(struct echo_app *echo, struct exchange *x, struct slice piece)
{
	echo->borrowed++; /* a short one is copied and given back at once */
	return exchange_send(x, piece, echo, release_piece);
}

static enum app_step answer_borrowed(struct echo_app *echo, struct exchange *x)
{
	if (exchange_send(x, SLICE("head,"), NULL, NULL) == 0 &&
	    lend(echo, x, slice_of(long_piece, sizeof(long_piece))) == 0 &&
	    lend(echo, x, SLICE(",tail\n")) == 0)
		exchange_end(x);
	return APP_DONE;
}

static enum app_step answer_file(struct exchange *x)
{
	int fd = memfd_create("echo", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, long_piece, sizeof(long_piece)) < 0) {
		exchange_abort(x);
		fd_close(&fd);
		return APP_DONE;
	}
	if (exchange_head(x, 600) == 0 && exchange_send_file(x, fd, 100, 600) == 0)
		exchange_end(x);
	return APP_DONE;
}

/* With the mark at nothing, whatever cannot be written at once goes to a file. */
static enum app_step answer_written(struct exchange *x)
{
	size_t high_water_bytes = x->conn->service->high_water_bytes;

	x->conn->service->high_water_bytes = 0;
	for (size_t at = 0; at < sizeof(long_piece); at += 300) {
		size_t left = sizeof(long_piece) - at;

		if (exchange_send(x, slice_of(long_piece + at, left < 300 ? left : 300), NULL,
				  NULL) < 0 ||
		    exchange_flush(x) < 0)
			break;
	}
	x->conn->service->high_water_bytes = high_water_bytes;
	exchange_end(x);
	return APP_DONE;
}

struct stream {
	unsigned long piece;
	struct pause pause;
};

/* How many pieces a stream has, by its target. */
static unsigned long stream_length(const struct exchange *x)
{
	char text[16] = {0};
	unsigned long count;
	size_t len = x->request.target.len - strlen("/stream/");

	memcpy(text, x->request.target.base + strlen("/stream/"),
	       len < sizeof(text) - 1 ? len : sizeof(text) - 1);
	count = strtoul(text, NULL, 10);
	return count < STREAM_MAX ? count : STREAM_MAX;
}

static enum app_step echo_more(struct app *app, struct exchange *x)
{
	struct stream *stream = x->app_state;
	char text[32];
	int n;

	UNUSED(app);
	if (stream->piece >= stream_length(x)) {
		exchange_end(x);
		return APP_DONE;
	}
	n = snprintf(text, sizeof(text), "piece %lu\n", stream->piece++);
	if (exchange_send(x, slice_of(text, (size_t)n), NULL, NULL) < 0)
		return APP_DONE;
	if (!slice_starts(x->request.target, SLICE("/paused/")))
		return APP_MORE;
	stream->pause = (struct pause){.fd = -1, .end_us = clock_us() + 1000000};
	x->pause = &stream->pause;
	return APP_PAUSE;
}

static enum app_step answer_failing(struct exchange *x)
{
	static const struct slice no_message;

	if (slice_eq(x->request.target, SLICE("/cut")) &&
	    exchange_send(x, SLICE("half of it"), NULL, NULL) < 0)
		return APP_DONE;
	exchange_fail(x, HTTP_ERR_APPLICATION, no_message);
	return APP_DONE;
}

static enum app_step echo_start(struct app *app, struct exchange *x)
{
	struct slice target = x->request.target;
	struct stream *stream = arena_alloc(&x->conn->arena, sizeof(*stream));

	container_of(app, struct echo_app, app)->started++;
	if (!stream || response_start(&x->response, SLICE("200 OK")) != RESPONSE_OK ||
	    response_field(&x->response, SLICE("Content-Type"), SLICE("text/plain")) !=
		    RESPONSE_OK) {
		exchange_abort(x);
		return APP_DONE;
	}
	*stream = (struct stream){0};
	x->app_state = stream;
	if (slice_eq(target, SLICE("/fixed")))
		return answer_fixed(x);
	if (slice_eq(target, SLICE("/borrow")))
		return answer_borrowed(container_of(app, struct echo_app, app), x);
	if (slice_eq(target, SLICE("/file")))
		return answer_file(x);
	if (slice_eq(target, SLICE("/write")))
		return answer_written(x);
	if (slice_eq(target, SLICE("/fail")) || slice_eq(target, SLICE("/cut")))
		return answer_failing(x);
	if (slice_starts(target, SLICE("/status/")))
		return answer_status(x);
	if (slice_starts(target, SLICE("/stream/")) || slice_starts(target, SLICE("/paused/")))
		return echo_more(app, x);
	return answer_echo(x);
}

static void echo_finish(struct app *app, struct exchange *x)
{
	UNUSED(x);
	container_of(app, struct echo_app, app)->finished++;
}

static const struct app_ops echo_ops = {
	.start = echo_start,
	.more = echo_more,
	.finish = echo_finish,
};

void echo_app_init(struct echo_app *echo)
{
	*echo = (struct echo_app){.app.ops = &echo_ops};
	for (size_t i = 0; i < sizeof(long_piece); i++)
		long_piece[i] = i % 60 == 59 ? '\n' : (char)('0' + i / 60 % 10);
}

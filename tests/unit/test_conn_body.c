/* Bodies of requests: stored under two clocks and a limit, or streamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "mem_client.h"
#include "ucorn/util/log.h"

/* Answers with the body it reads, piece by piece; with `/half` it reads one piece
 * only, with `/head` it sends its head before it reads, with `/none` it reads
 * nothing, with `/sink` it sends nothing, with `/stubborn` it reads on behind an
 * error. */
struct reading_app {
	struct app app;
	unsigned started, finished;
	bool had_all; /* the body was complete when the application began */
	int failure;  /* of exchange_body_more */
};

static struct reading_app app;
static struct conn_service service;
static _Atomic uint64_t all, own;

/* What the wait function does. */
static struct {
	unsigned calls;
	size_t step;	       /* so much more input has come then */
	int result;	       /* what it gives */
	uint64_t pretended_ms; /* how long it took */
	size_t sent_before;    /* bytes sent when it was called first */
} wait;

static bool echo_stored(struct exchange *x)
{
	char block[97];
	ssize_t n;

	while ((n = spool_read(&x->body, block, sizeof(block))) > 0)
		if (!slice_eq(x->request.target, SLICE("/sink")) &&
		    exchange_send(x, slice_of(block, (size_t)n), NULL, NULL) < 0)
			return false;
	return n == 0;
}

static enum app_step reading_start(struct app *base, struct exchange *x)
{
	static const struct slice no_message;
	struct slice target = x->request.target;
	int rc = 1;

	UNUSED(base);
	app.started++;
	app.had_all = x->body_complete;
	if (response_start(&x->response, SLICE("200 OK")) != RESPONSE_OK ||
	    (slice_eq(target, SLICE("/head")) && exchange_send(x, SLICE(">"), NULL, NULL) < 0))
		return APP_DONE;
	while (!slice_eq(target, SLICE("/none")) && echo_stored(x)) {
		rc = exchange_body_more(x);
		if (rc < 0 && slice_eq(target, SLICE("/stubborn")))
			rc = exchange_body_more(x);
		if (rc <= 0 || slice_eq(target, SLICE("/half")))
			break;
	}
	app.failure = rc < 0 ? rc : 0;
	if (rc < 0)
		exchange_fail(x, HTTP_ERR_APPLICATION, no_message);
	else
		exchange_end(x);
	return APP_DONE;
}

static void reading_finish(struct app *base, struct exchange *x)
{
	UNUSED(base);
	UNUSED(x);
	app.finished++;
}

static const struct app_ops reading_ops = {.start = reading_start, .finish = reading_finish};

static int wait_for_client(struct conn *c, enum want want, unsigned timeout_ms)
{
	struct mem_client *cl = container_of(c, struct mem_client, conn);

	assert_int_equal(want, WANT_READ);
	assert_true(timeout_ms > 0);
	if (wait.calls++ == 0)
		wait.sent_before = cl->mem.output.len;
	cl->mem.available += wait.step;
	if (cl->mem.available >= cl->mem.input.len)
		cl->mem.eof = true;
	c->body_waited_ms += wait.pretended_ms;
	return wait.result;
}

static int setup(void **state)
{
	UNUSED(state);
	log_set_level(LOG_CRITICAL);
	app = (struct reading_app){.app.ops = &reading_ops};
	conn_service_init(&service);
	service.app = &app.app;
	service.wait = wait_for_client;
	service.now_ms = 1000;
	http_date_set(&service.date, 784111777);
	wait.calls = 0;
	wait.step = 1;
	wait.result = 0;
	wait.pretended_ms = 0;
	all = own = 0;
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	assert_int_equal(service.connections, 0);
	assert_int_equal(app.started, app.finished);
	assert_int_equal(all, 0);
	assert_int_equal(own, 0);
	conn_service_release(&service);
	return 0;
}

static void limit_files(uint64_t limit)
{
	service.spool = (struct spool_store){
		.folder = "/tmp", .memory_max = 4, .limit = limit, .all = &all, .own = &own};
}

/* The whole conversation, of whose input the first bytes come at once and the rest
 * when it is waited for. */
static void converse(const char *input, size_t first, struct mem_client *cl)
{
	mem_client_init(cl, &service, slice_from(input), first);
	mem_client_run(cl);
	if (cl->want != WANT_CLOSE)
		mem_client_close(cl);
	assert_int_equal(buf_append(&cl->mem.output, "", 1), 0);
}

static void assert_answer(const struct mem_client *cl, const char *status, const char *end)
{
	const char *text = cl->mem.output.base;
	size_t len = strlen(text);

	assert_memory_equal(text + strlen("HTTP/1.1 "), status, 3);
	assert_true(len >= strlen(end));
	assert_string_equal(text + len - strlen(end), end);
}

#define HEAD_OF(target, fields) "POST " target " HTTP/1.1\r\nHost: h\r\n" fields "\r\n"
#define LENGTH_8		"Content-Length: 8\r\n"
#define CHUNKED			"Transfer-Encoding: chunked\r\n"
#define NEXT			"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

/* ---- streaming */

static void test_streamed_bodies(void **state)
{
	static const struct {
		const char *input, *end;
	} rows[] = {
		{HEAD_OF("/", LENGTH_8) "12345678", "\r\n0\r\n\r\n"},
		{HEAD_OF("/", CHUNKED) "3\r\n123\r\n5\r\n45678\r\n0\r\n\r\n", "\r\n0\r\n\r\n"},
	};

	UNUSED(state);
	service.stream_bodies = true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *body = strstr(rows[i].input, "\r\n\r\n") + 4;
		size_t head = (size_t)(body - rows[i].input);

		for (size_t first = head; first <= strlen(rows[i].input); first++) {
			struct mem_client cl;

			converse(rows[i].input, first, &cl);
			assert_answer(&cl, "200", rows[i].end);
			assert_int_equal(app.had_all, first == strlen(rows[i].input));
			mem_client_release(&cl);
		}
	}
}

/* What was not read is never taken for a request. */
static void test_unread_bodies_close(void **state)
{
	static const char *const targets[] = {HEAD_OF("/none", LENGTH_8),
					      HEAD_OF("/half", LENGTH_8)};

	UNUSED(state);
	service.stream_bodies = true;
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct mem_client cl;
		char input[200];

		snprintf(input, sizeof(input), "%sGET / HT" NEXT, targets[i]);
		converse(input, strlen(targets[i]) + i, &cl);
		assert_non_null(strstr(cl.mem.output.base, "Connection: close"));
		assert_int_equal(app.started, i + 1);
		mem_client_release(&cl);
	}
}

/* A body that has been read to its end keeps the connection, and one whose end had
 * not come when the head went out does not. */
static void test_connections_are_kept_behind_read_bodies(void **state)
{
	static const char input[] = HEAD_OF("/", LENGTH_8) "12345678" NEXT;
	static const char early[] = HEAD_OF("/head", LENGTH_8) "12345678" NEXT;
	struct mem_client cl;

	UNUSED(state);
	service.stream_bodies = true;
	converse(input, SIZE_MAX, &cl);
	assert_int_equal(app.started, 2);
	mem_client_release(&cl);
	converse(early, strlen(early) - strlen(NEXT) - 1, &cl);
	assert_int_equal(app.started, 3);
	assert_non_null(strstr(cl.mem.output.base, "Connection: close"));
	mem_client_release(&cl);
}

static void test_streaming_asks_at_the_first_read(void **state)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	static const char input[] = HEAD_OF("/", LENGTH_8 "Expect: 100-continue\r\n") "12345678";
	static const char unread[] = HEAD_OF("/none", LENGTH_8 "Expect: 100-continue\r\n");
	struct mem_client cl;

	UNUSED(state);
	service.stream_bodies = true;
	converse(input, strlen(input) - 8, &cl);
	assert_int_equal(wait.sent_before, strlen(go_on));
	assert_memory_equal(cl.mem.output.base, go_on, strlen(go_on));
	mem_client_release(&cl);
	converse(unread, SIZE_MAX, &cl);
	assert_answer(&cl, "200", "");
	assert_non_null(strstr(cl.mem.output.base, "Connection: close"));
	mem_client_release(&cl);
}

static void test_streamed_bodies_that_fail(void **state)
{
	static const struct {
		const char *input;
		int wait_result;
		uint64_t pretended_ms;
		int failure;
		const char *status; /* NULL: no answer */
	} rows[] = {
		{HEAD_OF("/sink", CHUNKED) "3\r\n123X5\r\n45678\r\n0\r\n\r\n", 0, 0, -EBADMSG,
		 "400"},
		{HEAD_OF("/sink", CHUNKED) "3\r\n123\r\n9\r\n", 0, 0, -EFBIG, "413"},
		{HEAD_OF("/sink", LENGTH_8) "1234", -ETIMEDOUT, 0, -ETIMEDOUT, "408"},
		{HEAD_OF("/sink", LENGTH_8) "12345678", 0, 50000, -ETIMEDOUT, "408"}, /* too slow */
		{HEAD_OF("/sink", LENGTH_8) "1234", 0, 0, -ECONNRESET, NULL},
	};

	UNUSED(state);
	service.stream_bodies = true;
	service.body_min_rate = 1;
	service.limits.body = 10;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *body = strstr(rows[i].input, "\r\n\r\n") + 4;
		struct mem_client cl;

		wait.result = rows[i].wait_result;
		wait.pretended_ms = rows[i].pretended_ms;
		converse(rows[i].input, (size_t)(body - rows[i].input), &cl);
		assert_int_equal(app.failure, rows[i].failure);
		if (rows[i].status)
			assert_answer(&cl, rows[i].status, "");
		else
			assert_int_equal(cl.mem.output.len, 1); /* the NUL */
		mem_client_release(&cl);
	}
}

static void test_100_is_not_sent_into_a_response(void **state)
{
	static const char input[] =
		HEAD_OF("/head", LENGTH_8 "Expect: 100-continue\r\n") "12345678";
	struct mem_client cl;

	UNUSED(state);
	service.stream_bodies = true;
	converse(input, strlen(input) - 8, &cl);
	assert_memory_equal(cl.mem.output.base, "HTTP/1.1 200", 12);
	assert_null(strstr(cl.mem.output.base, "100 Continue"));
	mem_client_release(&cl);
}

/* An application that goes on reading is not made to wait again. */
static void test_a_timeout_is_final(void **state)
{
	static const char input[] = HEAD_OF("/stubborn", LENGTH_8) "1234";
	struct mem_client cl;

	UNUSED(state);
	service.stream_bodies = true;
	wait.result = -ETIMEDOUT;
	converse(input, strlen(input) - 4, &cl);
	assert_int_equal(app.failure, -ETIMEDOUT);
	assert_int_equal(wait.calls, 1);
	assert_answer(&cl, "408", "");
	mem_client_release(&cl);
}

/* The thread that waits learns that there is nothing left to touch. */
static int end_meanwhile(struct conn *c, enum want want, unsigned timeout_ms)
{
	assert_true(want == WANT_READ && timeout_ms > 0);
	assert_int_equal(exchange_body_more(&c->x), -EBUSY); /* of another thread */
	conn_close(c);
	return 0;
}

static void test_an_exchange_that_ends_while_it_is_waited_for(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	service.stream_bodies = true;
	service.wait = end_meanwhile;
	mem_client_init(&cl, &service, SLICE(HEAD_OF("/none", LENGTH_8)), SIZE_MAX);
	cl.conn.x.running = true; /* as an application that only began a thread */
	service.busy++;
	app.started++;
	assert_int_equal(exchange_body_more(&cl.conn.x), -ECANCELED);
	cl.want = WANT_CLOSE;
	mem_client_release(&cl);
}

/* ---- the limit of all files */

static void test_files_over_the_limit_are_streamed(void **state)
{
	static const char input[] = HEAD_OF("/", LENGTH_8) "12345678";

	UNUSED(state);
	for (uint64_t limit = 1; limit < 8; limit++)
		for (size_t cut = 0; cut <= 8; cut++) {
			struct mem_client cl;

			limit_files(limit);
			mem_client_init(&cl, &service, slice_from(input), strlen(input) - 8 + cut);
			mem_client_run(&cl);
			mem_client_more(&cl, SIZE_MAX);
			assert_int_equal(app.failure, 0);
			mem_client_close(&cl);
			assert_memory_equal(cl.mem.output.base, "HTTP/1.1 200", 12);
			mem_client_release(&cl);
			assert_int_equal(all, 0);
		}
}

static void test_files_over_the_limit_where_nobody_can_wait(void **state)
{
	static const char input[] = HEAD_OF("/", LENGTH_8) "12345678";
	size_t first = strlen(input) - 1;
	struct mem_client cl;

	UNUSED(state);
	service.wait = NULL;
	limit_files(8);
	all = 1; /* another worker's */
	converse(input, first, &cl);
	assert_answer(&cl, "503", "");
	mem_client_release(&cl);
	assert_int_equal(app.started, 0);
	assert_int_equal(all, 1);
	/* What is there already is not stored. */
	converse(input, SIZE_MAX, &cl);
	assert_answer(&cl, "200", "");
	mem_client_release(&cl);
	assert_int_equal(all, 1);
	all = 0;
	converse(input, first, &cl);
	assert_answer(&cl, "200", "");
	mem_client_release(&cl);
}

/* ---- the clocks */

/* Bytes that come too slowly do not move the deadline; time that applications took
 * does not count. */
static void test_minimum_rate(void **state)
{
	static const char input[] = HEAD_OF("/", "Content-Length: 90\r\n") "123456789";
	size_t head = strlen(input) - 9;
	struct mem_client cl;
	uint64_t at_ms;

	UNUSED(state);
	service.body_min_rate = 1;
	service.deadlines.duration_ms[DEADLINE_BODY] = 10000;
	mem_client_init(&cl, &service, slice_from(input), head);
	at_ms = cl.conn.deadline.at_ms;
	for (size_t i = 1; i <= 9; i++) {
		bool in_time;

		service.now_ms += 2000;
		mem_client_more(&cl, head + i);
		in_time = 2 * i <= 10; /* half of what should come, later on */
		assert_int_equal(cl.conn.deadline.at_ms > at_ms, in_time);
		at_ms = cl.conn.deadline.at_ms;
	}
	mem_client_close(&cl);
	mem_client_release(&cl);
}

/* A fast beginning buys no time. */
static void test_minimum_rate_is_judged_again_and_again(void **state)
{
	char input[4000];
	int head = snprintf(input, sizeof(input), "%s", HEAD_OF("/", "Content-Length: 9999\r\n"));
	size_t came = (size_t)head + 3000;
	struct mem_client cl;
	uint64_t at_ms;

	UNUSED(state);
	service.body_min_rate = 10;
	service.deadlines.duration_ms[DEADLINE_BODY] = 10000;
	memset(input + head, 'x', sizeof(input) - (size_t)head);
	mem_client_init(&cl, &service, slice_of(input, sizeof(input)), came);
	for (int seconds = 0; seconds < 12; seconds += 4) {
		service.now_ms += 4000;
		mem_client_more(&cl, ++came);
		assert_int_equal(cl.conn.deadline.at_ms, service.now_ms + 10000);
	}
	/* Judged by now, and found good. */
	for (int seconds = 0; seconds < 12; seconds += 4) {
		at_ms = cl.conn.deadline.at_ms;
		service.now_ms += 4000;
		mem_client_more(&cl, ++came);
	}
	assert_int_equal(cl.conn.deadline.at_ms, at_ms);
	/* Who catches up goes on. */
	mem_client_more(&cl, came + 200);
	assert_true(cl.conn.deadline.at_ms > at_ms);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

static void test_busy_applications_do_not_slow_clients_down(void **state)
{
	static const char input[] = HEAD_OF("/", "Content-Length: 90\r\n") "12";
	struct mem_client cl;
	uint64_t at_ms;

	UNUSED(state);
	service.body_min_rate = 1;
	mem_client_init(&cl, &service, slice_from(input), strlen(input) - 1);
	at_ms = cl.conn.deadline.at_ms;
	service.now_ms += 600000;
	service.app_ms += 599000;
	mem_client_more(&cl, strlen(input));
	assert_true(cl.conn.deadline.at_ms > at_ms);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

/* ---- memory */

static void test_idle_connections_hold_no_memory(void **state)
{
	static const char input[] = HEAD_OF("/", LENGTH_8) "12345678";
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, slice_from(input), strlen(input));
	mem_client_run(&cl);
	assert_true(conn_is_idle(&cl.conn));
	assert_null(cl.conn.in);
	assert_null(cl.conn.arena.blocks);
	assert_null(cl.conn.out.pieces);
	assert_null(cl.conn.out.copied.base);
	assert_null(cl.conn.x.response.lines.base);
	assert_null(cl.conn.x.body.memory.base);
	assert_int_equal(service.n_kits, 1);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

/* However its head comes: a client that takes long to send it holds little. */
static void test_slow_heads_hold_little_memory(void **state)
{
	static const char begin[] = "POST / HTTP/1.1\r\nHost: h\r\nX: ",
			  end[] = "\r\n" LENGTH_8 "\r\n";
	char input[12000];
	size_t len = sizeof(begin) - 1;

	UNUSED(state);
	service.limits.field_bytes = sizeof(input);
	memset(input, 'x', sizeof(input));
	memcpy(input, begin, len);
	memcpy(input + sizeof(input) - sizeof(end) - 7, end, sizeof(end) - 1);
	for (size_t step = 1; step < sizeof(input); step = step * 3 + 1) {
		struct mem_client cl;
		size_t came = step;

		mem_client_init(&cl, &service, slice_of(input, sizeof(input)), came);
		for (; came < sizeof(input) && cl.conn.state < CONN_SPOOL; came += step) {
			assert_true(cl.conn.in_cap <= 4096 || came > 2048);
			mem_client_more(&cl, came + step);
		}
		mem_client_close(&cl);
		assert_memory_equal(cl.mem.output.base, "HTTP/1.1 200", 12);
		mem_client_release(&cl);
	}
}

/* Which is not what a body comes through, wherever its head was cut. */
static void test_bodies_behind_slow_heads_have_room(void **state)
{
	static const char input[] = HEAD_OF("/", LENGTH_8) "12345678";
	size_t head = strlen(input) - 8;

	UNUSED(state);
	for (size_t first = 1; first < head; first++) {
		struct mem_client cl;

		mem_client_init(&cl, &service, slice_from(input), first);
		mem_client_more(&cl, head + 1);
		assert_int_equal(cl.conn.state, CONN_SPOOL);
		assert_true(cl.conn.in_cap >= CONN_INPUT_BYTES);
		mem_client_close(&cl);
		mem_client_release(&cl);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_streamed_bodies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unread_bodies_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connections_are_kept_behind_read_bodies, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_streaming_asks_at_the_first_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_streamed_bodies_that_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_over_the_limit_are_streamed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_files_over_the_limit_where_nobody_can_wait,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_minimum_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_minimum_rate_is_judged_again_and_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_100_is_not_sent_into_a_response, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_timeout_is_final, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_exchange_that_ends_while_it_is_waited_for,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy_applications_do_not_slow_clients_down,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_connections_hold_no_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_slow_heads_hold_little_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_bodies_behind_slow_heads_have_room, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

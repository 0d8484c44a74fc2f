/* The connection machine over the memory transport: interim responses, deadlines,
 * lost clients, limits.  The corpus of tests/http has its own test, test_corpus.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "echo_app.h"
#include "mem_client.h"
#include "ucorn/util/log.h"

static struct echo_app echo;
static struct conn_service service;

/* Which of the first descriptors are open, as bits: 0 among them. */
static uint64_t open_descriptors(void)
{
	uint64_t bits = 0;

	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			bits |= (uint64_t)1 << fd;
	return bits;
}

static uint64_t descriptors;

static int setup(void **state)
{
	UNUSED(state);
	echo_app_init(&echo);
	conn_service_init(&service);
	service.app = &echo.app;
	service.now_ms = 1000;
	http_date_set(&service.date, 784111777);
	descriptors = open_descriptors();
	return 0;
}

/* Whatever a test did: nothing is left, and each start had its finish. */
static int teardown(void **state)
{
	UNUSED(state);
	assert_int_equal(service.connections, 0);
	assert_int_equal(service.busy, 0);
	assert_int_equal(echo.started, echo.finished);
	assert_int_equal(echo.borrowed, echo.released);
	assert_int_equal(open_descriptors(), descriptors);
	conn_service_release(&service);
	return 0;
}

static struct buf converse(struct slice input, size_t first, size_t step, size_t send_max)
{
	return mem_converse(&service, input, (struct mem_pace){first, step, send_max});
}

/* ---- Expect: 100-continue */

#define EXPECTING "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"

static void test_continue_is_sent_when_the_body_is_waited_for(void **state)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, SLICE(EXPECTING "ok"), sizeof(EXPECTING) - 1);
	mem_client_run(&cl);
	assert_int_equal(cl.mem.output.len, sizeof(go_on) - 1);
	assert_memory_equal(cl.mem.output.base, go_on, sizeof(go_on) - 1);
	mem_client_more(&cl, cl.mem.input.len);
	assert_memory_equal(cl.mem.output.base + sizeof(go_on) - 1, "HTTP/1.1 200 OK\r\n", 17);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

static void test_continue_is_finished_before_the_body_comes(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, SLICE(EXPECTING "ok"), sizeof(EXPECTING) - 1);
	cl.mem.send_max = 1;
	mem_client_run(&cl);
	assert_int_equal(cl.mem.output.len, strlen("HTTP/1.1 100 Continue\r\n\r\n"));
	mem_client_close(&cl);
	mem_client_release(&cl);
}

/* Bytes that came while nobody looked count: an application may have had the
 * thread when the deadline passed. */
static void test_last_look_before_a_deadline(void **state)
{
	struct slice input = SLICE("GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n");
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, input, input.len / 2);
	mem_client_run(&cl);
	cl.mem.available = input.len;
	service.now_ms = cl.conn.deadline.at_ms;
	cl.want = conn_expire(&cl.conn);
	assert_int_equal(cl.want, WANT_APP);
	mem_client_run(&cl);
	assert_int_equal(echo.finished, 2);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

/* A stray empty line is no request: the connection stays an idle one. */
static void test_empty_line_between_requests(void **state)
{
	struct slice input = SLICE("GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n\r\n");
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, input, input.len);
	mem_client_run(&cl);
	assert_true(conn_is_idle(&cl.conn));
	mem_client_close(&cl);
	mem_client_release(&cl);
}

static void test_cut_that_only_a_reset_can_tell(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, SLICE("GET /cut HTTP/1.0\r\n\r\n"), SIZE_MAX);
	mem_client_run(&cl);
	assert_true(cl.mem.reset);
	mem_client_release(&cl);
}

static void test_continue_is_left_out_when_the_body_has_come(void **state)
{
	struct buf got = converse(SLICE(EXPECTING "ok"), sizeof(EXPECTING) + 1, 1, 0);

	UNUSED(state);
	assert_memory_equal(got.base, "HTTP/1.1 200 OK\r\n", 17);
	buf_release(&got);
}

/* ---- deadlines */

/* The interim answer does not stop the clock of the body. */
static void test_body_deadline_runs_after_continue(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, SLICE(EXPECTING), SIZE_MAX);
	mem_client_run(&cl);
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_BODY), &cl.conn.deadline);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

/* Each byte that the client takes renews the send deadline, and none is left
 * when it is the application's turn again. */
static void test_send_deadline_follows_progress(void **state)
{
	struct mem_client cl;
	uint64_t at_ms;

	UNUSED(state);
	service.high_water_bytes = 0;
	mem_client_init(&cl, &service, SLICE("GET /stream/3 HTTP/1.1\r\nHost: h\r\n\r\n"),
			SIZE_MAX);
	cl.mem.send_budget = 10;
	cl.want = conn_application(&cl.conn);
	assert_int_equal(cl.want, WANT_WRITE);
	at_ms = cl.conn.deadline.at_ms;
	service.now_ms += 1000;
	cl.want = conn_advance(&cl.conn);
	assert_int_equal(cl.conn.deadline.at_ms, at_ms); /* nothing was taken */
	cl.mem.send_budget = 10;
	cl.want = conn_advance(&cl.conn);
	assert_int_equal(cl.conn.deadline.at_ms, at_ms + 1000);
	cl.mem.send_budget = SIZE_MAX;
	cl.want = conn_advance(&cl.conn);
	assert_int_equal(cl.want, WANT_APP);
	assert_null(deadlines_first(&service.deadlines, DEADLINE_SEND));
	mem_client_run(&cl);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

static void expire(struct mem_client *cl)
{
	struct deadline *due = deadlines_expired(&service.deadlines, service.now_ms + 3600000);

	assert_ptr_equal(due, &cl->conn.deadline);
	service.now_ms = due->at_ms;
	cl->want = conn_expire(&cl->conn);
	mem_client_run(cl);
}

static void test_silence_is_closed_without_a_word(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, SLICE(""), 0);
	expire(&cl);
	assert_int_equal(cl.mem.output.len, 0);
	mem_client_release(&cl);
}

static void test_started_requests_are_answered_408(void **state)
{
	static const struct slice started[] = {
		{"GET / HT", 8},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab", 48},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(started); i++) {
		struct mem_client cl;

		mem_client_init(&cl, &service, started[i], started[i].len);
		assert_int_equal(cl.want, WANT_READ);
		expire(&cl);
		assert_memory_equal(cl.mem.output.base, "HTTP/1.1 408 Request Timeout\r\n", 30);
		assert_int_equal(cl.conn.state, CONN_LINGER);
		expire(&cl);
		mem_client_release(&cl);
	}
	assert_int_equal(echo.started, 0);
}

/* The head's deadline is a total: further bytes do not move it. */
static void test_head_deadline_is_not_renewed(void **state)
{
	struct slice input = SLICE("GET / HTTP/1.1\r\nHost: h\r\nX: ");
	struct mem_client cl;
	uint64_t at_ms;

	UNUSED(state);
	mem_client_init(&cl, &service, input, 1);
	at_ms = cl.conn.deadline.at_ms;
	for (size_t n = 2; n <= input.len; n++) {
		service.now_ms += 1000;
		mem_client_more(&cl, n);
		assert_int_equal(cl.conn.deadline.at_ms, at_ms);
	}
	mem_client_close(&cl);
	mem_client_release(&cl);
}

static void test_kept_connection_has_its_own_deadline(void **state)
{
	struct slice input = SLICE("GET /fixed HTTP/1.1\r\nHost: h\r\n\r\nGET");
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, input, input.len - 3);
	mem_client_run(&cl);
	assert_true(conn_is_idle(&cl.conn));
	assert_null(cl.conn.in); /* idle connections hold no buffer */
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_KEEPALIVE),
			 &cl.conn.deadline);
	mem_client_more(&cl, input.len);
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_HEAD), &cl.conn.deadline);
	mem_client_close(&cl);
	mem_client_release(&cl);
}

static void test_reader_that_stops_is_cut_off(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	service.high_water_bytes = 0;
	mem_client_init(&cl, &service, SLICE("GET /stream/9 HTTP/1.1\r\nHost: h\r\n\r\n"),
			SIZE_MAX);
	cl.mem.send_budget = 30;
	cl.want = conn_application(&cl.conn);
	assert_int_equal(cl.want, WANT_WRITE);
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_SEND), &cl.conn.deadline);
	expire(&cl);
	mem_client_release(&cl);
	assert_int_equal(echo.finished, 1);
}

/* ---- pauses */

/* A client that asks for such a stream, when the first piece has been sent. */
static void begin_paused(struct mem_client *cl, size_t send_budget)
{
	mem_client_init(cl, &service, SLICE("GET /paused/2 HTTP/1.1\r\nHost: h\r\n\r\n"), SIZE_MAX);
	cl->holds_pauses = true;
	cl->mem.send_budget = send_budget;
	mem_client_run(cl);
}

static bool has_sent(const struct mem_client *cl, const char *text)
{
	return memmem(cl->mem.output.base, cl->mem.output.len, text, strlen(text)) != NULL;
}

static void test_pieces_go_out_before_a_pause(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	begin_paused(&cl, 10);
	assert_int_equal(cl.want, WANT_WRITE);
	cl.mem.send_budget = SIZE_MAX;
	mem_client_run(&cl);
	assert_int_equal(cl.want, WANT_PAUSE);
	assert_true(has_sent(&cl, "piece 0") && !has_sent(&cl, "piece 1"));
	/* How long it takes is nothing to the client's deadlines. */
	assert_true(list_empty(&cl.conn.deadline.node));
	cl.want = conn_resume(&cl.conn, false);
	assert_int_equal(cl.want, WANT_APP);
	cl.holds_pauses = false;
	mem_client_run(&cl);
	assert_true(has_sent(&cl, "piece 1"));
	assert_int_equal(echo.finished, 1);
	assert_true(conn_is_idle(&cl.conn));
	mem_client_close(&cl);
	mem_client_release(&cl);
}

static void test_client_gone_before_a_pause_finishes_the_application(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	begin_paused(&cl, 10);
	cl.mem.send_error = -EPIPE;
	mem_client_run(&cl);
	mem_client_release(&cl);
	assert_int_equal(echo.finished, 1);
}

static void test_close_in_a_pause_finishes_the_application(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	begin_paused(&cl, SIZE_MAX);
	assert_int_equal(cl.want, WANT_PAUSE);
	conn_close(&cl.conn);
	cl.want = WANT_CLOSE;
	mem_client_release(&cl);
	assert_int_equal(echo.finished, 1);
}

/* ---- lost clients */

static void test_client_gone_in_a_stream_finishes_the_application(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, SLICE("GET /stream/1000 HTTP/1.1\r\nHost: h\r\n\r\n"),
			SIZE_MAX);
	cl.want = conn_application(&cl.conn);
	assert_int_equal(cl.want, WANT_APP);
	cl.mem.send_error = -EPIPE;
	mem_client_run(&cl);
	mem_client_release(&cl);
	assert_int_equal(echo.started, 1);
	assert_int_equal(echo.finished, 1);
}

static void test_close_in_a_stream_finishes_the_application(void **state)
{
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, SLICE("GET /stream/1000 HTTP/1.1\r\nHost: h\r\n\r\n"),
			SIZE_MAX);
	cl.want = conn_application(&cl.conn);
	conn_close(&cl.conn);
	cl.want = WANT_CLOSE;
	mem_client_release(&cl);
	assert_int_equal(echo.finished, 1);
}

static void test_half_closed_client_gets_its_answers(void **state)
{
	struct slice input = SLICE("GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n");
	struct mem_client cl;

	UNUSED(state);
	mem_client_init(&cl, &service, input, 0);
	cl.mem.eof = true;
	mem_client_more(&cl, input.len);
	assert_int_equal(echo.finished, 2);
	mem_client_more(&cl, input.len); /* end of file keeps a socket readable */
	mem_client_release(&cl);
}

/* ---- leaving */

static void test_leaving_worker_says_so_but_answers_what_has_come(void **state)
{
	struct buf got;
	char *first;

	UNUSED(state);
	service.leaving = true;
	got = converse(SLICE("GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n"
			     "GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n"),
		       SIZE_MAX, 1, 0);
	assert_int_equal(buf_append(&got, "", 1), 0);
	first = strstr(got.base, "Connection: keep-alive");
	assert_non_null(first);
	assert_non_null(strstr(first, "Connection: close"));
	buf_release(&got);
	assert_int_equal(echo.finished, 2);
}

/* ---- limits */

static void test_body_limit(void **state)
{
	static const struct {
		const char *input, *status;
	} rows[] = {
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345", "200"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n123456", "413"},
		{"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n",
		 "413"},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		 "200"},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
		 "413"},
	};

	UNUSED(state);
	service.limits.body = 5;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice input = slice_from(rows[i].input);
		struct buf got = converse(input, SIZE_MAX, 1, 0);

		assert_memory_equal(got.base + strlen("HTTP/1.1 "), rows[i].status, 3);
		buf_release(&got);
		got = converse(input, 0, 1, 0);
		assert_memory_equal(got.base + strlen("HTTP/1.1 "), rows[i].status, 3);
		buf_release(&got);
	}
}

static void test_large_heads_grow_the_buffer(void **state)
{
	struct buf input = {0}, got;

	UNUSED(state);
	assert_int_equal(buf_append_fmt(&input, "GET /fixed HTTP/1.1\r\nHost: h\r\n"), 0);
	for (int i = 0; i < 90; i++)
		assert_int_equal(buf_append_fmt(&input, "X-%d: %01000d\r\n", i, i), 0);
	assert_int_equal(buf_append_fmt(&input, "Connection: close\r\n\r\n"), 0);
	for (size_t step = 1000; step < 50000; step += 12345) {
		got = converse(buf_slice(&input), step, step, 0);
		assert_memory_equal(got.base, "HTTP/1.1 200 OK\r\n", 17);
		buf_release(&got);
	}
	buf_release(&input);
}

static void test_large_bodies_are_echoed(void **state)
{
	const size_t size = 1000000; /* beyond the memory limit: through a file */
	struct buf input = {0}, got;

	UNUSED(state);
	assert_int_equal(buf_append_fmt(&input,
					"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
					size),
			 0);
	for (size_t i = 0; i < size / 10; i++)
		assert_int_equal(buf_append_fmt(&input, "%09zu\n", i), 0);
	got = converse(buf_slice(&input), 20000, 33333, 0);
	assert_true(got.len > size);
	assert_memory_equal(got.base + got.len - size, input.base + input.len - size, size);
	buf_release(&got);
	buf_release(&input);
}

/* A request that is all in the socket is answered, however many reads it takes:
 * the last bytes of a turn are not forgotten. */
static void test_uploads_of_every_number_of_reads(void **state)
{
	UNUSED(state);
	for (size_t size = 1000; size < 400000; size += 4096) {
		struct buf input = {0};
		struct mem_client cl;

		assert_int_equal(
			buf_append_fmt(&input,
				       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
				       size),
			0);
		assert_int_equal(buf_reserve(&input, size), 0);
		memset(input.base + input.len, 'x', size);
		input.len += size;
		mem_client_init(&cl, &service, buf_slice(&input), input.len);
		mem_client_run(&cl);
		assert_true(cl.mem.output.len > size);
		mem_client_close(&cl);
		mem_client_release(&cl);
		buf_release(&input);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_continue_is_sent_when_the_body_is_waited_for,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_continue_is_left_out_when_the_body_has_come,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_continue_is_finished_before_the_body_comes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_look_before_a_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_line_between_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_that_only_a_reset_can_tell, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_body_deadline_runs_after_continue, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_send_deadline_follows_progress, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_silence_is_closed_without_a_word, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_started_requests_are_answered_408, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_head_deadline_is_not_renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept_connection_has_its_own_deadline, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reader_that_stops_is_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces_go_out_before_a_pause, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_client_gone_before_a_pause_finishes_the_application, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_in_a_pause_finishes_the_application,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_client_gone_in_a_stream_finishes_the_application, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_in_a_stream_finishes_the_application,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_closed_client_gets_its_answers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_leaving_worker_says_so_but_answers_what_has_come, setup, teardown),
		cmocka_unit_test_setup_teardown(test_body_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_heads_grow_the_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_bodies_are_echoed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_uploads_of_every_number_of_reads, setup,
						teardown),
	};

	log_set_level(LOG_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The connection machine over the memory transport: the corpus in tests/http
 * at every cut with writes of every size, deadlines, lost clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "echo_app.h"
#include "ucorn/net/io_mem.h"
#include "ucorn/util/log.h"

static struct echo_app echo;
static struct conn_service service;

static int setup(void **state)
{
	UNUSED(state);
	echo_app_init(&echo);
	conn_service_init(&service);
	service.app = &echo.app;
	service.now_ms = 1000;
	http_date_set(&service.date, 784111777);
	return 0;
}

/* Whatever a test did: nothing is left, and each start had its finish. */
static int teardown(void **state)
{
	UNUSED(state);
	assert_int_equal(service.connections, 0);
	assert_int_equal(service.busy, 0);
	assert_int_equal(echo.started, echo.finished);
	conn_service_release(&service);
	return 0;
}

/* ---- a driver for one connection */

struct client {
	struct io_mem mem;
	struct conn conn;
	enum want want;
};

static void client_init(struct client *cl, struct slice input, size_t available)
{
	struct io io;

	io_mem_init(&cl->mem, input);
	cl->mem.available = available < input.len ? available : input.len;
	io_mem_attach(&cl->mem, &io);
	conn_init(&cl->conn, &service, &io, NULL, NULL);
	cl->want = conn_advance(&cl->conn);
}

/* Goes on until the machine waits for input that is not there, or has closed. */
static void client_run(struct client *cl)
{
	for (unsigned steps = 0; steps < 100000; steps++) {
		switch (cl->want) {
		case WANT_APP:
			cl->want = conn_application(&cl->conn);
			break;
		case WANT_WRITE:
			cl->want = conn_advance(&cl->conn);
			break;
		case WANT_READ:
			/* As a level-triggered watcher would. */
			if (cl->mem.given == cl->mem.available)
				return;
			cl->conn.may_read = true;
			cl->want = conn_advance(&cl->conn);
			break;
		case WANT_CLOSE:
			return;
		}
	}
	fail_msg("the machine does not come to rest");
}

static void client_more(struct client *cl, size_t available)
{
	cl->mem.available = available < cl->mem.input.len ? available : cl->mem.input.len;
	cl->conn.may_read = true;
	cl->want = conn_advance(&cl->conn);
	client_run(cl);
}

static void client_close(struct client *cl)
{
	cl->mem.eof = true;
	client_more(cl, cl->mem.input.len);
}

static void client_release(struct client *cl)
{
	assert_int_equal(cl->want, WANT_CLOSE);
	assert_true(cl->mem.closed);
	io_mem_release(&cl->mem);
}

/* Sends input in pieces of step bytes, the first of first bytes, takes at most
 * send_max bytes per write, and gives all that was answered. */
static struct buf converse(struct slice input, size_t first, size_t step, size_t send_max)
{
	struct client cl;
	struct buf output = {0};
	size_t available = first;

	client_init(&cl, input, available);
	cl.mem.send_max = send_max;
	client_run(&cl);
	while (available < input.len && cl.want == WANT_READ) {
		available = input.len - available < step ? input.len : available + step;
		client_more(&cl, available);
	}
	if (cl.want == WANT_READ)
		client_close(&cl);
	assert_int_equal(buf_append_slice(&output, buf_slice(&cl.mem.output)), 0);
	client_release(&cl);
	return output;
}

/* ---- the corpus */

static struct buf file_read(const char *path)
{
	struct buf content = {0};
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t n;

	assert_non_null(file);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		assert_int_equal(buf_append(&content, block, n), 0);
	fclose(file);
	return content;
}

static void file_write(const char *path, struct slice content)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	if (content.len > 0)
		assert_int_equal(fwrite(content.base, 1, content.len, file), content.len);
	fclose(file);
}

static void assert_same(const char *name, const char *how, size_t number, struct slice expected,
			struct buf *got)
{
	if (!slice_eq(buf_slice(got), expected))
		fail_msg("%s, %s %zu:\n--- expected\n%.*s\n--- got\n%.*s\n---", name, how, number,
			 (int)expected.len, expected.base, (int)got->len, got->base);
	buf_release(got);
}

/* Cut in two at every byte, written in pieces of every size (0: at once). */
static void check_cuts(const char *name, struct slice input, struct slice expected)
{
	struct buf got;

	for (size_t cut = 0; cut <= input.len; cut++)
		for (size_t size = 0; size < expected.len + 1; size++) {
			got = converse(input, cut, input.len, size);
			assert_same(name, "cut at", cut, expected, &got);
		}
}

static void check_bytes(const char *name, struct slice input, struct slice expected)
{
	struct buf got;

	for (size_t size = 0; size < expected.len + 1; size++) {
		got = converse(input, 0, 1, size);
		assert_same(name, "byte by byte, writes of", size, expected, &got);
	}
}

static void check_file(const char *path)
{
	char expect_path[512];
	struct buf input = file_read(path), expected, got;
	FILE *there;

	snprintf(expect_path, sizeof(expect_path), "%.*s.expect", (int)strlen(path) - 5, path);
	there = fopen(expect_path, "rb");
	if (there)
		fclose(there);
	else if (getenv("UCORN_WRITE_EXPECT")) {
		got = converse(buf_slice(&input), input.len, 1, 0);
		file_write(expect_path, buf_slice(&got));
		buf_release(&got);
	}
	expected = file_read(expect_path);
	got = converse(buf_slice(&input), input.len, 1, 0);
	assert_same(path, "whole", 0, buf_slice(&expected), &got);
	check_cuts(path, buf_slice(&input), buf_slice(&expected));
	check_bytes(path, buf_slice(&input), buf_slice(&expected));
	buf_release(&expected);
	buf_release(&input);
}

static void test_corpus(void **state)
{
	glob_t found;

	UNUSED(state);
	assert_int_equal(glob("tests/http/*.http", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 40);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_file(found.gl_pathv[i]);
	globfree(&found);
}

/* What follows a refused request is never run. */
static void test_nothing_runs_after_an_error(void **state)
{
	glob_t found;

	UNUSED(state);
	assert_int_equal(glob("tests/http/bad-*.http", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct buf input = file_read(found.gl_pathv[i]), got;

		got = converse(buf_slice(&input), input.len, 1, 0);
		assert_int_equal(strncmp(got.base, "HTTP/1.1 4", 10) == 0 ||
					 strncmp(got.base, "HTTP/1.1 5", 10) == 0,
				 1);
		buf_release(&got);
		buf_release(&input);
	}
	assert_int_equal(echo.started, 0);
	globfree(&found);
}

/* ---- Expect: 100-continue */

#define EXPECTING "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"

static void test_continue_is_sent_when_the_body_is_waited_for(void **state)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct client cl;

	UNUSED(state);
	client_init(&cl, SLICE(EXPECTING "ok"), sizeof(EXPECTING) - 1);
	client_run(&cl);
	assert_int_equal(cl.mem.output.len, sizeof(go_on) - 1);
	assert_memory_equal(cl.mem.output.base, go_on, sizeof(go_on) - 1);
	client_more(&cl, cl.mem.input.len);
	assert_memory_equal(cl.mem.output.base + sizeof(go_on) - 1, "HTTP/1.1 200 OK\r\n", 17);
	client_close(&cl);
	client_release(&cl);
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
	struct client cl;

	UNUSED(state);
	client_init(&cl, SLICE(EXPECTING), SIZE_MAX);
	client_run(&cl);
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_BODY), &cl.conn.deadline);
	client_close(&cl);
	client_release(&cl);
}

/* Each byte that the client takes renews the send deadline, and none is left
 * when it is the application's turn again. */
static void test_send_deadline_follows_progress(void **state)
{
	struct client cl;
	uint64_t at_ms;

	UNUSED(state);
	service.high_water_bytes = 0;
	client_init(&cl, SLICE("GET /stream/3 HTTP/1.1\r\nHost: h\r\n\r\n"), SIZE_MAX);
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
	client_run(&cl);
	client_close(&cl);
	client_release(&cl);
}

static void expire(struct client *cl)
{
	struct deadline *due = deadlines_expired(&service.deadlines, service.now_ms + 3600000);

	assert_ptr_equal(due, &cl->conn.deadline);
	cl->want = conn_expire(&cl->conn);
	client_run(cl);
}

static void test_silence_is_closed_without_a_word(void **state)
{
	struct client cl;

	UNUSED(state);
	client_init(&cl, SLICE(""), 0);
	expire(&cl);
	assert_int_equal(cl.mem.output.len, 0);
	client_release(&cl);
}

static void test_started_requests_are_answered_408(void **state)
{
	static const struct slice started[] = {
		{"GET / HT", 8},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab", 48},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(started); i++) {
		struct client cl;

		client_init(&cl, started[i], started[i].len);
		assert_int_equal(cl.want, WANT_READ);
		expire(&cl);
		assert_memory_equal(cl.mem.output.base, "HTTP/1.1 408 Request Timeout\r\n", 30);
		assert_int_equal(cl.conn.state, CONN_LINGER);
		expire(&cl);
		client_release(&cl);
	}
	assert_int_equal(echo.started, 0);
}

/* The head's deadline is a total: further bytes do not move it. */
static void test_head_deadline_is_not_renewed(void **state)
{
	struct slice input = SLICE("GET / HTTP/1.1\r\nHost: h\r\nX: ");
	struct client cl;
	uint64_t at_ms;

	UNUSED(state);
	client_init(&cl, input, 1);
	at_ms = cl.conn.deadline.at_ms;
	for (size_t n = 2; n <= input.len; n++) {
		service.now_ms += 1000;
		client_more(&cl, n);
		assert_int_equal(cl.conn.deadline.at_ms, at_ms);
	}
	client_close(&cl);
	client_release(&cl);
}

static void test_kept_connection_has_its_own_deadline(void **state)
{
	struct slice input = SLICE("GET /fixed HTTP/1.1\r\nHost: h\r\n\r\nGET");
	struct client cl;

	UNUSED(state);
	client_init(&cl, input, input.len - 3);
	client_run(&cl);
	assert_true(conn_is_idle(&cl.conn));
	assert_null(cl.conn.in); /* idle connections hold no buffer */
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_KEEPALIVE),
			 &cl.conn.deadline);
	client_more(&cl, input.len);
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_HEAD), &cl.conn.deadline);
	client_close(&cl);
	client_release(&cl);
}

static void test_reader_that_stops_is_cut_off(void **state)
{
	struct client cl;

	UNUSED(state);
	service.high_water_bytes = 0;
	io_mem_init(&cl.mem, SLICE("GET /stream/9 HTTP/1.1\r\nHost: h\r\n\r\n"));
	client_init(&cl, cl.mem.input, cl.mem.input.len);
	cl.mem.send_budget = 30;
	cl.want = conn_application(&cl.conn);
	assert_int_equal(cl.want, WANT_WRITE);
	assert_ptr_equal(deadlines_first(&service.deadlines, DEADLINE_SEND), &cl.conn.deadline);
	expire(&cl);
	client_release(&cl);
	assert_int_equal(echo.finished, 1);
}

/* ---- lost clients */

static void test_client_gone_in_a_stream_finishes_the_application(void **state)
{
	struct client cl;

	UNUSED(state);
	client_init(&cl, SLICE("GET /stream/1000 HTTP/1.1\r\nHost: h\r\n\r\n"), SIZE_MAX);
	cl.want = conn_application(&cl.conn);
	assert_int_equal(cl.want, WANT_APP);
	cl.mem.send_error = -EPIPE;
	client_run(&cl);
	client_release(&cl);
	assert_int_equal(echo.started, 1);
	assert_int_equal(echo.finished, 1);
}

static void test_close_in_a_stream_finishes_the_application(void **state)
{
	struct client cl;

	UNUSED(state);
	client_init(&cl, SLICE("GET /stream/1000 HTTP/1.1\r\nHost: h\r\n\r\n"), SIZE_MAX);
	cl.want = conn_application(&cl.conn);
	conn_close(&cl.conn);
	cl.want = WANT_CLOSE;
	client_release(&cl);
	assert_int_equal(echo.finished, 1);
}

static void test_half_closed_client_gets_its_answers(void **state)
{
	struct slice input = SLICE("GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /fixed HTTP/1.1\r\nHost: h\r\n\r\n");
	struct client cl;

	UNUSED(state);
	client_init(&cl, input, 0);
	cl.mem.eof = true;
	client_more(&cl, input.len);
	assert_int_equal(echo.finished, 2);
	client_more(&cl, input.len); /* end of file keeps a socket readable */
	client_release(&cl);
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
		struct client cl;

		assert_int_equal(
			buf_append_fmt(&input,
				       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
				       size),
			0);
		assert_int_equal(buf_reserve(&input, size), 0);
		memset(input.base + input.len, 'x', size);
		input.len += size;
		client_init(&cl, buf_slice(&input), input.len);
		client_run(&cl);
		assert_true(cl.mem.output.len > size);
		client_close(&cl);
		client_release(&cl);
		buf_release(&input);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_corpus, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_runs_after_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_continue_is_sent_when_the_body_is_waited_for,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_continue_is_left_out_when_the_body_has_come,
						setup, teardown),
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
		cmocka_unit_test_setup_teardown(
			test_client_gone_in_a_stream_finishes_the_application, setup, teardown),
		cmocka_unit_test_setup_teardown(test_close_in_a_stream_finishes_the_application,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_closed_client_gets_its_answers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_leaving_worker_says_so_but_answers_what_has_come, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_heads_grow_the_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_bodies_are_echoed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_uploads_of_every_number_of_reads, setup,
						teardown),
	};

	log_set_level(LOG_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The driver over the memory transport, with a watcher that only notes what it
 * was asked to watch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "echo_app.h"
#include "mem_client.h"
#include "ucorn/conn/drive.h"

#define FIXED  "GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n"
#define STREAM "GET /stream/3 HTTP/1.1\r\nHost: a\r\n\r\n"
#define PAUSED "GET /paused/2 HTTP/1.1\r\nHost: a\r\n\r\n"

enum { LONG_MS = 60000, FEW = 3, LATER_MS = 10000, MANY = 100 };

static struct echo_app echo;
static struct conn_service service;
static struct driver driver;
static struct mem_client clients[FEW];

static struct mem_client *of_conn(struct conn *c)
{
	return container_of(c, struct mem_client, conn);
}

static void note_watch(struct driver *d, struct conn *c, enum want want)
{
	assert_ptr_equal(d, &driver);
	assert_true(want == WANT_READ || want == WANT_WRITE);
	of_conn(c)->want = want;
}

static void note_drop(struct driver *d, struct conn *c)
{
	assert_ptr_equal(d, &driver);
	assert_int_not_equal(of_conn(c)->want, WANT_CLOSE);
	of_conn(c)->want = WANT_CLOSE;
}

static void note_pause(struct driver *d, struct conn *c)
{
	assert_ptr_equal(d, &driver);
	of_conn(c)->want = WANT_PAUSE;
}

static const struct driver_ops ops = {
	.watch = note_watch,
	.pause = note_pause,
	.drop = note_drop,
};

static enum want run_application(void *data, struct conn *c)
{
	assert_ptr_equal(data, &echo);
	return conn_application(c);
}

static int setup(void **state)
{
	UNUSED(state);
	memset(clients, 0, sizeof(clients));
	echo_app_init(&echo);
	conn_service_init(&service);
	service.app = &echo.app;
	driver_init(&driver, &ops, &service);
	driver.dispatch = run_application;
	driver.dispatch_data = &echo;
	return 0;
}

/* Whatever a test did: the queue is whole, and all goes away. */
static int teardown(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < FEW; i++) {
		if (!clients[i].conn.service)
			continue;
		if (clients[i].want != WANT_CLOSE) {
			conn_close(&clients[i].conn);
			driver_settle(&driver, &clients[i].conn, WANT_CLOSE);
		}
		mem_client_release(&clients[i]);
	}
	assert_true(list_empty(&driver.run));
	assert_int_equal(service.connections, 0);
	assert_int_equal(service.busy, 0);
	assert_int_equal(echo.started, echo.finished);
	conn_service_release(&service);
	return 0;
}

/* ---- what tests do */

/* Client i connects; available bytes of input have come. */
static struct mem_client *begin_with(size_t i, const char *input, size_t available)
{
	struct mem_client *cl = &clients[i];

	mem_client_init(cl, &service, slice_from(input), available);
	driver_settle(&driver, &cl->conn, cl->want);
	return cl;
}

static struct mem_client *begin(size_t i, const char *input)
{
	return begin_with(i, input, SIZE_MAX);
}

/* A connection that has had its answer to FIXED; the rest has not come yet. */
static struct mem_client *begin_kept(size_t i, const char *input)
{
	struct mem_client *cl = begin_with(i, input, strlen(FIXED));

	driver_run(&driver, 1, LONG_MS);
	assert_int_equal(cl->want, WANT_READ);
	assert_true(conn_is_idle(&cl->conn));
	return cl;
}

/* The rest of the input is in the socket; nobody has said so. */
static void come(struct mem_client *cl)
{
	cl->mem.available = cl->mem.input.len;
}

static size_t queued(void)
{
	size_t n = 0;

	for (struct list *node = driver.run.next; node != &driver.run; node = node->next) {
		assert_ptr_equal(node->next->prev, node);
		n++;
		assert_true(n <= FEW);
	}
	return n;
}

/* How many times text is in what cl was sent. */
static unsigned received(const struct mem_client *cl, const char *text)
{
	const char *at = cl->mem.output.base;
	size_t left = cl->mem.output.len;
	unsigned n = 0;

	while (left > 0 && (at = memmem(at, left, text, strlen(text)))) {
		at += strlen(text);
		left = cl->mem.output.len - (size_t)(at - cl->mem.output.base);
		n++;
	}
	return n;
}

/* ---- the run queue */

static void test_fresh_counts_what_has_not_begun(void **state)
{
	UNUSED(state);
	assert_false(driver_has_work(&driver));
	begin(0, STREAM);
	begin(1, FIXED);
	assert_int_equal(driver.fresh, 2);
	assert_int_equal(echo.started, 0); /* events only queue */

	driver_run(&driver, 1, LONG_MS);
	assert_int_equal(echo.started, 1);
	assert_int_equal(driver.fresh, 1);
	assert_int_equal(queued(), 2); /* the stream is back, and not fresh */

	driver_run(&driver, 1, LONG_MS);
	assert_int_equal(driver.fresh, 0);
	assert_true(driver_has_work(&driver));
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(driver.fresh, 0);
	assert_false(driver_has_work(&driver));
}

static void test_pipelined_request_is_fresh_again(void **state)
{
	struct mem_client *cl = begin(0, FIXED FIXED);

	UNUSED(state);
	driver_run(&driver, 1, LONG_MS);
	assert_int_equal(received(cl, "Hello, World"), 1);
	assert_int_equal(driver.fresh, 1);
	driver_run(&driver, 1, LONG_MS);
	assert_int_equal(received(cl, "Hello, World"), 2);
	assert_int_equal(driver.fresh, 0);
}

static void test_run_ends_when_time_is_up(void **state)
{
	UNUSED(state);
	begin(0, FIXED);
	begin(1, FIXED);
	driver_run(&driver, MANY, 0);
	assert_int_equal(echo.started, 1);
}

static void test_settling_a_queued_connection_again(void **state)
{
	struct mem_client *first = begin(0, FIXED), *second = begin(1, FIXED);

	UNUSED(state);
	driver_settle(&driver, &first->conn, WANT_APP);
	driver_ready(&driver, &first->conn);
	driver_settle(&driver, &second->conn, WANT_APP);
	driver_settle(&driver, &first->conn, WANT_APP);
	assert_int_equal(queued(), 2);
	assert_int_equal(driver.fresh, 2);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(echo.started, 2);
	assert_int_equal(driver.fresh, 0);
	assert_int_equal(received(first, "Hello, World"), 1);
	assert_int_equal(received(second, "Hello, World"), 1);
}

/* ---- taking turns, or not */

static void test_streams_take_turns(void **state)
{
	struct mem_client *a = begin(0, STREAM), *b = begin(1, STREAM);

	UNUSED(state);
	for (unsigned turn = 1; turn <= 3; turn++) {
		driver_run(&driver, 1, LONG_MS);
		assert_int_equal(received(a, "piece "), turn);
		assert_int_equal(received(b, "piece "), turn - 1);
		driver_run(&driver, 1, LONG_MS);
		assert_int_equal(received(b, "piece "), turn);
	}
}

static void test_others_run_while_a_reader_is_waited_for(void **state)
{
	struct mem_client *a = begin(0, STREAM), *b = begin(1, FIXED);

	UNUSED(state);
	a->mem.send_budget = 0;
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(a->want, WANT_WRITE);
	assert_null(driver.holder);
	assert_int_equal(received(b, "Hello, World"), 1);
}

static void test_exclusive_holder_keeps_others_waiting(void **state)
{
	struct mem_client *a = begin(0, STREAM), *b = begin(1, FIXED);

	UNUSED(state);
	driver.exclusive = true;
	a->mem.send_budget = 0;
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(a->want, WANT_WRITE);
	assert_ptr_equal(driver.holder, &a->conn);
	assert_int_equal(echo.started, 1);
	assert_int_equal(driver.fresh, 1);
	assert_false(driver_has_work(&driver)); /* so the poll may block */

	a->mem.send_budget = SIZE_MAX;
	driver_ready(&driver, &a->conn);
	assert_true(driver_has_work(&driver));
	while (received(a, "\r\n0\r\n\r\n") == 0) {
		assert_int_equal(echo.started, 1);
		driver_run(&driver, 1, LONG_MS);
	}
	assert_null(driver.holder);
	assert_int_equal(received(a, "piece "), 3);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(b, "Hello, World"), 1);
}

static void test_exclusive_stream_ends_before_the_next_begins(void **state)
{
	struct mem_client *a = begin(0, STREAM), *b = begin(1, STREAM);

	UNUSED(state);
	driver.exclusive = true;
	for (unsigned turn = 1; turn <= 3; turn++) {
		driver_run(&driver, 1, LONG_MS);
		assert_int_equal(received(a, "piece "), turn);
	}
	assert_int_equal(received(b, "piece "), 0);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(b, "piece "), 3);
}

static void test_holder_that_is_lost_lets_others_run(void **state)
{
	struct mem_client *a = begin(0, STREAM), *b = begin(1, FIXED);

	UNUSED(state);
	driver.exclusive = true;
	a->mem.send_budget = 0;
	driver_run(&driver, MANY, LONG_MS);
	service.now_ms += 2 * LONG_MS; /* it takes nothing for too long */
	driver_sweep(&driver);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(a->want, WANT_CLOSE);
	assert_null(driver.holder);
	assert_int_equal(received(b, "Hello, World"), 1);
}

/* ---- a last look */

static void test_sweep_takes_a_last_look(void **state)
{
	struct mem_client *busy = begin_kept(0, FIXED FIXED), *idle = begin_kept(1, FIXED FIXED);

	UNUSED(state);
	come(busy);
	service.now_ms += LATER_MS;
	driver_sweep(&driver);
	assert_int_equal(idle->want, WANT_CLOSE);
	assert_true(idle->mem.closed);
	assert_false(busy->mem.closed);
	assert_int_equal(driver.fresh, 1);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(busy, "Hello, World"), 2);
}

static void test_sweep_leaves_what_is_not_due(void **state)
{
	struct mem_client *cl = begin_kept(0, FIXED FIXED);

	UNUSED(state);
	driver_sweep(&driver);
	assert_int_equal(cl->want, WANT_READ);
	assert_false(cl->mem.closed);
}

static void test_shed_takes_a_last_look(void **state)
{
	struct mem_client *oldest = begin_kept(0, FIXED FIXED), *idle = begin_kept(1, FIXED FIXED);

	UNUSED(state);
	come(oldest);
	assert_true(driver_shed(&driver));
	assert_int_equal(idle->want, WANT_CLOSE);
	assert_false(oldest->mem.closed);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(oldest, "Hello, World"), 2);
}

static void test_shed_closes_the_longest_idle_one(void **state)
{
	struct mem_client *oldest = begin_kept(0, FIXED), *newer = begin_kept(1, FIXED);

	UNUSED(state);
	assert_true(driver_shed(&driver));
	assert_true(oldest->mem.closed);
	assert_false(newer->mem.closed);
}

static void test_shed_closes_a_slow_head_rather_than_nothing(void **state)
{
	struct mem_client *busy = begin(0, STREAM), *slow = begin_with(1, FIXED, 5);

	UNUSED(state);
	assert_false(driver_can_shed(&driver)); /* it has only just begun */
	assert_false(driver_shed(&driver));
	service.now_ms += 1000;
	assert_true(driver_can_shed(&driver));
	assert_true(driver_shed(&driver));
	assert_true(slow->mem.closed);
	assert_false(driver_shed(&driver)); /* requests are not given up */
	assert_false(busy->mem.closed);
	assert_int_equal(driver.fresh, 1);
}

static void test_shed_looks_at_slow_heads_once_more(void **state)
{
	struct mem_client *ready = begin_with(0, FIXED, 5), *slow = begin_with(1, FIXED, 5);

	UNUSED(state);
	service.now_ms += 1000;
	come(ready);
	assert_true(driver_shed(&driver));
	assert_true(slow->mem.closed);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(ready, "Hello, World"), 1);
}

/* Without a time limit, too. */
static void test_shed_needs_no_time_limit(void **state)
{
	struct mem_client *slow;

	UNUSED(state);
	service.deadlines.duration_ms[DEADLINE_HEAD] = 0;
	slow = begin_with(0, FIXED, 5);
	service.now_ms += 1000;
	assert_null(deadlines_expired(&service.deadlines, service.now_ms + 1000000000));
	assert_true(driver_shed(&driver));
	assert_true(slow->mem.closed);
}

static void test_close_idle(void **state)
{
	struct mem_client *silent = begin_with(0, FIXED, 0), *kept = begin_kept(1, FIXED FIXED);
	struct mem_client *slow = begin_with(2, FIXED, 5);

	UNUSED(state);
	driver_close_idle(&driver);
	assert_false(silent->mem.closed); /* it has only just come */
	assert_true(kept->mem.closed);
	service.now_ms += 1000;
	driver_close_idle(&driver);
	assert_true(silent->mem.closed);
	assert_false(slow->mem.closed); /* a request has begun to come */
}

static void test_close_idle_takes_a_last_look(void **state)
{
	struct mem_client *silent = begin_with(0, FIXED, 0), *kept = begin_kept(1, FIXED FIXED);

	UNUSED(state);
	service.now_ms += 1000;
	come(silent);
	come(kept);
	driver_close_idle(&driver);
	assert_int_equal(driver.fresh, 2);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(silent, "Hello, World"), 1);
	assert_int_equal(received(kept, "Hello, World"), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- clients that go away */

static void test_a_queued_request_of_a_lost_client_is_dropped(void **state)
{
	struct mem_client *lost, *patient;

	UNUSED(state);
	lost = begin(0, FIXED);
	patient = begin(1, FIXED);
	driver_stir(&driver, &patient->conn); /* end of file, or the next request */
	lost->mem.recv_error = -ECONNRESET;
	driver_stir(&driver, &lost->conn);
	assert_int_equal(lost->want, WANT_CLOSE);
	assert_int_equal(queued(), 1);
	assert_int_equal(driver.fresh, 1);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(echo.started, 1);
	assert_int_equal(received(patient, "200 OK"), 1);
}

/* A poll says nothing of a client that has sent a request and reset the connection
 * while an application had the thread. */
static void test_requests_are_doubted_after_a_long_application(void **state)
{
	struct mem_client *lost;

	UNUSED(state);
	begin(0, FIXED);
	service.now_ms -= 100; /* so long does it take */
	driver_run(&driver, MANY, LONG_MS);
	lost = begin(1, FIXED);
	lost->mem.recv_error = -ECONNRESET;
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(lost->want, WANT_CLOSE);
	assert_int_equal(echo.started, 1);
}

/* Only its application can end it. */
static void test_a_running_request_of_a_lost_client_is_not_touched(void **state)
{
	struct mem_client *cl;

	UNUSED(state);
	cl = begin(0, STREAM);
	driver_run(&driver, 1, LONG_MS);
	assert_true(cl->conn.x.running);
	cl->mem.recv_error = -ECONNRESET;
	driver_stir(&driver, &cl->conn);
	assert_int_not_equal(cl->want, WANT_CLOSE);
}

/* ---- pauses */

static void test_others_run_in_a_pause(void **state)
{
	struct mem_client *cl = begin(0, PAUSED), *other;

	UNUSED(state);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(cl->want, WANT_PAUSE);
	assert_false(driver_has_work(&driver));
	other = begin(1, FIXED);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(other, "200 OK"), 1);

	driver_resume(&driver, &cl->conn, true);
	assert_int_equal(driver.fresh, 0);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(received(cl, "piece"), 2);
}

static void test_cut_in_a_pause(void **state)
{
	struct mem_client *cl = begin(0, PAUSED);

	UNUSED(state);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(cl->want, WANT_PAUSE);
	driver_cut(&driver, &cl->conn);
	driver_run(&driver, MANY, LONG_MS);
	assert_int_equal(cl->want, WANT_CLOSE);
	assert_int_equal(received(cl, "piece"), 1);
	assert_int_equal(echo.finished, 1);
}

/* A minimum rate counts time without that of applications. */
static void test_time_in_applications_is_counted(void **state)
{
	UNUSED(state);
	begin(0, FIXED);
	service.now_ms -= 500;
	driver_run(&driver, 1, LONG_MS);
	assert_true(service.app_ms >= 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shed_looks_at_slow_heads_once_more),
		TEST(test_shed_needs_no_time_limit),
		TEST(test_requests_are_doubted_after_a_long_application),
		cmocka_unit_test_setup_teardown(test_a_queued_request_of_a_lost_client_is_dropped,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_running_request_of_a_lost_client_is_not_touched, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_in_applications_is_counted, setup,
						teardown),
		TEST(test_fresh_counts_what_has_not_begun),
		TEST(test_pipelined_request_is_fresh_again),
		TEST(test_run_ends_when_time_is_up),
		TEST(test_settling_a_queued_connection_again),
		TEST(test_streams_take_turns),
		TEST(test_others_run_while_a_reader_is_waited_for),
		TEST(test_exclusive_holder_keeps_others_waiting),
		TEST(test_exclusive_stream_ends_before_the_next_begins),
		TEST(test_holder_that_is_lost_lets_others_run),
		TEST(test_sweep_takes_a_last_look),
		TEST(test_sweep_leaves_what_is_not_due),
		TEST(test_shed_takes_a_last_look),
		TEST(test_shed_closes_the_longest_idle_one),
		TEST(test_shed_closes_a_slow_head_rather_than_nothing),
		TEST(test_close_idle),
		TEST(test_close_idle_takes_a_last_look),
		TEST(test_others_run_in_a_pause),
		TEST(test_cut_in_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The connection machine when memory is short: whichever allocation fails, the
 * connection comes to an end and nothing is lost, leaked or served twice.
 *
 * The linker sends this program's allocations through the __wrap_ functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "echo_app.h"
#include "mem_client.h"
#include "ucorn/util/log.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

enum { NEVER = 1000000 };

static unsigned allocations;	 /* since the conversation began */
static unsigned fail_at = NEVER; /* the first that fails */
static unsigned fail_to = NEVER; /* the first that does not fail again */

static bool is_short(void)
{
	unsigned number = allocations++;

	return number >= fail_at && number < fail_to;
}

void *__wrap_malloc(size_t size)
{
	return is_short() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_short() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_short() ? NULL : __real_realloc(old, size);
}

static struct echo_app echo;

#define FIELDS "Host: h\r\n"

static const char *const inputs[] = {
	"GET /fixed HTTP/1.1\r\n" FIELDS "\r\nGET /fixed HTTP/1.1\r\n" FIELDS "\r\n",
	"GET /stream/3 HTTP/1.1\r\n" FIELDS "\r\n",
	"GET /paused/3 HTTP/1.1\r\n" FIELDS "\r\n",
	"GET /borrow HTTP/1.1\r\n" FIELDS "\r\n",
	"GET /file HTTP/1.1\r\n" FIELDS "\r\n",
	"GET /write HTTP/1.1\r\n" FIELDS "\r\n",
	"GET /fail HTTP/1.1\r\n" FIELDS "\r\n",
	"GET /bad HTTP/1.1\r\n\r\n",
	"POST / HTTP/1.1\r\n" FIELDS "Content-Length: 20\r\n\r\n12345678901234567890",
	"POST / HTTP/1.1\r\n" FIELDS "Transfer-Encoding: chunked\r\n\r\n"
	"14\r\n12345678901234567890\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\n" FIELDS "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n12",
};

static int accept_bytes(struct mem_client *cl, const char *input)
{
	/* The other side's memory is not the one that is short. */
	int rc = buf_reserve(&cl->mem.output, 8192);

	cl->mem.input = slice_from(input);
	return rc;
}

/* One conversation on a fresh worker, in which allocations from first on fail, before
 * last: how many there were. */
static unsigned converse(const char *input, unsigned first, unsigned last)
{
	struct conn_service service;
	struct mem_client cl;
	unsigned made;

	echo_app_init(&echo);
	conn_service_init(&service);
	service.app = &echo.app;
	service.spool.memory_max = 4;
	mem_client_init(&cl, &service, SLICE(""), 0);
	assert_int_equal(accept_bytes(&cl, input), 0);
	allocations = 0;
	fail_at = first;
	fail_to = last;
	for (size_t step = 7; step < strlen(input) && cl.want == WANT_READ; step += 7)
		mem_client_more(&cl, step);
	if (cl.want == WANT_READ)
		mem_client_more(&cl, strlen(input));
	if (cl.want == WANT_READ)
		mem_client_close(&cl);
	made = allocations;
	fail_at = fail_to = NEVER;
	if (cl.want != WANT_CLOSE) {
		conn_close(&cl.conn);
		cl.want = WANT_CLOSE;
	}
	mem_client_release(&cl);
	assert_int_equal(service.connections, 0);
	assert_int_equal(service.busy, 0);
	assert_int_equal(echo.started, echo.finished);
	assert_int_equal(echo.borrowed, echo.released);
	conn_service_release(&service);
	return made;
}

static void test_each_allocation_fails_once(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		unsigned count = converse(inputs[i], NEVER, NEVER);

		assert_true(count > 2);
		for (unsigned n = 0; n < count; n++)
			converse(inputs[i], n, n + 1);
	}
}

static void test_all_allocations_fail_from_one_on(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		unsigned count = converse(inputs[i], NEVER, NEVER);

		for (unsigned n = 0; n < count; n++)
			converse(inputs[i], n, NEVER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails_once),
		cmocka_unit_test(test_all_allocations_fail_from_one_on),
	};

	log_set_level(LOG_CRITICAL + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

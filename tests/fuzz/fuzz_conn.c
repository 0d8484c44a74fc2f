/* The whole connection machine with the echo application, fed with anything.
 *
 * The input is what the client sends; how it is cut and how much is taken per
 * write is derived from it.  Holds for every input: the machine comes to rest
 * and closes, each start has its finish, nothing leaks, and neither the cuts of
 * the input nor those of the output change a byte of the answer. */
#include <stdio.h>
#include <stdlib.h>

#include "echo_app.h"
#include "fuzz.h"
#include "mem_client.h"
#include "ucorn/util/log.h"

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_conn: %s\n", what);
	abort();
}

/* Whether the answer may depend on the cuts: an interim response is sent only to
 * a client that is still to send its body. */
static bool is_interim(struct slice answer)
{
	return memmem(answer.base, answer.len, "100 Continue", 12) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice input = slice_of((const char *)bytes, len);
	struct mem_pace cut = {.step = len, .send_max = len % 7};
	struct conn_service service;
	struct echo_app echo;
	struct buf whole, parts;

	log_set_level(LOG_CRITICAL);
	echo_app_init(&echo);
	conn_service_init(&service);
	service.app = &echo.app;
	http_date_set(&service.date, 784111777);

	for (size_t i = 0; i < len; i++)
		cut.first = (cut.first * 31 + bytes[i]) % (len + 1);
	whole = mem_converse(&service, input, (struct mem_pace){len, len, 0});
	parts = mem_converse(&service, input, cut);

	require(echo.started == echo.finished, "an application was not finished");
	require(echo.borrowed == echo.released, "a borrowed piece was not given back");
	require(service.connections == 0 && service.busy == 0, "the counters are wrong");
	require(slice_eq(buf_slice(&whole), buf_slice(&parts)) || is_interim(buf_slice(&whole)) ||
			is_interim(buf_slice(&parts)),
		"the answer depends on how the input is cut");
	buf_release(&parts);
	buf_release(&whole);
	conn_service_release(&service);
	return 0;
}

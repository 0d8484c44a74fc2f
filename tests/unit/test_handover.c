/* What the next program is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The master's folder is not among the layers that unit tests link. */
#include "master/handover.c"

static char *environment[] = {(char *)"A=1", (char *)"LISTEN_FDNAMES=x", NULL};
static struct listener listeners[2];
static struct heritage h;
static struct handover what;
static char **told;

static int begin(void **state)
{
	UNUSED(state);
	listeners[0] = (struct listener){.fd = 3, .addr = {.kind = ADDR_UNIX, .path = "rel"}};
	listeners[1] = (struct listener){.fd = 9, .addr = {.kind = ADDR_FD, .fd = 9}};
	h = (struct heritage){.environment = environment};
	what = (struct handover){
		.old_master = 5,
		.listeners = listeners,
		.n_listeners = 2,
		.bind_folder = "/srv",
	};
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	free(told);
	return 0;
}

/* The list is exactly these, in this order. */
static void tells(const char *const *texts, size_t count)
{
	told = handover_environment(&h, &what, 6);
	assert_non_null(told);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(told[i], texts[i]);
	assert_null(told[count]);
}

static void own_sockets(void **state)
{
	static const char *const texts[] = {"GUNICORN_PID=5", "A=1", "LISTEN_FDNAMES=x",
					    "GUNICORN_FD=3,9", "UCORN_BIND=/srv\nunix:rel\nfd://9"};

	UNUSED(state);
	tells(texts, ARRAY_LEN(texts));
}

static void systemds_sockets(void **state)
{
	static const char *const texts[] = {"GUNICORN_PID=5",	"WATCHDOG_PID=6", "A=1",
					    "LISTEN_FDNAMES=x", "LISTEN_PID=6",	  "LISTEN_FDS=2"};

	UNUSED(state);
	h.by_systemd = h.has_watchdog_pid = true;
	tells(texts, ARRAY_LEN(texts));
}

static void no_sockets(void **state)
{
	static const char *const texts[] = {"GUNICORN_PID=5", "A=1", "LISTEN_FDNAMES=x"};

	UNUSED(state);
	what.n_listeners = 0;
	tells(texts, ARRAY_LEN(texts));
}

static void line_breaks_are_not_told(void **state)
{
	static const char *const texts[] = {"GUNICORN_PID=5", "A=1", "LISTEN_FDNAMES=x",
					    "GUNICORN_FD=3,9"};

	UNUSED(state);
	what.bind_folder = "/a\nb";
	tells(texts, ARRAY_LEN(texts));
	free(told);
	what.bind_folder = "/srv";
	memcpy(listeners[0].addr.path, "a\nb", 4);
	tells(texts, ARRAY_LEN(texts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(own_sockets, begin, end),
		cmocka_unit_test_setup_teardown(systemds_sockets, begin, end),
		cmocka_unit_test_setup_teardown(no_sockets, begin, end),
		cmocka_unit_test_setup_teardown(line_breaks_are_not_told, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

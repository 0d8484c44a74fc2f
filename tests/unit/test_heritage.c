/* What a process takes from whoever has started it, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

/* The master's folder is not among the layers that unit tests link. */
#include "master/heritage.c"

static const char *const variables[] = {
	"GUNICORN_PID",	  "GUNICORN_FD",   "UCORN_BIND",    "LISTEN_PID",   "LISTEN_FDS",
	"LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "KEPT"};

static struct heritage h;
static char pid[16];
static int fds[3]; /* from FIRST_LISTEN_FD on, without gaps */

static int begin(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	for (int i = 0; i < 3; i++) {
		fds[i] = FIRST_LISTEN_FD + i;
		assert_int_equal(dup2(STDERR_FILENO, fds[i]), fds[i]);
	}
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	heritage_release(&h);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	return 0;
}

static void set(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static void take(void)
{
	static char *argv[] = {(char *)"ucorn", NULL};
	struct err err = {0};

	assert_int_equal(heritage_take(&h, argv, &err), 0);
}

/* What is said against it; begins with that. */
static void refused(const char *beginning)
{
	struct err err = {0};

	assert_int_equal(heritage_take(&h, NULL, &err), -1);
	assert_int_equal(strncmp(err.text, beginning, strlen(beginning)), 0);
	assert_null(h.environment);
}

static const char *kept(const char *name)
{
	size_t len = strlen(name);

	for (char **e = h.environment; *e; e++) {
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	}
	return NULL;
}

static void nobody_before(void **state)
{
	UNUSED(state);
	set("KEPT", "yes");
	take();
	assert_int_equal(h.old_master, 0);
	assert_int_equal(h.n_sockets, 0);
	assert_false(h.by_systemd);
	assert_null(h.notify_socket);
	assert_string_equal(kept("KEPT"), "yes");
	set("KEPT", "changed");
	assert_string_equal(kept("KEPT"), "yes");
}

static void from_an_old_master(void **state)
{
	UNUSED(state);
	set("GUNICORN_PID", "77");
	set("GUNICORN_FD", "3,5");
	set("UCORN_BIND", "/srv\nunix:rel\ntcp://[::1]:80");
	take();
	assert_int_equal(h.old_master, 77);
	assert_int_equal(h.n_sockets, 2);
	assert_int_equal(h.sockets[0].fd, 3);
	assert_string_equal(h.sockets[0].addr.path, "rel");
	assert_int_equal(h.sockets[1].fd, 5);
	assert_string_equal(h.sockets[1].addr.host, "::1");
	assert_string_equal(h.bind_folder, "/srv");
	assert_int_equal(fcntl(3, F_GETFD), FD_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		assert_null(getenv(variables[i]));
		assert_null(kept(variables[i]));
	}
}

static void without_addresses(void **state)
{
	UNUSED(state);
	set("GUNICORN_FD", "4");
	take();
	assert_int_equal(h.n_sockets, 1);
	assert_false(h.sockets[0].has_addr);
}

static void from_systemd(void **state)
{
	UNUSED(state);
	set("LISTEN_PID", pid);
	set("LISTEN_FDS", "2");
	set("LISTEN_FDNAMES", "a:b");
	set("NOTIFY_SOCKET", "@bus");
	set("WATCHDOG_USEC", "3000000");
	take();
	assert_true(h.by_systemd);
	assert_int_equal(h.n_sockets, 2);
	assert_int_equal(h.sockets[1].fd, 4);
	assert_string_equal(h.notify_socket, "@bus");
	assert_int_equal(h.watchdog_us, 3000000);
	assert_string_equal(kept("LISTEN_FDNAMES"), "a:b");
	assert_string_equal(kept("NOTIFY_SOCKET"), "@bus");
	assert_null(kept("LISTEN_FDS"));
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		assert_null(getenv(variables[i]));
}

static void for_another_process(void **state)
{
	UNUSED(state);
	set("LISTEN_PID", "1");
	set("LISTEN_FDS", "2");
	set("NOTIFY_SOCKET", "/bus");
	set("WATCHDOG_USEC", "3000000");
	set("WATCHDOG_PID", "1");
	take();
	assert_false(h.by_systemd);
	assert_int_equal(h.n_sockets, 0);
	assert_int_equal(h.watchdog_us, 0);
	assert_string_equal(getenv("LISTEN_FDS"), "2");
}

static void nonsense(void **state)
{
	static const char *const lists[] = {
		"",    ",",   "3,",   ",3",	    "3,,4",
		" 3",  "+3",  "-1",   "3 ",	    "3;4",
		"0x3", "3\n", "fd:3", "2147483648", "99999999999999999999"};
	static const char *const binds[] = {"", "/", "/\n:80\n", "/\n:80\n:81", "/\nunix:"};
	static const char *const counts[] = {"", "-1", "x", "1025", "2 ", "99999999999999999999"};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		set("GUNICORN_FD", lists[i]);
		refused("GUNICORN_FD is no list of descriptors: '");
	}
	set("GUNICORN_FD", "3,3");
	refused("GUNICORN_FD names descriptor 3 twice.");
	set("GUNICORN_FD", "3,1000");
	refused("GUNICORN_FD names descriptor 1000: Bad file descriptor.");
	set("GUNICORN_FD", "3");
	for (size_t i = 0; i < ARRAY_LEN(binds); i++) {
		set("UCORN_BIND", binds[i]);
		refused(i < 4 ? "UCORN_BIND does not fit GUNICORN_FD." : "a unix socket needs");
	}
	set("GUNICORN_PID", "0");
	refused("GUNICORN_PID is no process id: '0'.");
	set("LISTEN_PID", pid);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		set("LISTEN_FDS", counts[i]);
		refused("LISTEN_FDS is no number of descriptors: '");
	}
}

static void a_line_that_is_too_long(void **state)
{
	char text[400] = "/\n";

	UNUSED(state);
	memset(text + 2, 'x', sizeof(text) - 3);
	set("GUNICORN_FD", "3");
	set("UCORN_BIND", text);
	refused("UCORN_BIND has a line that is too long.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_before, begin, end),
		cmocka_unit_test_setup_teardown(from_an_old_master, begin, end),
		cmocka_unit_test_setup_teardown(without_addresses, begin, end),
		cmocka_unit_test_setup_teardown(from_systemd, begin, end),
		cmocka_unit_test_setup_teardown(for_another_process, begin, end),
		cmocka_unit_test_setup_teardown(nonsense, begin, end),
		cmocka_unit_test_setup_teardown(a_line_that_is_too_long, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* addr_parse: gunicorn's forms of -b, and what it refuses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "ucorn/net/addr.h"
#include "ucorn/util/slice.h"

static void test_tcp_forms(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
	} cases[] = {
		{"127.0.0.1:8080", "127.0.0.1", 8080},
		{"127.0.0.1", "127.0.0.1", 8000},
		{"LocalHost:80", "localhost", 80},
		{":9000", "0.0.0.0", 9000},
		{"", "0.0.0.0", 8000},
		{"5000", "5000", 8000}, /* a bare number is a host, as under gunicorn */
		{"[::1]", "::1", 8000},
		{"[::1]:0", "::1", 0},
		{"[FE80::1%eth0]:65535", "fe80::1%eth0", 65535},
		{"tcp://example.org:81", "example.org", 81},
		{"tcp://[::]:82", "::", 82},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr addr;
		struct err err = {0};

		assert_int_equal(addr_parse(cases[i].text, &addr, &err), 0);
		assert_int_equal(addr.kind, ADDR_TCP);
		assert_string_equal(addr.host, cases[i].host);
		assert_int_equal(addr.port, cases[i].port);
	}
}

static void test_unix_forms(void **state)
{
	static const char *const cases[][2] = {
		{"unix:/run/app.sock", "/run/app.sock"},
		{"unix:///run/app.sock", "/run/app.sock"},
		{"unix:app.sock", "app.sock"},
		{"unix://App.sock", "App.sock"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr addr;
		struct err err = {0};

		assert_int_equal(addr_parse(cases[i][0], &addr, &err), 0);
		assert_int_equal(addr.kind, ADDR_UNIX);
		assert_string_equal(addr.path, cases[i][1]);
	}
}

static void test_fd_form(void **state)
{
	struct addr addr;
	struct err err = {0};

	UNUSED(state);
	assert_int_equal(addr_parse("fd://17", &addr, &err), 0);
	assert_int_equal(addr.kind, ADDR_FD);
	assert_int_equal(addr.fd, 17);
}

static void test_refused(void **state)
{
	static const char *const cases[][2] = {
		{"::1", "'' is not a valid port number."},
		{"host:", "'' is not a valid port number."},
		{"host:http", "'http' is not a valid port number."},
		{"host:-1", "'-1' is not a valid port number."},
		{"host:65536", "'65536' is not a valid port number."},
		{"[::1]:", "'' is not a valid port number."},
		{"[::1]:x", "'x' is not a valid port number."},
		{"[::1]80", "'[::1]80' is not a valid address: use [HOST]:PORT."},
		{"[::1", "'[::1' is not a valid address: use [HOST]:PORT."},
		{"a:80:90", "'a:80:90' is not a valid address: IPv6 needs brackets, [::1]:8000."},
		{"unix:", "a unix socket needs a path: unix:/run/app.sock"},
		{"fd://", "'' is not a valid file descriptor."},
		{"fd://x", "'x' is not a valid file descriptor."},
		{"fd://2147483648", "'2147483648' is not a valid file descriptor."},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr addr;
		struct err err = {0};

		assert_int_equal(addr_parse(cases[i][0], &addr, &err), -1);
		assert_string_equal(err.text, cases[i][1]);
		assert_int_equal(err.exit_code, 1);
	}
}

/* prefix, then n times 'x'. */
static int parse_long(const char *prefix, size_t n)
{
	char text[600];
	struct addr addr;
	struct err err = {0};
	size_t len = strlen(prefix);

	memcpy(text, prefix, len);
	memset(text + len, 'x', n);
	text[len + n] = '\0';
	return addr_parse(text, &addr, &err);
}

static void test_lengths(void **state)
{
	UNUSED(state);
	assert_int_equal(parse_long("", 255), 0);
	assert_int_equal(parse_long("", 256), -1);
	assert_int_equal(parse_long("", 590), -1);
	assert_int_equal(parse_long("unix:", 107), 0);
	assert_int_equal(parse_long("unix:", 108), -1);
	assert_int_equal(parse_long("fd://", 500), -1);
}

static void test_ip_text(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};
	struct sockaddr un = {.sa_family = AF_UNIX};
	char text[ADDR_TEXT_MAX];
	unsigned port;

	UNUSED(state);
	inet_pton(AF_INET, "192.0.2.7", &in.sin_addr);
	addr_ip_text((struct sockaddr *)&in, text, &port);
	assert_string_equal(text, "192.0.2.7");
	assert_int_equal(port, 80);

	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	addr_ip_text((struct sockaddr *)&in6, text, &port);
	assert_string_equal(text, "2001:db8::1");
	assert_int_equal(port, 65535);

	addr_ip_text(&un, text, &port);
	assert_string_equal(text, "");
	assert_int_equal(port, 0);
}

static void test_ip_equal(void **state)
{
	static const char *const ips[] = {"192.0.2.7", "192.0.2.8", "2001:db8::1", "::", ""};
	struct sockaddr_in6 a[ARRAY_LEN(ips)] = {0};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(ips); i++) {
		struct sockaddr_in *in = (void *)&a[i];

		in->sin_port = (in_port_t)i;
		if (inet_pton(AF_INET, ips[i], &in->sin_addr) == 1)
			in->sin_family = AF_INET;
		else if (inet_pton(AF_INET6, ips[i], &a[i].sin6_addr) == 1)
			a[i].sin6_family = AF_INET6;
	}
	for (size_t i = 0; i < ARRAY_LEN(ips); i++)
		for (size_t j = 0; j < ARRAY_LEN(ips); j++) {
			struct sockaddr_in6 other = a[j];

			other.sin6_port = 80;
			assert_int_equal(
				addr_ip_equal((struct sockaddr *)&a[i], (struct sockaddr *)&other),
				i == j && ips[i][0]);
		}
}

static void test_text(void **state)
{
	static const char *const texts[] = {"a.b:80",	    "[::1]:0",	     "tcp://unix:1",
					    "tcp://fd://2", "unix:/run/s",   "unix:@x y",
					    "fd://7",	    "tcp://[tcp]:1", ""};
	char text[ADDR_REPR_MAX];
	struct addr addr, again;
	struct err err;

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (addr_parse(texts[i], &addr, &err) < 0)
			continue;
		addr_text(&addr, text);
		assert_int_equal(addr_parse(text, &again, &err), 0);
		assert_true(addr_equal(&addr, &again));
	}
	assert_int_equal(addr_parse("unix:a", &again, &err), 0);
	assert_false(addr_equal(&addr, &again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_forms), cmocka_unit_test(test_unix_forms),
		cmocka_unit_test(test_fd_form),	  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths),	  cmocka_unit_test(test_ip_text),
		cmocka_unit_test(test_ip_equal),  cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

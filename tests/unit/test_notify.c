/* Datagrams to the service manager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

/* The master's folder is not among the layers that unit tests link. */
#include "master/notify.c"

static void addresses(void **state)
{
	struct sockaddr_un un;
	socklen_t len;

	UNUSED(state);
	assert_int_equal(notify_address("/run/n", &un, &len), 0);
	assert_string_equal(un.sun_path, "/run/n");
	assert_int_equal(len, offsetof(struct sockaddr_un, sun_path) + 7);
	assert_int_equal(notify_address("@n", &un, &len), 0);
	assert_memory_equal(un.sun_path, "\0n", 2);
	assert_int_equal(len, offsetof(struct sockaddr_un, sun_path) + 2);
}

static void nonsense(void **state)
{
	char text[200] = "/";
	struct sockaddr_un un;
	socklen_t len;

	UNUSED(state);
	assert_int_equal(notify_address("", &un, &len), -EINVAL);
	assert_int_equal(notify_address("/", &un, &len), -EINVAL);
	assert_int_equal(notify_address("@", &un, &len), -EINVAL);
	assert_int_equal(notify_address("relative", &un, &len), -EINVAL);
	assert_int_equal(notify_address("vsock:2:1", &un, &len), -EINVAL);
	memset(text + 1, 'x', 107);
	assert_int_equal(notify_address(text, &un, &len), -EINVAL);
	text[107] = '\0';
	assert_int_equal(notify_address(text, &un, &len), 0);
}

/* Nobody reads: in the end there is no room, and that is said, not waited for. */
static void never_waits(void **state)
{
	char folder[] = "/tmp/ucorn-test-XXXXXX", path[64], text[16];
	struct sockaddr_un un;
	socklen_t len = 0;
	int fd, rc = 0;

	UNUSED(state);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/n", folder);
	assert_int_equal(notify_send(path, "A=1"), -ENOENT);
	assert_int_equal(notify_address(path, &un, &len), 0);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, len), 0);
	for (int i = 0; i < 100000 && rc == 0; i++)
		rc = notify_send(path, "A=1\nB=2");
	assert_int_equal(rc, -EAGAIN);
	assert_int_equal(recv(fd, text, sizeof(text), 0), 7);
	assert_memory_equal(text, "A=1\nB=2", 7);
	close(fd);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(never_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

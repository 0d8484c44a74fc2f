/* Listening sockets, on the loopback interface and in a temporary folder. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ucorn/net/listener.h"
#include "ucorn/util/slice.h"

static char folder[64];
static const struct listener_options options = {.backlog = 16};

static int make_folder(void **state)
{
	UNUSED(state);
	snprintf(folder, sizeof(folder), "/tmp/ucorn-listener-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	UNUSED(state);
	return rmdir(folder); /* every test has to leave it empty */
}

static struct addr unix_addr(const char *name)
{
	struct addr addr = {.kind = ADDR_UNIX, .fd = -1};

	snprintf(addr.path, sizeof(addr.path), "%s/%s", folder, name);
	return addr;
}

static struct addr tcp_addr(const char *host, unsigned port)
{
	struct addr addr = {.kind = ADDR_TCP, .fd = -1, .port = port};

	snprintf(addr.host, sizeof(addr.host), "%s", host);
	return addr;
}

static void must_open(struct listener *l, struct addr addr)
{
	struct err err = {0};
	bool busy = true;

	if (listener_open(l, &addr, &options, &busy, &err) != 0)
		fail_msg("%s", err.text);
	assert_false(busy);
}

/* Tries to open addr and gives the sentence it fails with. */
static const char *refusal(struct addr addr, bool *busy)
{
	static struct err err;
	struct listener l;

	assert_int_equal(listener_open(&l, &addr, &options, busy, &err), -1);
	assert_int_equal(l.fd, -1);
	return err.text;
}

static int connect_to(const struct listener *l)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	int fd;

	assert_int_equal(getsockname(l->fd, (struct sockaddr *)&sa, &len), 0);
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static void assert_flags(int fd)
{
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static int int_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

static void test_tcp(void **state)
{
	struct listener l;
	char url[128];

	UNUSED(state);
	must_open(&l, tcp_addr("127.0.0.1", 0));
	assert_flags(l.fd);
	assert_false(l.is_unix);
	assert_string_equal(l.name, "127.0.0.1");
	assert_in_range(l.port, 1, 65535);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", l.port);
	assert_string_equal(l.url, url);
	assert_int_equal(int_option(l.fd, SOL_SOCKET, SO_REUSEADDR), 1);
	listener_close(&l, true);
	assert_int_equal(l.fd, -1);
}

static void test_name_is_ipv4(void **state)
{
	struct listener l;

	UNUSED(state);
	must_open(&l, tcp_addr("localhost", 0));
	assert_string_equal(l.name, "127.0.0.1");
	listener_close(&l, false);
}

static void test_ipv6(void **state)
{
	struct addr addr = tcp_addr("::1", 0);
	struct listener l;
	struct err err;
	char url[128];
	bool busy;

	UNUSED(state);
	if (listener_open(&l, &addr, &options, &busy, &err) != 0)
		skip(); /* a machine without IPv6 */
	assert_string_equal(l.name, "::1");
	snprintf(url, sizeof(url), "http://[::1]:%u", l.port);
	assert_string_equal(l.url, url);
	listener_close(&l, false);
}

static void test_accept_tcp(void **state)
{
	struct listener l;
	struct sockaddr_storage peer = {0};

	UNUSED(state);
	must_open(&l, tcp_addr("127.0.0.1", 0));
	assert_int_equal(listener_accept(&l, &peer), -EAGAIN);

	int client = connect_to(&l);
	int fd = listener_accept(&l, &peer);
	assert_true(fd >= 0);
	assert_flags(fd);
	assert_int_equal(int_option(fd, IPPROTO_TCP, TCP_NODELAY), 1); /* inherited */
	assert_int_equal(peer.ss_family, AF_INET);

	struct sockaddr_in local = {0};
	socklen_t len = sizeof(local);
	assert_int_equal(getsockname(client, (struct sockaddr *)&local, &len), 0);
	assert_int_equal(((struct sockaddr_in *)&peer)->sin_port, local.sin_port);
	close(fd);
	close(client);
	listener_close(&l, false);
}

/* Waits until client, the only one, can be accepted; the end of both. */
static void must_come(struct listener *l, int client)
{
	struct pollfd comes = {.fd = l->fd, .events = POLLIN};
	struct sockaddr_storage peer;
	int fd;

	poll(&comes, 1, 30000);
	fd = listener_accept(l, &peer);
	assert_true(fd >= 0);
	assert_false(listener_has_half_open(l));
	close(fd);
	close(client);
	listener_close(l, false);
}

static void defers(const char *host)
{
	struct sockaddr_storage peer;
	struct listener l;

	must_open(&l, tcp_addr(host, 0));
	assert_false(listener_has_half_open(&l));
	listener_defer(&l, true);

	int client = connect_to(&l);
	assert_true(listener_has_half_open(&l));
	assert_int_equal(listener_accept(&l, &peer), -EAGAIN);
	assert_int_equal(write(client, "G", 1), 1);
	must_come(&l, client);
}

static void test_defers(void **state)
{
	UNUSED(state);
	defers("127.0.0.1");
	defers("::1");
}

static void test_who_is_half_open_comes_though_others_are_turned_away(void **state)
{
	struct listener l;

	UNUSED(state);
	must_open(&l, tcp_addr("127.0.0.1", 0));
	listener_defer(&l, true);

	int client = connect_to(&l);
	listener_turn_away(&l);
	assert_int_equal(int_option(l.fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	assert_true(listener_has_half_open(&l));
	must_come(&l, client); /* it has said nothing, and does not */
}

static void test_tcp_busy(void **state)
{
	struct listener l;
	char expected[64];
	bool busy = false;

	UNUSED(state);
	must_open(&l, tcp_addr("127.0.0.1", 0));
	snprintf(expected, sizeof(expected), "Connection in use: ('127.0.0.1', %u)", l.port);
	assert_string_equal(refusal(tcp_addr("127.0.0.1", l.port), &busy), expected);
	assert_true(busy);
	listener_close(&l, false);
}

static void test_tcp_invalid(void **state)
{
	const char *const unresolvable = "Invalid address: ('no such host', 8000)";
	bool busy = false;

	UNUSED(state);
	/* TEST-NET-1 (RFC 5737) is on no interface; it might come up later. */
	assert_string_equal(refusal(tcp_addr("192.0.2.1", 8000), &busy),
			    "Invalid address: ('192.0.2.1', 8000)");
	assert_true(busy);
	assert_memory_equal(refusal(tcp_addr("no such host", 8000), &busy), unresolvable,
			    strlen(unresolvable));
}

static void test_unix(void **state)
{
	struct addr addr = unix_addr("s");
	struct listener l;
	struct stat st;
	struct sockaddr_storage peer = {0};
	char url[128];

	UNUSED(state);
	must_open(&l, addr);
	assert_flags(l.fd);
	assert_true(l.is_unix);
	assert_string_equal(l.name, addr.path);
	assert_int_equal(l.port, 0);
	snprintf(url, sizeof(url), "unix:%s", addr.path);
	assert_string_equal(l.url, url);
	assert_int_equal(lstat(addr.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0777);

	int client = connect_to(&l);
	int fd = listener_accept(&l, &peer);
	assert_true(fd >= 0);
	assert_flags(fd);
	assert_int_equal(peer.ss_family, AF_UNIX);
	close(fd);
	close(client);
	listener_close(&l, true);
	assert_int_equal(access(addr.path, F_OK), -1);
}

static void test_unix_umask(void **state)
{
	const struct listener_options private = {.backlog = 1, .umask = 0177};
	struct addr addr = unix_addr("s");
	struct listener l;
	struct err err;
	struct stat st;
	bool busy;

	UNUSED(state);
	mode_t before = umask(022);
	assert_int_equal(listener_open(&l, &addr, &private, &busy, &err), 0);
	assert_int_equal(umask(before), 022); /* put back */
	assert_int_equal(lstat(addr.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	listener_close(&l, true);
}

/* Only root can give a file away; anybody may name itself. */
static void test_unix_owner(void **state)
{
	bool is_root = geteuid() == 0;
	const struct listener_options owned = {
		.backlog = 1,
		.has_owner = true,
		.uid = is_root ? 12345 : geteuid(),
		.gid = is_root ? 54321 : getegid(),
	};
	struct addr addr = unix_addr("s");
	struct listener l;
	struct err err;
	struct stat st;
	bool busy;

	UNUSED(state);
	assert_int_equal(listener_open(&l, &addr, &owned, &busy, &err), 0);
	assert_int_equal(lstat(addr.path, &st), 0);
	assert_int_equal(st.st_uid, owned.uid);
	assert_int_equal(st.st_gid, owned.gid);
	listener_close(&l, true);
}

static void test_reuse_port(void **state)
{
	const struct listener_options shared = {.backlog = 1, .reuse_port = true};
	struct listener first, second;
	struct addr addr = tcp_addr("127.0.0.1", 0);
	struct err err;
	bool busy;

	UNUSED(state);
	assert_int_equal(listener_open(&first, &addr, &shared, &busy, &err), 0);
	addr.port = first.port;
	assert_int_equal(listener_open(&second, &addr, &shared, &busy, &err), 0);
	assert_int_equal(second.port, first.port);
	refusal(addr, &busy); /* who does not share gets no place */
	assert_true(busy);
	listener_close(&first, false);
	listener_close(&second, false);
}

static void test_unix_old_socket_replaced(void **state)
{
	struct listener old, l;

	UNUSED(state);
	must_open(&old, unix_addr("s"));
	must_open(&l, unix_addr("s"));
	listener_close(&old, true); /* not its file any more */
	assert_int_equal(access(l.addr.path, F_OK), 0);
	listener_close(&l, true);
	assert_int_equal(access(l.addr.path, F_OK), -1);
}

static void test_unix_file_left_when_told(void **state)
{
	struct listener l;

	UNUSED(state);
	must_open(&l, unix_addr("s"));
	listener_close(&l, false);
	assert_int_equal(access(l.addr.path, F_OK), 0);
	must_open(&l, unix_addr("s")); /* the stale socket is no obstacle */
	listener_close(&l, true);
}

static void test_unix_not_a_socket(void **state)
{
	struct addr addr = unix_addr("file");
	char expected[160];
	bool busy = true;
	int fd = open(addr.path, O_CREAT | O_WRONLY, 0600);

	UNUSED(state);
	assert_true(fd >= 0);
	close(fd);
	snprintf(expected, sizeof(expected), "'%s' is not a socket", addr.path);
	assert_string_equal(refusal(addr, &busy), expected);
	assert_false(busy);
	assert_int_equal(unlink(addr.path), 0); /* it was left alone */
}

static void test_unix_no_folder(void **state)
{
	struct addr addr = unix_addr("none/s");
	char expected[160];
	bool busy = true;

	UNUSED(state);
	snprintf(expected, sizeof(expected), "cannot listen on %s: No such file or directory",
		 addr.path);
	assert_string_equal(refusal(addr, &busy), expected);
	assert_false(busy);
}

static struct addr fd_addr(int fd)
{
	return (struct addr){.kind = ADDR_FD, .fd = fd};
}

static void test_fd_adopted(void **state)
{
	struct listener given, l;
	struct sockaddr_storage peer = {0};

	UNUSED(state);
	must_open(&given, tcp_addr("127.0.0.1", 0));
	assert_int_equal(fcntl(given.fd, F_SETFL, 0), 0); /* as systemd hands them over */
	assert_int_equal(fcntl(given.fd, F_SETFD, 0), 0);

	must_open(&l, fd_addr(given.fd));
	assert_int_equal(l.fd, given.fd);
	assert_flags(l.fd);
	assert_string_equal(l.url, given.url);
	int client = connect_to(&l);
	int fd = listener_accept(&l, &peer);
	assert_int_equal(int_option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	close(fd);
	close(client);
	listener_close(&l, true);
}

static void test_fd_unix_adopted(void **state)
{
	struct listener given, l;

	UNUSED(state);
	must_open(&given, unix_addr("s"));
	must_open(&l, fd_addr(given.fd));
	assert_true(l.is_unix);
	assert_string_equal(l.name, given.name);
	listener_close(&l, true);
	assert_int_equal(unlink(given.name), 0); /* it belongs to who has passed the socket */
}

static void test_taken_over(void **state)
{
	struct addr addr = unix_addr("s");
	struct listener given, l;
	struct err err;

	UNUSED(state);
	must_open(&given, addr);
	assert_int_equal(listener_adopt(&l, given.fd, NULL, &err), 0);
	assert_true(addr_equal(&l.addr, &addr));
	assert_int_equal(listener_adopt(&l, given.fd, &addr, &err), 0);
	assert_flags(l.fd);
	int again = dup(l.fd);
	listener_close(&l, true);
	assert_int_equal(access(addr.path, F_OK), 0); /* somebody else's */
	assert_int_equal(listener_adopt(&l, again, &addr, &err), 0);
	listener_own_file(&l);
	listener_close(&l, true);
	assert_int_equal(access(addr.path, F_OK), -1);

	must_open(&given, tcp_addr("localhost", 0));
	assert_int_equal(listener_adopt(&l, given.fd, NULL, &err), 0);
	assert_string_equal(l.addr.host, "127.0.0.1");
	assert_int_equal(l.addr.port, given.port);
	listener_close(&l, true);
}

static void test_fd_refused(void **state)
{
	int ends[2];
	char expected[80];
	bool busy = true;

	UNUSED(state);
	assert_string_equal(refusal(fd_addr(1000), &busy),
			    "cannot use fd://1000: Bad file descriptor");
	assert_false(busy);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	snprintf(expected, sizeof(expected), "cannot use fd://%d: the socket is not listening",
		 ends[0]);
	assert_string_equal(refusal(fd_addr(ends[0]), &busy), expected);
	assert_int_equal(close(ends[0]), 0); /* still open */
	close(ends[1]);

	int packets = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(packets, &(struct sockaddr){.sa_family = AF_UNIX}, 2), 0);
	assert_int_equal(listen(packets, 1), 0);
	snprintf(expected, sizeof(expected),
		 "cannot use fd://%d: the socket is not a stream socket", packets);
	assert_string_equal(refusal(fd_addr(packets), &busy), expected);
	close(packets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_name_is_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_accept_tcp),
		cmocka_unit_test(test_defers),
		cmocka_unit_test(test_who_is_half_open_comes_though_others_are_turned_away),
		cmocka_unit_test(test_tcp_busy),
		cmocka_unit_test(test_tcp_invalid),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_unix_umask),
		cmocka_unit_test(test_unix_owner),
		cmocka_unit_test(test_reuse_port),
		cmocka_unit_test(test_unix_old_socket_replaced),
		cmocka_unit_test(test_unix_file_left_when_told),
		cmocka_unit_test(test_unix_not_a_socket),
		cmocka_unit_test(test_unix_no_folder),
		cmocka_unit_test(test_fd_adopted),
		cmocka_unit_test(test_fd_unix_adopted),
		cmocka_unit_test(test_taken_over),
		cmocka_unit_test(test_fd_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

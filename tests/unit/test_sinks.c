/* Log files: opened, rotated, written in whole lines. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ucorn/log/sinks.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"

static char folder[64], error_path[80], access_path[80], old_path[80];
static struct access_format *format; /* lines of `STATUS` */

static int group_set_up(void **state)
{
	struct err err;

	UNUSED(state);
	format = access_format_new("%(s)s", &err);
	snprintf(folder, sizeof(folder), "/tmp/ucorn-sinks-XXXXXX");
	if (!format || !mkdtemp(folder))
		return -1;
	snprintf(error_path, sizeof(error_path), "%s/error", folder);
	snprintf(access_path, sizeof(access_path), "%s/access", folder);
	snprintf(old_path, sizeof(old_path), "%s/old", folder);
	return 0;
}

static int group_tear_down(void **state)
{
	UNUSED(state);
	access_format_free(format);
	return rmdir(folder);
}

static int remove_files(void **state)
{
	UNUSED(state);
	unlink(error_path);
	unlink(access_path);
	unlink(old_path);
	return 0;
}

static void must_open(struct log_sinks *s, const char *errorlog, const char *accesslog)
{
	struct err err;

	if (log_sinks_open(s, errorlog, accesslog, &err) != 0)
		fail_msg("%s", err.text);
}

static void append(struct log_sinks *s, unsigned status)
{
	const struct access_record r = {.status = status};

	assert_int_equal(log_access_append(s, format, &r), 0);
}

static void assert_content(const char *path, const char *expected)
{
	char text[512];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
	close(fd);
}

static bool file_contains(const char *path, const char *part)
{
	char text[2048];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	return strstr(text, part) != NULL;
}

static void test_standard_streams(void **state)
{
	struct log_sinks s;

	UNUSED(state);
	must_open(&s, "-", "-");
	assert_int_equal(s.error.fd, STDERR_FILENO);
	assert_int_equal(s.access.fd, STDOUT_FILENO);
	assert_int_equal(log_fd(), STDERR_FILENO);
	log_sinks_reopen(&s);
	log_sinks_close(&s);
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0); /* still open */
}

static void test_no_access_log(void **state)
{
	struct log_sinks s;

	UNUSED(state);
	must_open(&s, "-", NULL);
	append(&s, 200);
	assert_int_equal(s.access_pending.len, 0);
	assert_int_equal(log_sinks_flush(&s), 0);
	log_sinks_reopen(&s);
	log_sinks_close(&s);
}

static void test_files(void **state)
{
	struct log_sinks s;
	struct stat st;

	UNUSED(state);
	mode_t before = umask(027);
	must_open(&s, error_path, access_path);
	umask(before);
	assert_int_equal(fstat(s.access.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(fcntl(s.access.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(s.access.fd, F_GETFL) & O_APPEND);
	assert_int_equal(log_fd(), s.error.fd);
	log_error("to the file");
	assert_true(file_contains(error_path, "[ERROR] to the file\n"));

	append(&s, 200);
	append(&s, 404);
	assert_content(access_path, ""); /* pending */
	assert_int_equal(log_sinks_flush(&s), 0);
	assert_content(access_path, "200\n404\n");
	append(&s, 500);
	log_sinks_close(&s); /* flushes */
	assert_content(access_path, "200\n404\n500\n");
	assert_int_equal(log_fd(), STDERR_FILENO);
}

static void test_unwritable(void **state)
{
	struct log_sinks s;
	struct err err = {0};
	char expected[160];

	UNUSED(state);
	snprintf(expected, sizeof(expected), "'%s' isn't writable: Is a directory", folder);
	assert_int_equal(log_sinks_open(&s, error_path, folder, &err), -1);
	assert_string_equal(err.text, expected);
	assert_int_equal(log_fd(), STDERR_FILENO);
	assert_int_equal(log_sinks_open(&s, folder, NULL, &err), -1);
	assert_string_equal(err.text, expected);
}

static void test_rotation(void **state)
{
	struct log_sinks s;

	UNUSED(state);
	must_open(&s, "-", access_path);
	int fd = s.access.fd;
	append(&s, 200);
	assert_int_equal(rename(access_path, old_path), 0);
	log_sinks_reopen(&s);
	assert_int_equal(s.access.fd, fd);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	append(&s, 404);
	assert_int_equal(log_sinks_flush(&s), 0);
	assert_content(old_path, "200\n");
	assert_content(access_path, "404\n");
	log_sinks_close(&s);
}

static void test_rotation_keeps_the_owner(void **state)
{
	bool is_root = geteuid() == 0;
	uid_t uid = is_root ? 12345 : geteuid();
	gid_t gid = is_root ? 54321 : getegid();
	struct log_sinks s;
	struct stat st;

	UNUSED(state);
	must_open(&s, error_path, "/dev/null");
	log_sinks_own(&s, uid, gid);
	assert_int_equal(rename(error_path, old_path), 0);
	log_sinks_reopen(&s);
	assert_int_equal(stat(error_path, &st), 0);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_int_equal(st.st_uid, 0); /* no file to be given away */
	log_sinks_close(&s);
}

static void test_failed_rotation_keeps_the_file(void **state)
{
	struct log_sinks s;

	UNUSED(state);
	must_open(&s, error_path, access_path);
	assert_int_equal(rename(access_path, old_path), 0);
	assert_int_equal(mkdir(access_path, 0700), 0); /* in the way */
	log_sinks_reopen(&s);
	assert_true(file_contains(error_path, "isn't writable: Is a directory"));
	append(&s, 200);
	assert_int_equal(log_sinks_flush(&s), 0);
	assert_content(old_path, "200\n");
	log_sinks_close(&s);
	assert_int_equal(rmdir(access_path), 0);
}

/* A new set of sinks may be open before the old one is closed. */
static void test_closing_an_older_set(void **state)
{
	struct log_sinks old, new;

	UNUSED(state);
	must_open(&old, "-", NULL);
	must_open(&new, error_path, NULL);
	log_sinks_close(&old);
	assert_int_equal(log_fd(), new.error.fd);
	log_sinks_close(&new);
}

static void test_many_lines_are_flushed_early(void **state)
{
	struct log_sinks s;
	struct stat st;

	UNUSED(state);
	must_open(&s, "-", access_path);
	for (unsigned i = 0; i < 20000; i++)
		append(&s, 200);
	assert_in_range(s.access_pending.len, 0, 65535);
	assert_int_equal(stat(access_path, &st), 0);
	assert_int_equal((size_t)st.st_size + s.access_pending.len, 20000 * 4);
	log_sinks_close(&s);
}

/* Makes the access log of s a non-blocking pipe, whose reading end it gives. */
static int pipe_in(struct log_sinks *s)
{
	int ends[2];

	must_open(s, "-", access_path);
	assert_int_equal(fd_pipe(ends), 0);
	assert_true(dup3(ends[1], s->access.fd, O_CLOEXEC) >= 0);
	close(ends[1]);
	s->access_chunk_max = PIPE_BUF; /* as log_sinks_open finds for a pipe */
	return ends[0];
}

/* A full pipe takes whole lines or nothing, and what it refused comes later. */
static void test_pipe_gets_whole_lines(void **state)
{
	enum { LINES = 16000 }; /* of 5 bytes: more than a pipe holds, and no divisor of 4096 */
	static char text[LINES * 5];
	struct access_format *five;
	const struct access_record r = {.status = 200};
	struct log_sinks s;
	struct err err;
	size_t len = 0;
	int reader = pipe_in(&s);

	UNUSED(state);
	five = access_format_new("-%(s)s", &err);
	for (unsigned i = 0; i < LINES; i++)
		assert_int_equal(log_access_append(&s, five, &r), 0);
	assert_int_equal(log_sinks_flush(&s), 0);
	assert_true(s.access_pending.len > 0);
	for (;;) {
		ssize_t n = read(reader, text + len, sizeof(text) - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		assert_int_equal(len % 5, 0);
		assert_int_equal(log_sinks_flush(&s), 0);
	}
	assert_int_equal(len, sizeof(text));
	access_format_free(five);
	close(reader);
	log_sinks_close(&s);
}

static void test_lost_lines_are_told(void **state)
{
	struct log_sinks s;

	UNUSED(state);
	must_open(&s, "-", "/dev/full");
	append(&s, 200);
	assert_int_equal(log_sinks_flush(&s), -ENOSPC);
	assert_int_equal(s.access_pending.len, 0);
	assert_int_equal(log_sinks_flush(&s), 0);
	log_sinks_close(&s);
}

#define TEST(f) cmocka_unit_test_teardown(f, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_standard_streams),
		TEST(test_no_access_log),
		TEST(test_files),
		TEST(test_unwritable),
		TEST(test_rotation),
		TEST(test_rotation_keeps_the_owner),
		TEST(test_failed_rotation_keeps_the_file),
		TEST(test_closing_an_older_set),
		TEST(test_many_lines_are_flushed_early),
		TEST(test_pipe_gets_whole_lines),
		TEST(test_lost_lines_are_told),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}

/* The error log's lines, through a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ucorn/util/fd.h"
#include "ucorn/util/log.h"

static int ends[2];
static char got[16384];

static size_t read_log(void)
{
	ssize_t n = read(ends[0], got, sizeof(got) - 1);

	if (n < 0)
		n = 0;
	got[n] = '\0';
	return (size_t)n;
}

static int open_pipe(void **state)
{
	UNUSED(state);
	if (fd_pipe(ends) < 0)
		return -1;
	log_set_fd(ends[1]);
	log_set_level(LOG_INFO);
	return 0;
}

static int close_pipe(void **state)
{
	UNUSED(state);
	log_set_fd(STDERR_FILENO);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return 0;
}

static void test_line(void **state)
{
	int year, month, day, hour, minute, second, zone, pid, used = 0;

	UNUSED(state);
	errno = EINTR;
	log_info("Booting worker with pid: %d", 12);
	assert_int_equal(errno, EINTR);
	read_log();
	assert_int_equal(sscanf(got, "[%4d-%2d-%2d %2d:%2d:%2d %5d] [%d] [INFO] %n", &year, &month,
				&day, &hour, &minute, &second, &zone, &pid, &used),
			 8);
	assert_int_equal(pid, getpid());
	assert_string_equal(got + used, "Booting worker with pid: 12\n");
}

static void test_level(void **state)
{
	UNUSED(state);
	log_debug("unseen");
	assert_int_equal(read_log(), 0);
	log_critical("seen");
	assert_true(read_log() > 0);
	assert_non_null(strstr(got, "] [CRITICAL] seen\n"));
}

static void test_level_names(void **state)
{
	UNUSED(state);
	assert_int_equal(log_level_from("debug"), LOG_DEBUG);
	assert_int_equal(log_level_from("Warning"), LOG_WARNING);
	assert_int_equal(log_level_from("CRITICAL"), LOG_CRITICAL);
	assert_int_equal(log_level_from("loud"), LOG_INFO);
}

static void test_long_message_is_cut(void **state)
{
	char *text = malloc(20001);

	UNUSED(state);
	assert_non_null(text);
	memset(text, 'x', 20000);
	text[20000] = '\0';
	log_error("%s", text);
	free(text);

	size_t len = read_log();

	assert_true(len > 8000 && len < 8192 + 128);
	assert_int_equal(got[len - 1], '\n');
}

static void test_raw(void **state)
{
	UNUSED(state);
	log_raw(SLICE("Traceback\n"));
	assert_int_equal(read_log(), 10);
	assert_string_equal(got, "Traceback\n");
}

static struct slice taken;
static char taken_text[64];
static bool takes;

static bool take_line(enum log_level level, struct slice message)
{
	assert_int_equal(level, LOG_WARNING);
	assert_true(message.len < sizeof(taken_text));
	memcpy(taken_text, message.base, message.len);
	taken = slice_of(taken_text, message.len);
	errno = EBADF;
	return takes;
}

static bool take_raw(struct slice bytes)
{
	return take_line(LOG_WARNING, bytes);
}

static void test_taker(void **state)
{
	static const struct log_taker taker = {take_line, take_raw};

	UNUSED(state);
	log_set_taker(&taker);
	takes = true;
	errno = EINTR;
	log_warning("%d of them", 3);
	assert_int_equal(errno, EINTR);
	assert_true(slice_eq(taken, SLICE("3 of them")));
	log_raw(SLICE("Traceback"));
	assert_int_equal(errno, EINTR);
	assert_true(slice_eq(taken, SLICE("Traceback")));
	log_debug("below the threshold");
	takes = false; /* what it does not take is written */
	log_warning("nobody's");
	log_raw(SLICE("raw\n"));
	log_set_taker(NULL);
	log_warning("after");
	read_log();
	assert_non_null(strstr(got, "] [WARNING] nobody's\nraw\n["));
	assert_non_null(strstr(got, "] [WARNING] after\n"));
	assert_null(strstr(got, "of them"));
	assert_null(strstr(got, "Traceback"));
}

static void test_is_stderr(void **state)
{
	int copy = dup(STDERR_FILENO);

	UNUSED(state);
	assert_false(log_is_stderr());
	log_set_fd(copy);
	assert_true(log_is_stderr());
	log_set_fd(ends[1]);
	close(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),	    cmocka_unit_test(test_level),
		cmocka_unit_test(test_level_names), cmocka_unit_test(test_long_message_is_cut),
		cmocka_unit_test(test_raw),	    cmocka_unit_test(test_taker),
		cmocka_unit_test(test_is_stderr),
	};

	return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}

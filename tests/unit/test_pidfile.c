/* The pidfile: whom it belongs to, and that no half-written one is left. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The master's folder is not among the layers that unit tests link. */
#include "master/pidfile.c"

static char folder[64], path[96];

static int make_folder(void **state)
{
	UNUSED(state);
	snprintf(folder, sizeof(folder), "/tmp/ucorn-pidfile-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/pid", folder);
	return 0;
}

static int remove_folder(void **state)
{
	UNUSED(state);
	unlink(path);
	return rmdir(folder); /* fails when a temporary file was left */
}

static void put(const char *content)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(content, f);
	fclose(f);
}

static void assert_content(const char *expected)
{
	char content[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	if (!fgets(content, sizeof(content), f))
		content[0] = '\0';
	fclose(f);
	assert_string_equal(content, expected);
}

static void writes_number_and_mode(void **state)
{
	struct err err = {0};
	struct stat st;

	UNUSED(state);
	assert_int_equal(pidfile_write(path, 4711, &err), 0);
	assert_content("4711\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static void replaces_what_nobody_owns(void **state)
{
	char dead[32];
	const char *const contents[] = {"",  "\n", "gone\n", "0\n", "-5\n", "99999999999999\n",
					dead};

	UNUSED(state);
	snprintf(dead, sizeof(dead), "%d\n", (int)dead_pid());
	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		struct err err = {0};

		put(contents[i]);
		assert_int_equal(pidfile_write(path, getpid(), &err), 0);
	}
}

static void respects_a_living_owner(void **state)
{
	struct err err = {0};
	char content[32], expected[256];

	UNUSED(state);
	snprintf(content, sizeof(content), "%d\n", (int)getppid());
	put(content);
	assert_int_equal(pidfile_write(path, getpid(), &err), -1);
	snprintf(expected, sizeof(expected),
		 "Already running on PID %d (or pid file '%s' is stale)", (int)getppid(), path);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.exit_code, 1);
	assert_content(content);
}

static void may_be_written_again_by_its_owner(void **state)
{
	struct err err = {0};

	UNUSED(state);
	assert_int_equal(pidfile_write(path, getpid(), &err), 0);
	assert_int_equal(pidfile_write(path, getpid(), &err), 0);
}

static void needs_its_folder(void **state)
{
	struct err err = {0};

	UNUSED(state);
	assert_int_equal(pidfile_write("/nowhere/at/all/pid", 1, &err), -1);
	assert_string_equal(err.text, "/nowhere/at/all doesn't exist. Can't create pidfile.");
}

static void is_removed_only_by_its_owner(void **state)
{
	struct err err = {0};

	UNUSED(state);
	assert_int_equal(pidfile_write(path, getpid(), &err), 0);
	pidfile_remove(path, getpid() + 1);
	assert_int_equal(access(path, F_OK), 0);
	pidfile_remove(path, getpid());
	assert_int_not_equal(access(path, F_OK), 0);
	pidfile_remove(path, getpid());
}

#define FOLDER_TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(writes_number_and_mode),
		FOLDER_TEST(replaces_what_nobody_owns),
		FOLDER_TEST(respects_a_living_owner),
		FOLDER_TEST(may_be_written_again_by_its_owner),
		FOLDER_TEST(needs_its_folder),
		FOLDER_TEST(is_removed_only_by_its_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

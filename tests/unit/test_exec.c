/* How a process was started, handed on to the program that follows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ucorn/util/exec.h"

static char *saved;
static size_t saved_len;

static void save(char **argv)
{
	FILE *out = open_memstream(&saved, &saved_len);

	assert_non_null(out);
	exec_save(out, argv);
	assert_int_equal(fclose(out), 0);
}

/* Ends what one test has restored: the next one is another process. */
static void in_child(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define EXPECT(condition)         \
	do {                      \
		if (!(condition)) \
			_exit(1); \
	} while (0)

static void change_and_restore(void)
{
	char *argv[] = {(char *)"ucorn", (char *)"", (char *)"a b\n", NULL};
	char folder[PATH_MAX], **words, **variables;
	sigset_t ignored, blocked;
	int argc;

	EXPECT(clearenv() == 0 && setenv("KEPT", "=x\n", 1) == 0);
	exec_current_folder(folder);
	signal(SIGHUP, SIG_IGN);
	signal(SIGRTMAX, SIG_IGN);
	prctl(PR_SET_NAME, "mysite");
	save(argv);
	EXPECT(setenv("KEPT", "changed", 1) == 0 && setenv("NEW", "1", 1) == 0);
	EXPECT(chdir("/") == 0);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "python3");

	words = exec_restore(saved, saved_len, &argc);
	EXPECT(words && argc == 3 && !words[3]);
	EXPECT(!strcmp(words[0], "ucorn") && !words[1][0] && !strcmp(words[2], "a b\n"));
	variables = exec_environment();
	EXPECT(variables && !strcmp(variables[0], "KEPT==x\n") && !variables[1]);
	EXPECT(!strcmp(exec_folder(), folder));
	exec_signals(&ignored, &blocked);
	EXPECT(sigismember(&ignored, SIGHUP) && sigismember(&ignored, SIGRTMAX) &&
	       !sigismember(&ignored, SIGPIPE));
	EXPECT(prctl(PR_GET_NAME, folder) == 0 && !strcmp(folder, "mysite"));
}

static void all_of_it(void **state)
{
	UNUSED(state);
	in_child(change_and_restore);
}

/* Cut anywhere, it is refused, or short of words or variables. */
static void cut(void)
{
	char *argv[] = {(char *)"ucorn", NULL};
	int argc;

	save(argv);
	for (size_t len = 0; len < saved_len; len++) {
		char *copy = malloc(len + 1), **words;

		EXPECT(copy);
		words = exec_restore(memcpy(copy, saved, len), len, &argc);
		EXPECT(!words || !words[argc]);
		free(words);
		free(copy);
	}
}

static void cut_short(void **state)
{
	UNUSED(state);
	in_child(cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it),
		cmocka_unit_test(cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

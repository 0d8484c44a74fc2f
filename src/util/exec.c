/* How the process was started.
 *
 * What is handed on is strings, each with its NUL: how many words and variables there are, a letter
 * for each signal that says whether it is ignored, likewise blocked, the process's name, the
 * folder, the words, the variables. */
#include "ucorn/util/exec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ucorn/util/slice.h"

enum { NAME_SIZE = 16 /* PR_GET_NAME's */, YES = '1', NO = '0' };

static char start_folder[PATH_MAX];
static char **restored_environment; /* NULL: no other program has run here */
static sigset_t restored_ignored, restored_blocked;
static char **exec_argv;

#ifdef __GLIBC__
/* Called with what main is called with, also where this is a library. */
__attribute__((constructor)) static void note_arguments(int argc, char **argv)
{
	UNUSED(argc);
	exec_argv = argv;
}
#endif

char **exec_arguments(void)
{
	return exec_argv;
}

static size_t count_strings(char **strings)
{
	size_t count = 0;

	while (strings[count])
		count++;
	return count;
}

char **exec_copy(char **strings)
{
	size_t count = count_strings(strings), bytes = 0;
	char **copy, *at;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(strings[i]) + 1;
	copy = malloc((count + 1) * sizeof(*copy) + bytes);
	if (!copy)
		return NULL;
	at = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(strings[i]) + 1;

		copy[i] = memcpy(at, strings[i], len);
		at += len;
	}
	copy[count] = NULL;
	return copy;
}

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_ino == sb.st_ino &&
	       sa.st_dev == sb.st_dev;
}

void exec_current_folder(char folder[PATH_MAX])
{
	const char *named = getenv("PWD");

	if (!getcwd(folder, PATH_MAX))
		snprintf(folder, PATH_MAX, "/");
	if (named && named[0] == '/' && strlen(named) < PATH_MAX && same_file(named, folder))
		snprintf(folder, PATH_MAX, "%s", named);
}

const char *exec_folder(void)
{
	if (!start_folder[0])
		exec_current_folder(start_folder);
	return start_folder;
}

char **exec_environment(void)
{
	return exec_copy(restored_environment ? restored_environment : environ);
}

void exec_signals(sigset_t *ignored, sigset_t *blocked)
{
	struct sigaction action;

	if (restored_environment) {
		*ignored = restored_ignored;
		*blocked = restored_blocked;
		return;
	}
	sigprocmask(SIG_SETMASK, NULL, blocked);
	sigemptyset(ignored);
	for (int number = 1; number < NSIG; number++) {
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			sigaddset(ignored, number);
	}
}

static void put_signals(FILE *out, const sigset_t *set)
{
	for (int number = 1; number < NSIG; number++)
		putc(sigismember(set, number) == 1 ? YES : NO, out);
	putc('\0', out);
}

static void take_signals(sigset_t *set, const char *letters)
{
	sigemptyset(set);
	for (int i = 0; letters[i]; i++) {
		if (letters[i] == YES)
			sigaddset(set, i + 1);
	}
}

static void put_strings(FILE *out, char **strings)
{
	for (; *strings; strings++)
		fwrite(*strings, strlen(*strings) + 1, 1, out);
}

void exec_save(FILE *out, char **argv)
{
	char name[NAME_SIZE] = "";
	sigset_t ignored, blocked;

	exec_signals(&ignored, &blocked);
	prctl(PR_GET_NAME, name);
	fprintf(out, "%zu%c%zu%c", count_strings(argv), 0, count_strings(environ), 0);
	put_signals(out, &ignored);
	put_signals(out, &blocked);
	fprintf(out, "%s%c%s%c", name, 0, exec_folder(), 0);
	put_strings(out, argv);
	put_strings(out, environ);
}

/* The string at *at, which is moved behind it; NULL: there is none. */
static char *take_string(char **at, const char *end)
{
	char *string = *at, *nul = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return string;
}

static int take_number(char **at, const char *end, uint64_t *number)
{
	char *string = take_string(at, end);

	return string ? slice_to_u64(slice_from(string), number) : -1;
}

/* count strings from *at on; gives where the list goes on, behind its NULL. */
static char **take_list(char **list, uint64_t count, char **at, const char *end)
{
	while (count-- > 0)
		*list++ = take_string(at, end);
	return list + 1;
}

char **exec_restore(char *state, size_t len, int *argc)
{
	char *at = state, *end = state + len, *ignored, *blocked, *name, *folder, **words;
	uint64_t n_words, n_variables;

	if (take_number(&at, end, &n_words) < 0 || take_number(&at, end, &n_variables) < 0)
		return NULL;
	ignored = take_string(&at, end);
	blocked = take_string(&at, end);
	name = take_string(&at, end);
	folder = take_string(&at, end);
	if (!folder || n_words > len || n_variables > len)
		return NULL;
	words = calloc(n_words + n_variables + 2, sizeof(*words));
	if (!words)
		return NULL;
	restored_environment = take_list(words, n_words, &at, end);
	take_list(restored_environment, n_variables, &at, end);
	take_signals(&restored_ignored, ignored);
	take_signals(&restored_blocked, blocked);
	snprintf(start_folder, sizeof(start_folder), "%s", folder);
	prctl(PR_SET_NAME, name);
	*argc = (int)n_words;
	return words;
}

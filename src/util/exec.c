/* How the process was started.
 *
 * What is handed on is strings, each with its NUL: how many words and variables there are,
 * for each signal whether it is ignored and whether it is blocked, the process's name, the folder, the words, the variables. */
#include "ucorn/util/exec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ucorn/util/slice.h"

enum {
	SIGNALS_SIZE = 64 + 1, /* a letter for each, and the NUL */
	NAME_SIZE = 16,	       /* PR_GET_NAME's */
	YES = '1',
	NO = '0',
};

static char start_folder[PATH_MAX];
static char **restored_environment; /* NULL: no other program has run here */
static const char *restored_ignored, *restored_blocked;
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

char **exec_copy(char **strings)
{
	size_t count = 0, bytes = 0;
	char **copy, *at;

	for (; strings[count]; count++)
		bytes += strlen(strings[count]) + 1;
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

static void current_signals(char ignored[SIGNALS_SIZE], char blocked[SIGNALS_SIZE])
{
	struct sigaction action;
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < SIGNALS_SIZE; number++) {
		bool is_ignored =
			sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;

		ignored[number - 1] = is_ignored ? YES : NO;
		blocked[number - 1] = sigismember(&mask, number) == 1 ? YES : NO;
	}
	ignored[SIGNALS_SIZE - 1] = blocked[SIGNALS_SIZE - 1] = '\0';
}

static void set_of(sigset_t *set, const char *signals)
{
	sigemptyset(set);
	for (size_t i = 0; signals[i]; i++) {
		if (signals[i] == YES)
			sigaddset(set, (int)i + 1);
	}
}

void exec_signals(sigset_t *ignored, sigset_t *blocked)
{
	char ignored_now[SIGNALS_SIZE], blocked_now[SIGNALS_SIZE];

	current_signals(ignored_now, blocked_now);
	set_of(ignored, restored_environment ? restored_ignored : ignored_now);
	set_of(blocked, restored_environment ? restored_blocked : blocked_now);
}

static size_t count_strings(char **strings)
{
	size_t count = 0;

	while (strings[count])
		count++;
	return count;
}

static void put_strings(FILE *out, char **strings)
{
	for (; *strings; strings++)
		fwrite(*strings, strlen(*strings) + 1, 1, out);
}

void exec_save(FILE *out, char **argv)
{
	char ignored[SIGNALS_SIZE], blocked[SIGNALS_SIZE], name[NAME_SIZE] = "";

	current_signals(ignored, blocked);
	prctl(PR_GET_NAME, name);
	fprintf(out, "%zu%c%zu%c%s%c%s%c%s%c%s%c", count_strings(argv), 0, count_strings(environ),
		0, ignored, 0, blocked, 0, name, 0, exec_folder(), 0);
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
	restored_ignored = ignored;
	restored_blocked = blocked;
	snprintf(start_folder, sizeof(start_folder), "%s", folder);
	prctl(PR_SET_NAME, name);
	*argc = (int)n_words;
	return words;
}

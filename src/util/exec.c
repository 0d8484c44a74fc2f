/* What exec has put into the process, before anything has changed it. */
#include "ucorn/util/exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int exec_argc;
static char **exec_argv;

#ifdef __GLIBC__
/* Called with what main is called with, also where this is a library. */
__attribute__((constructor)) static void note_arguments(int argc, char **argv)
{
	exec_argc = argc;
	exec_argv = argv;
}
#endif

char **exec_arguments(int *argc)
{
	*argc = exec_argc;
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

/* All of a file and a NUL, the caller's to free; NULL: it cannot be read, or no memory. */
static char *read_whole(const char *path, size_t *len)
{
	char *text = NULL, piece[4096];
	FILE *in = fopen(path, "re"), *out = in ? open_memstream(&text, len) : NULL;
	bool whole = out != NULL;
	size_t got;

	while (whole && (got = fread(piece, 1, sizeof(piece), in)) > 0)
		whole = fwrite(piece, 1, got, out) == got;
	whole = whole && !ferror(in);
	if (out && fclose(out) != 0)
		whole = false;
	if (in)
		fclose(in);
	if (!whole) {
		free(text);
		return NULL;
	}
	return text;
}

char **exec_environment(void)
{
	size_t len, count = 0;
	char *text = read_whole("/proc/self/environ", &len), **strings, **copy;

	if (!text)
		return exec_copy(environ);
	strings = calloc(len + 1, sizeof(*strings));
	for (size_t at = 0; strings && at < len; at += strlen(text + at) + 1)
		strings[count++] = text + at;
	copy = strings ? exec_copy(strings) : NULL;
	free(strings);
	free(text);
	return copy;
}

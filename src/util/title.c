/* Process titles, the way it is done on Linux: the kernel shows what stands in
 * the memory where exec put the arguments, so the title is written there.  The
 * environment's strings lie directly behind; once they have been copied
 * elsewhere their room can be used too. */
#include "ucorn/util/title.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *room;
static size_t room_bytes;
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

char **title_arguments(int *argc)
{
	*argc = exec_argc;
	return exec_argv;
}

/* Extends *end over the strings that follow it without a gap. */
static void extend(char **strings, char **end)
{
	for (; *strings; strings++)
		if (*strings == *end)
			*end = *strings + strlen(*strings) + 1;
}

/* The kernel is to show these, which are not the first of exec's, as if they were all. */
static void show_only(int argc, char **argv)
{
	char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
	size_t bytes = (size_t)(end - argv[0]);

	memmove(room, argv[0], bytes);
	memset(room + bytes, 0, room_bytes - bytes);
}

/* A copy of the list and its strings in one block, which its user never frees:
 * exec's own list is not freed either. */
static char **copy_strings(char **strings)
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

		copy[i] = at;
		memcpy(at, strings[i], len);
		at += len;
	}
	copy[count] = NULL;
	return copy;
}

char **title_init(int argc, char **argv)
{
	/* Static: in use until the process ends, also when setenv has moved environ. */
	static char **arguments, **environment;
	char *end;

	if (argc < 1)
		return argv;
	if (!exec_argv)
		exec_argv = argv;
	end = exec_argv[0];
	extend(exec_argv, &end);
	extend(environ, &end);
	arguments = copy_strings(argv);
	environment = copy_strings(environ);
	if (!arguments || !environment) {
		free(environment);
		free(arguments);
		return argv;
	}
	environ = environment;
	room = exec_argv[0];
	room_bytes = (size_t)(end - room);
	if (argv != exec_argv)
		show_only(argc, argv);
	return arguments;
}

void title_set(const char *fmt, ...)
{
	va_list args;
	int len;

	if (room_bytes == 0)
		return;
	va_start(args, fmt);
	len = vsnprintf(room, room_bytes, fmt, args);
	va_end(args);
	if (len >= 0 && (size_t)len < room_bytes)
		memset(room + len, 0, room_bytes - (size_t)len);
}

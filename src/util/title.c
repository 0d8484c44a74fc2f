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

#include "ucorn/util/exec.h"

static char *room;
static size_t room_bytes;

/* Extends *end over the strings that follow it without a gap. */
static void extend(char **strings, char **end)
{
	for (; *strings; strings++)
		if (*strings == *end)
			*end = *strings + strlen(*strings) + 1;
}

/* The kernel is to show these, not exec's arguments, which end there. */
static void show(char **argv, const char *end)
{
	char *at = room;

	for (; *argv && at + strlen(*argv) < end; argv++) {
		size_t len = strlen(*argv) + 1;

		memcpy(at, *argv, len);
		at += len;
	}
	memset(at, 0, (size_t)(end - at));
}

char **title_init(int argc, char **argv)
{
	/* Static: in use until the process ends, also when setenv has moved environ. */
	static char **arguments, **environment;
	char **all = exec_arguments(), *arguments_end, *end;

	if (argc < 1)
		return argv;
	if (!all)
		all = argv;
	end = all[0];
	extend(all, &end);
	arguments_end = end;
	extend(environ, &end);
	arguments = exec_copy(argv);
	environment = exec_copy(environ);
	if (!arguments || !environment) {
		free(environment);
		free(arguments);
		return argv;
	}
	environ = environment;
	room = all[0];
	room_bytes = (size_t)(end - room);
	if (argv != all)
		show(arguments, arguments_end);
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

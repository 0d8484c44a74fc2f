/* Connections between SYN and accept, as /proc/self/net/tcp (proc_net_tcp.txt of Linux) has them.
 *
 * Of a busy server that table has many lines, of connections that have ended, too: they are
 * not taken apart more than needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ucorn/net/listener.h"

enum { SYN_RECV = 3, TABLE_BUFFER = 4096 };

/* A line: `   0: 0100007F:1F90 0100007F:A1B2 03 ...`; state 3, local port 0x1F90. */
static bool is_half_open(const char *line, unsigned port)
{
	const char *at = strchr(line, ':'); /* behind the line's number */
	char *end;

	at = at ? strchr(at + 1, ':') : NULL;
	if (!at || strtoul(at + 1, &end, 16) != port)
		return false;
	at = strchr(end, ':');
	if (!at)
		return false;
	strtoul(at + 1, &end, 16);
	return strtoul(end, NULL, 16) == SYN_RECV;
}

static bool is_in(FILE *table, unsigned port)
{
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (!found && getline(&line, &size, table) >= 0)
		found = is_half_open(line, port);
	free(line);
	return found || ferror(table);
}

/* True also if the table cannot be read. */
static bool table_has_half_open(const char *path, unsigned port)
{
	char buffer[TABLE_BUFFER]; /* as much as one read gives; stdio takes less */
	FILE *table = fopen(path, "re");
	bool found;

	if (!table)
		return true;
	setvbuf(table, buffer, _IOFBF, sizeof(buffer));
	found = is_in(table, port);
	fclose(table);
	return found;
}

/* Before they are accepted, clients of IPv4 count as the socket's family, too.  Those who come by
 * a SYN cookie are in no table: of them the kernel knows nothing. */
bool listener_has_half_open(const struct listener *l)
{
	const char *table = strchr(l->name, ':') ? "/proc/self/net/tcp6" : "/proc/self/net/tcp";

	return !l->is_unix && table_has_half_open(table, l->port);
}

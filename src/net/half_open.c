/* Connections between SYN and accept, as /proc/net/tcp (proc_net_tcp.txt of Linux) has them. */
#include <stdio.h>
#include <stdlib.h>

#include "ucorn/net/listener.h"

enum { SYN_RECV = 3 }; /* tcp_states.h */

/* A line: `   0: 0100007F:1F90 0100007F:A1B2 03 ...`; port 0x1F90, state 3. */
static bool is_half_open(const char *line, unsigned port)
{
	unsigned local_port, state;

	return sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &local_port, &state) ==
		       2 &&
	       local_port == port && state == SYN_RECV;
}

/* True also if the table cannot be read. */
static bool has_half_open(const char *table, unsigned port)
{
	FILE *file = fopen(table, "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (!file)
		return true;
	while (!found && getline(&line, &size, file) >= 0)
		found = is_half_open(line, port);
	found = found || ferror(file);
	free(line);
	fclose(file);
	return found;
}

/* A client of IPv4 is in the first table, whatever the socket's family is.  There is no second
 * one where the kernel knows no IPv6. */
bool listener_has_half_open(const struct listener *l)
{
	if (l->is_unix)
		return false;
	return has_half_open("/proc/net/tcp", l->port) ||
	       (strchr(l->name, ':') && has_half_open("/proc/net/tcp6", l->port));
}

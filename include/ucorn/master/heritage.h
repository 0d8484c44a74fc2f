/* What a process is started with and by whom: words, environment, signals, and
 * listening sockets that are open already.  It is kept, because USR2 starts the next
 * program in the same way. */
#ifndef UCORN_MASTER_HERITAGE_H
#define UCORN_MASTER_HERITAGE_H

#include <signal.h>
#include <sys/types.h>

#include "ucorn/net/addr.h"

/* A listening socket that was open when the program started. */
struct heirloom {
	int fd;
	bool has_addr;
	struct addr addr; /* what it was configured as, if that is known */
};

struct heritage {
	char **argv;
	char **environment; /* of the next program, but for what is about sockets and processes */
	const char *start_folder;
	sigset_t ignored, blocked; /* signals */

	pid_t old_master; /* the one that got USR2; 0: started by none */
	struct heirloom *sockets;
	size_t n_sockets;
	char *bind_folder; /* what relative paths among their addresses begin at; or NULL */
	bool by_systemd;   /* they come from systemd */

	char *notify_socket;  /* systemd's, or NULL */
	uint64_t watchdog_us; /* how often systemd wants a sign of life; 0: never */
	bool has_watchdog_pid;
};

/* To be called before anything but Python's own start has changed the process, and
 * before title_set.  Takes the variables of USR2 and systemd out of the environment,
 * so that no application sees them; the sockets are close-on-exec from here on.  argv has to stay.  -1 with err when a variable
 * makes no sense, or names a descriptor that is not open; then h is empty. */
MUST_CHECK int heritage_take(struct heritage *h, char **argv, struct err *err);
void heritage_release(struct heritage *h);

#endif

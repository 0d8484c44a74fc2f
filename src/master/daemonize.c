/* Into the background: fork, a session of its own, fork.
 *
 * The second fork is what keeps a terminal away for good: only the leader of a
 * session gets one by opening it (setsid(2), open(2) about O_NOCTTY), and the leader
 * is the process in between.  What can be wrong with the settings was found before,
 * when there was a terminal to say it on; what goes wrong from here on can only be
 * read in the error log. */
#include "daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ucorn/py/interp.h"

enum { DAEMON_UMASK = 022 };

/* Goes on in a child.  The parent leaves at once: Python's end, and the functions
 * that wait for it, belong to the child. */
static int leave_parent(struct err *err)
{
	pid_t pid = interp_fork();

	if (pid > 0)
		_exit(0);
	return pid == 0 ? 0 : err_set(err, "Cannot go into the background: %s", strerror(-pid));
}

static int detach_streams(bool keep_output, struct err *err)
{
	int null = open("/dev/null", O_RDWR | O_NOCTTY);
	int rc = 0;

	if (null < 0)
		return err_set(err, "Cannot open /dev/null: %s", strerror(errno));
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && rc == 0; fd++) {
		bool keep = keep_output && fd != STDIN_FILENO && !isatty(fd);

		if (!keep && fd != null && dup2(null, fd) < 0)
			rc = err_set(err, "Cannot leave the terminal: %s", strerror(errno));
	}
	if (null > STDERR_FILENO)
		close(null);
	return rc;
}

int daemonize(bool keep_output, struct err *err)
{
	fflush(NULL); /* else both processes would write it */
	if (leave_parent(err) < 0)
		return -1;
	setsid(); /* cannot fail: a child leads no process group */
	if (leave_parent(err) < 0)
		return -1;
	umask(DAEMON_UMASK);
	return detach_streams(keep_output, err);
}

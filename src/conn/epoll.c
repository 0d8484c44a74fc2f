/* Finds libev's epoll descriptor, which has no place in its interface.
 *
 * The kernel is asked: it refuses to add a descriptor to the epoll that has it already, and
 * only there.  It compares files, not only numbers, so an epoll of the parent process's with
 * a descriptor of that number is no match. */
#include "epoll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { TRIED_MAX = 65536 };

int epoll_that_watches(int fd)
{
	long open_max = sysconf(_SC_OPEN_MAX);
	int end = open_max > 0 && open_max < TRIED_MAX ? (int)open_max : TRIED_MAX;
	struct epoll_event nothing = {0};

	for (int candidate = 0; candidate < end; candidate++) {
		if (candidate == fd)
			continue;
		if (epoll_ctl(candidate, EPOLL_CTL_ADD, fd, &nothing) == 0)
			(void)epoll_ctl(candidate, EPOLL_CTL_DEL, fd, NULL);
		else if (errno == EEXIST)
			return candidate;
	}
	return -ENOENT;
}

/* Flags of descriptors, pipes, and writing until all is written. */
#include "ucorn/util/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int fd_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int fd_set_cloexec(int fd, bool cloexec)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return -errno;
	flags = cloexec ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
	return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

int fd_pipe(int ends[2])
{
	return pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0 ? -errno : 0;
}

void fd_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Not repeated after EINTR: Linux has freed the number by then, and another
 * thread may own it already. */
void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* offset: -1 for where the descriptor stands. */
static int write_all(int fd, const char *bytes, size_t len, off_t offset)
{
	while (len > 0) {
		ssize_t n = offset < 0 ? write(fd, bytes, len) : pwrite(fd, bytes, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		len -= (size_t)n;
		if (offset >= 0)
			offset += n;
	}
	return 0;
}

int fd_write_all(int fd, const void *bytes, size_t len)
{
	return write_all(fd, bytes, len, -1);
}

int fd_write_all_at(int fd, const void *bytes, size_t len, off_t offset)
{
	return write_all(fd, bytes, len, offset);
}

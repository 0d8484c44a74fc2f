/* The datagrams of sd_notify(3): a few assignments to a unix socket.  The socket is
 * made for each, since they are rare, so that there is no descriptor that a fork or an
 * upgrade would have to think of. */
#include "notify.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int notify_address(const char *text, struct sockaddr_un *un, socklen_t *len)
{
	size_t n = strlen(text);

	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((text[0] != '/' && text[0] != '@') || n < 2 || n >= sizeof(un->sun_path))
		return -EINVAL;
	memcpy(un->sun_path, text, n);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (text[0] == '@')
		un->sun_path[0] = '\0'; /* its name ends where the address does */
	else
		(*len)++;
	return 0;
}

int notify_send(const char *address, const char *text)
{
	struct sockaddr_un un;
	socklen_t len;
	int rc = notify_address(address, &un, &len);
	int fd;

	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&un, len) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* The datagrams of sd_notify(3). */
#ifndef UCORN_MASTER_NOTIFY_H
#define UCORN_MASTER_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "ucorn/util/base.h"

/* NOTIFY_SOCKET: /path, or @name for an abstract socket.  0, or -EINVAL. */
MUST_CHECK int notify_address(const char *text, struct sockaddr_un *un, socklen_t *len);

/* Sends text, assignments line by line, without waiting for anybody.  0 or -errno. */
MUST_CHECK int notify_send(const char *address, const char *text);

#endif

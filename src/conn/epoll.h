/* Which epoll descriptor watches another one, for a library that does not say. */
#ifndef UCORN_CONN_EPOLL_H
#define UCORN_CONN_EPOLL_H

/* The descriptor of this process's epoll that watches fd, or -ENOENT. */
int epoll_that_watches(int fd);

#endif

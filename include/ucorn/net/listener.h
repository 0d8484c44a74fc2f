/* Listening sockets. */
#ifndef UCORN_NET_LISTENER_H
#define UCORN_NET_LISTENER_H

#include "ucorn/net/addr.h"

struct listener {
	int fd;
	struct addr addr; /* as configured */
	bool is_unix;
	char name[108]; /* SERVER_NAME: local IP, or the socket's path */
	unsigned port;	/* local port; 0 for unix sockets */
	char url[128];	/* for the log: http://127.0.0.1:8000, unix:/path */
	dev_t file_dev; /* of the unix socket's file, to know it again */
	ino_t file_ino; /* 0: it has none */
};

struct listener_options {
	unsigned backlog;
	unsigned umask;	 /* while a unix socket is bound; 0: mode 0777 */
	bool reuse_port; /* others may listen on the same TCP address */
	bool has_owner;	 /* a unix socket's file is to belong to uid and gid */
	uid_t uid;
	gid_t gid;
};

/* Opens one non-blocking, close-on-exec listening socket: SO_REUSEADDR, for
 * TCP_NODELAY see listener_accept.  A socket file in the way is removed, any
 * other file is an error.  0; -1 with err, whose text is gunicorn's line
 * (`Connection in use: ('127.0.0.1', 8000)`, `Invalid address: ...`); *busy
 * tells whether trying again later may help.  The descriptor of fd://N is the
 * listener's after success and stays open after failure. */
MUST_CHECK int listener_open(struct listener *l, const struct addr *addr,
			     const struct listener_options *options, bool *busy, struct err *err);

/* Takes over a listening stream socket that is open already; addr: what it was
 * configured as, or NULL for what it says itself.  The file of a unix socket is somebody
 * else's until listener_own_file.  On failure the descriptor stays as it is. */
MUST_CHECK int listener_adopt(struct listener *l, int fd, const struct addr *addr, struct err *err);

/* The file at the path of a unix socket is this listener's to remove from now on. */
void listener_own_file(struct listener *l);

/* Closes; with unlink_file, removes the unix socket's file if it is still ours:
 * the one that was bound, or that listener_own_file has found. */
void listener_close(struct listener *l, bool unlink_file);

/* TCP: whether the kernel keeps a connection to itself until its first bytes have come, or a
 * second has passed (TCP_DEFER_ACCEPT).  Of all processes that have the socket. */
void listener_defer(const struct listener *l, bool on);

/* Lets nobody new come to the socket, in whatever process it is open; those who wait to
 * be accepted go on waiting.  For a server that is about to end.  Deferring ends, too: whoever
 * has connected can be accepted HALF_OPEN_MS later. */
void listener_turn_away(const struct listener *l);

enum { HALF_OPEN_MS = 2000 }; /* a second until the SYN-ACK is sent again, and its way */

/* TCP: whether somebody may have connected of whom accept does not know yet, since the
 * handshake is about to end, or is deferred.  True also where the system does not tell.  Reads
 * the kernel's table of connections: not for often. */
bool listener_has_half_open(const struct listener *l);

/* Ends the socket in all processes that have it: connections are refused from now on, and
 * those that wait are reset. */
void listener_end(const struct listener *l);

/* Takes one connection: a non-blocking close-on-exec socket, with TCP_NODELAY
 * on TCP; or -EAGAIN, -EMFILE, other -errno. */
MUST_CHECK int listener_accept(const struct listener *l, struct sockaddr_storage *peer);

/* How many connections wait to be accepted; 0 also where Linux does not tell (unix
 * sockets). */
unsigned listener_waiting(const struct listener *l);

#endif

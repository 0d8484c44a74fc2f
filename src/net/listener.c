/* Listening sockets: made from an address, or adopted from whoever started us.
 *
 * A failure leaves nothing behind: no descriptor, no socket file.  Sentences for
 * the two usual mistakes are gunicorn's, since log watchers know them.  How often
 * to try again is the master's business; `busy` only says whether it could help.
 *
 * A unix socket's file is remembered by device and inode.  A successor may have
 * bound the same path by the time we close; its file must survive us. */
#include "ucorn/net/listener.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ucorn/util/fd.h"

/* Says why addr cannot be listened on.  An address that is missing may be one
 * that the machine gets later (a floating IP), so it is worth another try. */
static int open_failed(const struct addr *addr, int error, bool *busy, struct err *err)
{
	char repr[ADDR_REPR_MAX];

	addr_repr(addr, repr);
	*busy = error == EADDRINUSE || error == EADDRNOTAVAIL;
	if (error == EADDRINUSE)
		return err_set(err, "Connection in use: %s", repr);
	if (error == EADDRNOTAVAIL)
		return err_set(err, "Invalid address: %s", repr);
	return err_set(err, "cannot listen on %s: %s", repr, strerror(error));
}

static int set_option(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

/* As gunicorn does, IPv6 only for a literal address: a name such as localhost
 * means its IPv4 address. */
static int resolve(const struct addr *addr, struct addrinfo **found, bool *busy, struct err *err)
{
	char service[16], repr[ADDR_REPR_MAX];
	const struct addrinfo hints = {
		.ai_family = strchr(addr->host, ':') ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};

	snprintf(service, sizeof(service), "%u", addr->port);
	int rc = getaddrinfo(addr->host, service, &hints, found);
	if (rc == 0)
		return 0;
	*busy = rc == EAI_AGAIN;
	addr_repr(addr, repr);
	return err_set(err, "Invalid address: %s (%s)", repr, gai_strerror(rc));
}

static int open_tcp(struct listener *l, const struct listener_options *options, bool *busy,
		    struct err *err)
{
	struct addrinfo *ai = NULL;

	if (resolve(&l->addr, &ai, busy, err) < 0)
		return -1;

	int rc = 0;
	l->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || set_option(l->fd, SOL_SOCKET, SO_REUSEADDR) < 0 ||
	    (options->reuse_port && set_option(l->fd, SOL_SOCKET, SO_REUSEPORT) < 0) ||
	    bind(l->fd, ai->ai_addr, ai->ai_addrlen) < 0 ||
	    listen(l->fd, (int)options->backlog) < 0)
		rc = open_failed(&l->addr, errno, busy, err);
	freeaddrinfo(ai);
	return rc;
}

/* Gives the socket's file to those whom the options name, unless it is theirs. */
static int give_file(const char *path, const struct listener_options *options)
{
	struct stat st;

	if (!options->has_owner || lstat(path, &st) < 0)
		return 0;
	if (st.st_uid == options->uid && st.st_gid == options->gid)
		return 0;
	return lchown(path, options->uid, options->gid) < 0 ? -errno : 0;
}

/* Removes a socket that an earlier server left at path. */
static int clear_path(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0; /* bind says what is wrong, if anything is */
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, "'%s' is not a socket", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, "cannot remove the old socket '%s': %s", path, strerror(errno));
	return 0;
}

/* Remembers which file belongs to the socket bound to path. */
static void remember_file(struct listener *l, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		l->file_dev = st.st_dev;
		l->file_ino = st.st_ino;
	}
}

static int open_unix(struct listener *l, const struct listener_options *options, bool *busy,
		     struct err *err)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	static_assert(sizeof(un.sun_path) == sizeof(l->addr.path), "paths fit");
	memcpy(un.sun_path, l->addr.path, sizeof(un.sun_path));
	if (clear_path(l->addr.path, err) < 0)
		return -1;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return open_failed(&l->addr, errno, busy, err);

	/* bind makes the file; a chmod afterwards would leave a gap in which
	 * the wrong clients could connect. */
	mode_t before = umask((mode_t)options->umask);
	int rc = bind(l->fd, (const struct sockaddr *)&un, sizeof(un));
	int error = errno;
	umask(before);
	if (rc < 0)
		return open_failed(&l->addr, error, busy, err);
	remember_file(l, l->addr.path);
	rc = give_file(l->addr.path, options);
	if (rc < 0)
		return err_set(err, "cannot give the socket '%s' to user %u and group %u: %s",
			       l->addr.path, options->uid, options->gid, strerror(-rc));
	if (listen(l->fd, (int)options->backlog) < 0)
		return open_failed(&l->addr, errno, busy, err);
	return 0;
}

/* Takes over a socket of systemd, or of the master before us.  On failure the
 * descriptor is left alone: it may be anything. */
static int adopt_fd(struct listener *l, struct err *err)
{
	int fd = l->addr.fd, listens = 0, type = 0;
	socklen_t len = sizeof(listens);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return err_set(err, "cannot use fd://%d: %s", fd, strerror(errno));
	if (!listens || type != SOCK_STREAM)
		return err_set(err, "cannot use fd://%d: the socket is not %s", fd,
			       listens ? "a stream socket" : "listening");

	int rc = fd_set_nonblocking(fd);
	if (rc == 0)
		rc = fd_set_cloexec(fd, true);
	if (rc < 0)
		return err_set(err, "cannot use fd://%d: %s", fd, strerror(-rc));
	l->fd = fd;
	return 0;
}

static void describe_unix(struct listener *l, const struct sockaddr_un *un, socklen_t len)
{
	size_t path_len = len - offsetof(struct sockaddr_un, sun_path);

	if (path_len > sizeof(l->name) - 1)
		path_len = sizeof(l->name) - 1;
	memcpy(l->name, un->sun_path, path_len);
	l->name[path_len] = '\0';
	if (l->name[0] == '\0' && path_len > 0)
		l->name[0] = '@'; /* an abstract socket, as ss(8) writes it */
	l->is_unix = true;
	snprintf(l->url, sizeof(l->url), "unix:%s", l->name);
}

/* Fills what the socket itself knows: name, port, URL. */
static int describe(struct listener *l, struct err *err)
{
	union {
		struct sockaddr_storage storage;
		struct sockaddr sa;
		struct sockaddr_un un;
	} local = {.sa.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(local);
	char ip[ADDR_TEXT_MAX];

	if (getsockname(l->fd, &local.sa, &len) < 0)
		return err_set(err, "cannot read the address of a listening socket: %s",
			       strerror(errno));
	if (local.sa.sa_family == AF_UNIX) {
		describe_unix(l, &local.un, len);
		return 0;
	}
	addr_ip_text(&local.sa, ip, &l->port);
	if (ip[0] == '\0')
		return err_set(err, "fd://%d is neither a TCP nor a unix socket", l->addr.fd);
	snprintf(l->name, sizeof(l->name), "%s", ip);
	snprintf(l->url, sizeof(l->url), strchr(ip, ':') ? "http://[%s]:%u" : "http://%s:%u", ip,
		 l->port);

	/* Linux copies TCP_NODELAY from the listener into each accepted socket:
	 * set once here, it costs no system call per connection. */
	if (set_option(l->fd, IPPROTO_TCP, TCP_NODELAY) < 0)
		return err_set(err, "cannot set TCP_NODELAY on %s: %s", l->url, strerror(errno));
	return 0;
}

int listener_open(struct listener *l, const struct addr *addr,
		  const struct listener_options *options, bool *busy, struct err *err)
{
	int rc = -1;

	*l = (struct listener){.fd = -1, .addr = *addr};
	*busy = false;
	switch (addr->kind) {
	case ADDR_TCP:
		rc = open_tcp(l, options, busy, err);
		break;
	case ADDR_UNIX:
		rc = open_unix(l, options, busy, err);
		break;
	case ADDR_FD:
		rc = adopt_fd(l, err);
		break;
	}
	if (rc == 0)
		rc = describe(l, err);
	if (rc < 0) {
		if (addr->kind == ADDR_FD)
			l->fd = -1; /* not ours */
		listener_close(l, addr->kind == ADDR_UNIX);
	}
	return rc;
}

int listener_adopt(struct listener *l, int fd, const struct addr *addr, struct err *err)
{
	*l = (struct listener){.fd = -1, .addr = {.kind = ADDR_FD, .fd = fd}};
	if (adopt_fd(l, err) < 0 || describe(l, err) < 0) {
		l->fd = -1;
		return -1;
	}
	if (addr) {
		l->addr = *addr;
	} else if (l->is_unix) {
		l->addr = (struct addr){.kind = ADDR_UNIX, .fd = -1};
		memcpy(l->addr.path, l->name, sizeof(l->addr.path));
	} else {
		l->addr = (struct addr){.kind = ADDR_TCP, .port = l->port, .fd = -1};
		memcpy(l->addr.host, l->name, sizeof(l->name));
	}
	return 0;
}

void listener_own_file(struct listener *l)
{
	if (l->addr.kind == ADDR_UNIX)
		remember_file(l, l->addr.path);
}

static void unlink_own_file(const struct listener *l)
{
	const char *path = l->addr.path;
	struct stat st;

	if (l->file_ino != 0 && lstat(path, &st) == 0 && st.st_dev == l->file_dev &&
	    st.st_ino == l->file_ino)
		unlink(path);
}

void listener_close(struct listener *l, bool unlink_file)
{
	if (unlink_file)
		unlink_own_file(l);
	fd_close(&l->fd);
	l->file_ino = 0;
}

/* A socket that closes resets the connections that came since the last accept, and their
 * clients cannot know whether they were served.  So first it takes no more: the kernel
 * drops their SYN (flags are byte 13 of a segment, RFC 9293 3.1), and when they try again,
 * a second later, there is no socket and they are told so. */
static void drop_syn(int fd)
{
	enum { FLAGS_AT = 13, SYN = 0x02, ACK = 0x10 };
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN | ACK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog filter = {ARRAY_LEN(program), program};

	/* Without it, the few that come between the last accept and the close are reset. */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
		return;
}

/* Most clients send their request with the handshake's last segment, or right behind it.  Then
 * the kernel makes the connection and queues the request in one go, and wakes a worker once: of
 * a connection for one request that saves a quarter of the cost.  One is the least: until the
 * SYN-ACK would be sent a second time. */
void listener_defer(const struct listener *l, bool on)
{
	const int seconds = on;

	if (setsockopt(l->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)) < 0)
		return; /* connections cost a little more */
}

void listener_turn_away(const struct listener *l)
{
	if (l->is_unix) {
		shutdown(l->fd, SHUT_RDWR); /* of a listening one: connect(2) is refused */
		return;
	}
	drop_syn(l->fd);
	listener_defer(l, false);
}

void listener_end(const struct listener *l)
{
	shutdown(l->fd, SHUT_RDWR);
}

int listener_accept(const struct listener *l, struct sockaddr_storage *peer)
{
	for (;;) {
		socklen_t len = sizeof(*peer);
		int fd =
			accept4(l->fd, (struct sockaddr *)peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			return fd;
		/* ECONNABORTED: that client is gone, the next one may be there. */
		if (errno != EINTR && errno != ECONNABORTED)
			return -errno;
	}
}

unsigned listener_waiting(const struct listener *l)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	/* Of a listening socket, this field is the length of its accept queue. */
	if (l->is_unix || getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	return info.tcpi_unacked;
}

/* Listening addresses and the text of peers.
 *
 * The grammar is gunicorn's `-b`, so that command lines and configuration files
 * move over unchanged; where gunicorn guesses or ignores part of the text, this
 * refuses with a sentence instead.  Names are not resolved here: a name may get
 * its address later than the server reads its settings, so listener_open does. */
#include "ucorn/net/addr.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>

#include "ucorn/util/slice.h"

enum { DEFAULT_PORT = 8000, PORT_MAX = 65535 };

/* The text behind prefix, or NULL if it does not start with it. */
static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static int parse_unix(const char *path, struct addr *addr, struct err *err)
{
	size_t len = strlen(path);

	if (len == 0)
		return err_set(err, "a unix socket needs a path: unix:/run/app.sock");
	if (len >= sizeof(addr->path))
		return err_set(err, "the path of a unix socket is limited to %zu bytes: '%s'",
			       sizeof(addr->path) - 1, path);
	addr->kind = ADDR_UNIX;
	memcpy(addr->path, path, len + 1);
	return 0;
}

static int parse_fd(const char *text, struct addr *addr, struct err *err)
{
	uint64_t fd;

	if (slice_to_u64(slice_from(text), &fd) < 0 || fd > INT_MAX)
		return err_set(err, "'%s' is not a valid file descriptor.", text);
	addr->kind = ADDR_FD;
	addr->fd = (int)fd;
	return 0;
}

static int parse_port(struct slice text, struct addr *addr, struct err *err)
{
	uint64_t port;

	if (slice_to_u64(text, &port) < 0 || port > PORT_MAX)
		return err_set(err, "'%.*s' is not a valid port number.", (int)text.len, text.base);
	addr->port = (unsigned)port;
	return 0;
}

static int set_host(struct slice host, struct addr *addr, struct err *err)
{
	if (host.len == 0)
		host = SLICE("0.0.0.0");
	if (host.len >= sizeof(addr->host))
		return err_set(err, "'%.*s' is too long for a host name.", (int)host.len,
			       host.base);
	for (size_t i = 0; i < host.len; i++) {
		char c = host.base[i];
		addr->host[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	addr->host[host.len] = '\0';
	return 0;
}

/* [HOST] or [HOST]:PORT */
static int parse_bracketed(const char *text, struct addr *addr, struct err *err)
{
	const char *end = strchr(text, ']');

	if (!end || (end[1] != '\0' && end[1] != ':'))
		return err_set(err, "'%s' is not a valid address: use [HOST]:PORT.", text);
	if (end[1] == ':' && parse_port(slice_from(end + 2), addr, err) < 0)
		return -1;
	return set_host(slice_of(text + 1, (size_t)(end - text - 1)), addr, err);
}

/* HOST, HOST:PORT, :PORT or nothing.  The port ends at a second colon, so that
 * a bare `::1` gives gunicorn's message about an empty port. */
static int parse_plain(const char *text, struct addr *addr, struct err *err)
{
	const char *colon = strchr(text, ':');

	if (!colon)
		return set_host(slice_from(text), addr, err);

	size_t port_len = strcspn(colon + 1, ":");
	if (parse_port(slice_of(colon + 1, port_len), addr, err) < 0)
		return -1;
	if (colon[1 + port_len] != '\0')
		return err_set(err, "'%s' is not a valid address: IPv6 needs brackets, [::1]:8000.",
			       text);
	return set_host(slice_of(text, (size_t)(colon - text)), addr, err);
}

int addr_parse(const char *text, struct addr *addr, struct err *err)
{
	const char *rest;

	*addr = (struct addr){.kind = ADDR_TCP, .port = DEFAULT_PORT, .fd = -1};
	if ((rest = behind(text, "unix://")) || (rest = behind(text, "unix:")))
		return parse_unix(rest, addr, err);
	if ((rest = behind(text, "fd://")))
		return parse_fd(rest, addr, err);
	if ((rest = behind(text, "tcp://")))
		text = rest;
	if (text[0] == '[')
		return parse_bracketed(text, addr, err);
	return parse_plain(text, addr, err);
}

/* The address itself and its length; NULL if it is none of IP. */
static const void *ip_of(const struct sockaddr *sa, size_t *len)
{
	if (sa->sa_family == AF_INET) {
		*len = sizeof(struct in_addr);
		return &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	}
	if (sa->sa_family == AF_INET6) {
		*len = sizeof(struct in6_addr);
		return &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
	}
	return NULL;
}

unsigned addr_port(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
	if (sa->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)sa)->sin6_port);
	return 0;
}

void addr_ip_text(const struct sockaddr *sa, char text[ADDR_TEXT_MAX], unsigned *port)
{
	size_t len;
	const void *ip = ip_of(sa, &len);

	*port = addr_port(sa);
	if (!ip || !inet_ntop(sa->sa_family, ip, text, ADDR_TEXT_MAX))
		text[0] = '\0';
}

bool addr_ip_equal(const struct sockaddr *a, const struct sockaddr *b)
{
	size_t len;
	const void *ip = ip_of(a, &len);

	return ip && a->sa_family == b->sa_family && memcmp(ip, ip_of(b, &len), len) == 0;
}

void addr_repr(const struct addr *addr, char repr[ADDR_REPR_MAX])
{
	switch (addr->kind) {
	case ADDR_TCP:
		snprintf(repr, ADDR_REPR_MAX, "('%s', %u)", addr->host, addr->port);
		break;
	case ADDR_UNIX:
		snprintf(repr, ADDR_REPR_MAX, "%s", addr->path);
		break;
	case ADDR_FD:
		snprintf(repr, ADDR_REPR_MAX, "fd://%d", addr->fd);
		break;
	}
}

/* With the scheme, since a host may be called unix. */
void addr_text(const struct addr *addr, char text[ADDR_REPR_MAX])
{
	bool brackets = strchr(addr->host, ':') != NULL;

	switch (addr->kind) {
	case ADDR_TCP:
		snprintf(text, ADDR_REPR_MAX, brackets ? "tcp://[%s]:%u" : "tcp://%s:%u",
			 addr->host, addr->port);
		break;
	case ADDR_UNIX:
		snprintf(text, ADDR_REPR_MAX, "unix:%s", addr->path);
		break;
	case ADDR_FD:
		snprintf(text, ADDR_REPR_MAX, "fd://%d", addr->fd);
		break;
	}
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ADDR_TCP:
		return a->port == b->port && strcmp(a->host, b->host) == 0;
	case ADDR_UNIX:
		return strcmp(a->path, b->path) == 0;
	case ADDR_FD:
		return a->fd == b->fd;
	}
	return false;
}

/* The parser of listening addresses, and the text of peers.
 *
 * Holds for every text: it is refused with a sentence, or what was read from it,
 * written out in full, is read as the same again.  And the first bytes, taken for an
 * IP address, survive being made a text. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "fuzz.h"
#include "require.h"
#include "ucorn/net/addr.h"

static bool has_nul(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

static void check_fields(const struct addr *a)
{
	require(a->kind != ADDR_FD || a->fd >= 0, "a descriptor is a number");
	require(a->kind != ADDR_UNIX || (has_nul(a->path, sizeof(a->path)) && a->path[0]),
		"a path is a text");
	if (a->kind != ADDR_TCP)
		return;
	require(a->port <= 65535, "a port is in range");
	require(has_nul(a->host, sizeof(a->host)) && a->host[0], "a host is a text");
	for (const char *c = a->host; *c; c++)
		require(*c < 'A' || *c > 'Z', "a host is in small letters");
}

static void write_out(const struct addr *a, char *text, size_t room)
{
	switch (a->kind) {
	case ADDR_TCP:
		/* No host has both a colon and a closing bracket. */
		snprintf(text, room, strchr(a->host, ']') ? "%s:%u" : "[%s]:%u", a->host, a->port);
		break;
	case ADDR_UNIX:
		snprintf(text, room, "unix://%s", a->path);
		break;
	case ADDR_FD:
		snprintf(text, room, "fd://%d", a->fd);
		break;
	}
}

static void check_again(const struct addr *a)
{
	char text[ADDR_REPR_MAX], repr[ADDR_REPR_MAX], again_repr[ADDR_REPR_MAX];
	struct addr again;
	struct err err = {0};

	write_out(a, text, sizeof(text));
	require(addr_parse(text, &again, &err) == 0, "an address that is written out is one");
	require(again.kind == a->kind && again.port == a->port && again.fd == a->fd &&
			strcmp(again.host, a->host) == 0 && strcmp(again.path, a->path) == 0,
		"it is the same");
	addr_repr(a, repr);
	addr_repr(&again, again_repr);
	require(repr[0] && strcmp(repr, again_repr) == 0, "it looks the same");
}

static void check_peer(const uint8_t *bytes)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	char text[ADDR_TEXT_MAX];
	unsigned char back[16];
	unsigned port;

	memcpy(&v4.sin_addr, bytes, sizeof(v4.sin_addr));
	memcpy(&v4.sin_port, bytes + 4, sizeof(v4.sin_port));
	addr_ip_text((const struct sockaddr *)&v4, text, &port);
	require(inet_pton(AF_INET, text, back) == 1 && memcmp(back, bytes, 4) == 0 &&
			port == ntohs(v4.sin_port),
		"an IPv4 peer has its text");
	memcpy(&v6.sin6_addr, bytes, sizeof(v6.sin6_addr));
	addr_ip_text((const struct sockaddr *)&v6, text, &port);
	require(inet_pton(AF_INET6, text, back) == 1 && memcmp(back, bytes, 16) == 0 && port == 0,
		"an IPv6 peer has its text");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = calloc(len + 1, 1);
	struct addr addr;
	struct err err = {0};

	require(text != NULL, "there is memory");
	if (len > 0)
		memcpy(text, bytes, len);
	if (addr_parse(text, &addr, &err) == 0) {
		check_fields(&addr);
		check_again(&addr);
	} else {
		require(err.text[0] && err.exit_code == 1, "who refuses says why");
	}
	if (len >= 16)
		check_peer(bytes);
	free(text);
	return 0;
}

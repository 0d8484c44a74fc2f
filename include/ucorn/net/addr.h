/* Listening addresses as gunicorn writes them, and the text of peers. */
#ifndef UCORN_NET_ADDR_H
#define UCORN_NET_ADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "ucorn/util/err.h"

enum addr_kind { ADDR_TCP, ADDR_UNIX, ADDR_FD };

struct addr {
	enum addr_kind kind;
	char host[256]; /* TCP: as given, lower-cased, without brackets */
	unsigned port;	/* TCP */
	char path[108]; /* UNIX */
	int fd;		/* FD */
};

/* HOST, HOST:PORT, [v6], [v6]:PORT, :PORT, tcp://HOST:PORT, unix:PATH,
 * unix://PATH, fd://N; the port defaults to 8000, an empty host to 0.0.0.0.
 * gunicorn's messages: `'x' is not a valid port number.` and the like. */
MUST_CHECK int addr_parse(const char *text, struct addr *addr, struct err *err);

enum { ADDR_TEXT_MAX = 64 };

/* The IP address of sa as text and its port; "" and 0 for unix sockets. */
void addr_ip_text(const struct sockaddr *sa, char text[ADDR_TEXT_MAX], unsigned *port);

/* 0 for unix sockets. */
unsigned addr_port(const struct sockaddr *sa);

/* Whether both have the same IP address; false if they have none. */
bool addr_ip_equal(const struct sockaddr *a, const struct sockaddr *b);

enum { ADDR_REPR_MAX = 300 };

/* The address as Python prints it, since gunicorn's messages do:
 * ('127.0.0.1', 8000), /run/app.sock. */
void addr_repr(const struct addr *addr, char repr[ADDR_REPR_MAX]);

/* The address as a text from which addr_parse makes the same address. */
void addr_text(const struct addr *addr, char text[ADDR_REPR_MAX]);

bool addr_equal(const struct addr *a, const struct addr *b);

#endif

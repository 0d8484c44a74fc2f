/* What a proxy says about the client's connection, and which peers are believed:
 * gunicorn's forwarded_allow_ips and secure_scheme_headers. */
#ifndef UCORN_HTTP_FORWARDED_H
#define UCORN_HTTP_FORWARDED_H

#include "ucorn/http/request.h"
#include "ucorn/util/err.h"

struct trusted_network {
	unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;		   /* of the prefix, 0 to 128 */
};

struct trusted_peers {
	bool everyone;
	struct trusted_network *networks; /* owned */
	size_t count;
};

/* list: addresses and CIDR networks, separated by commas, or `*`; "" trusts no
 * address.  -1 with err when an element is neither, or when a network has bits
 * behind its prefix. */
MUST_CHECK int trusted_peers_init(struct trusted_peers *t, const char *list, struct err *err);
void trusted_peers_release(struct trusted_peers *t);

/* Whether the peer with that address is believed; "": a unix socket, always. */
bool trusted_peers_have(const struct trusted_peers *t, const char *ip);

/* Decides from a trusted peer's request whether its client used https: sets
 * req->https.  HTTP_ERR_SCHEME when two fields disagree. */
MUST_CHECK enum http_error forwarded_scheme(struct http_request *req);

/* Whether a field whose name has an underscore may be passed on for a trusted peer:
 * SCRIPT_NAME and PATH_INFO. */
bool forwarded_name(struct slice name);

#endif

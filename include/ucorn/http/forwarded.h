/* What a proxy says about its client, and which peers are believed: gunicorn's
 * forwarded_allow_ips, secure_scheme_headers, forwarder_headers and header_map. */
#ifndef UCORN_HTTP_FORWARDED_H
#define UCORN_HTTP_FORWARDED_H

#include "ucorn/http/request.h"
#include "ucorn/util/err.h"

struct trusted_network {
	unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;		   /* of the prefix, 0 to 128 */
};

/* A field that says how the client came to the proxy. */
struct scheme_field {
	struct slice name, https; /* https: the value that means it */
};

/* What becomes of a field whose name has an underscore: as an environ key it
 * cannot be told from the name with a hyphen, and could forge it. */
enum header_map { HEADER_MAP_DROP, HEADER_MAP_REFUSE, HEADER_MAP_DANGEROUS };

/* The settings, as texts. */
struct forwarding_texts {
	const char *allow_ips;	       /* addresses, CIDR networks, or *; by commas */
	const char *forwarder_headers; /* names, or *; by commas */
	const char *header_map;	       /* drop, refuse or dangerous */
	const char *scheme_headers;    /* NAME=VALUE; by commas */
};

/* A zeroed one trusts nobody and drops names with underscores. */
struct forwarding {
	char *texts; /* owned: what the slices point into */
	bool everyone;
	struct trusted_network *networks; /* owned */
	size_t n_networks;
	struct scheme_field *schemes; /* owned */
	size_t n_schemes;
	uint32_t scheme_initials; /* bit c & 31 for each first letter of their names */
	struct slice *names;	  /* owned: forwarder_headers */
	size_t n_names;
	bool any_name;
	enum header_map header_map;
};

/* -1 with err, which names the setting, when a text makes no sense; f is empty
 * then.  A NULL text is an empty one. */
MUST_CHECK int forwarding_init(struct forwarding *f, const struct forwarding_texts *texts,
			       struct err *err);
void forwarding_release(struct forwarding *f);

/* Whether the peer with that address is believed; "": a unix socket, always. */
bool forwarding_trusts(const struct forwarding *f, const char *ip);

/* Takes out of req the fields that may not be passed on, and learns from a trusted
 * peer's request whether its client used https (req->https).  HTTP_ERR_SCHEME when
 * two fields disagree, HTTP_ERR_FIELD when header_map refuses one. */
MUST_CHECK enum http_error forwarding_apply(const struct forwarding *f, bool trusted,
					    struct http_request *req);

#endif

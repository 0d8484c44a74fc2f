/* What the files of this folder share about a parsed head.  Private to src/http. */
#ifndef UCORN_HTTP_CHECK_H
#define UCORN_HTTP_CHECK_H

#include "ucorn/http/request.h"

/* Whether a name, which is not empty, is this one in any case.  Most write it as the RFC does,
 * and comparing that is cheap. */
static inline bool is_name(struct slice name, struct slice canonical)
{
	return name.len == canonical.len && (name.base[0] | 0x20) == (canonical.base[0] | 0x20) &&
	       (slice_eq(name, canonical) || slice_eq_nocase(name, canonical));
}

/* Judges the fields of a request whose line is filled in: Host, Content-Type,
 * Connection, Expect, Upgrade and, through http_body_framing, the body. */
MUST_CHECK enum http_error http_request_check(struct http_request *req);

/* Splits host [":" port] of RFC 3986 3.2 without userinfo; a port that is not
 * there has a NULL base.  Either may be empty.  False: malformed. */
MUST_CHECK bool http_authority_split(struct slice authority, struct slice *host,
				     struct slice *port);

#endif

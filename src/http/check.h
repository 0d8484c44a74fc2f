/* What the files of this folder share about a parsed head.  Private to src/http. */
#ifndef UCORN_HTTP_CHECK_H
#define UCORN_HTTP_CHECK_H

#include "ucorn/http/request.h"

/* The request fields that the server itself obeys. */
enum known_field {
	FIELD_OTHER,
	FIELD_HOST,
	FIELD_CONNECTION,
	FIELD_CONTENT_LENGTH,
	FIELD_CONTENT_TYPE,
	FIELD_TRANSFER_ENCODING,
	FIELD_EXPECT,
	FIELD_UPGRADE,
};

enum known_field known_field(struct slice name);

/* Judges the fields of a request whose line is filled in: Host, Content-Type,
 * Connection, Expect, Upgrade and, through http_body_framing, the body. */
MUST_CHECK enum http_error http_request_check(struct http_request *req);

/* Splits host [":" port] of RFC 3986 3.2 without userinfo; a port that is not
 * there has a NULL base.  Either may be empty.  False: malformed. */
MUST_CHECK bool http_authority_split(struct slice authority, struct slice *host,
				     struct slice *port);

#endif

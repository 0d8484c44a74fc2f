/* A second reading of HTTP, for the fuzz targets: slow, simple, and without a line
 * of the server's own parsers, so that the two do not make the same mistake. */
#ifndef UCORN_TESTS_WIRE_H
#define UCORN_TESTS_WIRE_H

#include "ucorn/util/buf.h"

enum wire_end { WIRE_COMPLETE, WIRE_CUT, WIRE_MALFORMED };

/* Takes a chunked body, trailers and all, off the wire; its data is appended. */
MUST_CHECK enum wire_end wire_chunked(struct slice *wire, struct buf *data);

/* Whether a response has the body that its head announces. */
enum wire_body {
	WIRE_BODY,
	WIRE_NO_BODY,	 /* the answer to HEAD */
	WIRE_MAYBE_BODY, /* the request is not known: none if the wire ends with the head */
};

struct wire_response {
	unsigned status;
	bool is_last; /* nothing may follow: Connection: close, or ends with it */
	bool is_chunked;
	struct slice head; /* with its empty line */
	struct slice body; /* as it is on the wire */
};

/* Takes a response off the wire.  WIRE_CUT: it is not complete. */
MUST_CHECK enum wire_end wire_response(struct slice *wire, enum wire_body expected,
				       struct wire_response *r);

#endif

/* What the client is told when its request goes no further.
 *
 * The page is gunicorn's to the byte, since monitoring and tests of those who
 * come from there look at it.  Statuses are those of the RFCs. */
#include "ucorn/http/errors.h"

#include <assert.h>

#include "ucorn/http/status.h"

static const struct http_error_info infos[HTTP_ERR_COUNT] = {
	[HTTP_ERR_NONE] = {200, ""},
	[HTTP_ERR_REQUEST_LINE] = {400, "Invalid Request Line"},
	[HTTP_ERR_TLS] = {400, "The client speaks TLS, but this is a plain HTTP port"},
	[HTTP_ERR_METHOD] = {400, "Invalid Method"},
	[HTTP_ERR_TARGET] = {400, "Invalid Request Line: not a valid target"},
	[HTTP_ERR_VERSION] = {400, "Invalid HTTP Version"},
	[HTTP_ERR_VERSION_SUPPORT] = {505, "Unsupported HTTP Version"},
	[HTTP_ERR_LINE_END] = {400, "Invalid line end: CR and LF belong together"},
	[HTTP_ERR_FIELD] = {400, "Invalid HTTP header name"},
	[HTTP_ERR_FIELD_VALUE] = {400, "Invalid HTTP Header"},
	[HTTP_ERR_FOLDING] = {400, "Obsolete line folding is unacceptable"},
	[HTTP_ERR_HOST] = {400, "Invalid HTTP Header: 'HOST'"},
	[HTTP_ERR_CONTENT_TYPE] = {400, "Invalid HTTP Header: 'CONTENT-TYPE'"},
	[HTTP_ERR_CONTENT_LENGTH] = {400, "Invalid HTTP Header: 'CONTENT-LENGTH'"},
	[HTTP_ERR_TRANSFER_ENCODING] = {400, "Invalid HTTP Header: 'TRANSFER-ENCODING'"},
	[HTTP_ERR_CODING] = {501, "Unsupported transfer coding"},
	[HTTP_ERR_LINE_LIMIT] = {414, "Request Line is too large"},
	[HTTP_ERR_FIELDS_LIMIT] = {431, "Error parsing headers: 'limit request headers fields'"},
	[HTTP_ERR_HEAD_LIMIT] = {431, "Error parsing headers: 'limit request head'"},
	[HTTP_ERR_FIELD_LIMIT] = {431,
				  "Error parsing headers: 'limit request headers fields size'"},
	[HTTP_ERR_CHUNK] = {400, "Invalid chunked body"},
	[HTTP_ERR_TRAILER] = {400, "Invalid trailer: the field belongs into the head"},
	[HTTP_ERR_BODY_LIMIT] = {413, "Request body is too large"},
	[HTTP_ERR_SCHEME] = {400, "Contradictory scheme headers"},
	[HTTP_ERR_EXPECT] = {417, "Unable to comply with expectation"},
	[HTTP_ERR_TIMEOUT] = {408, "Request did not arrive in time"},
	[HTTP_ERR_SPOOL] = {503, "No room for the request"},
	[HTTP_ERR_APPLICATION] = {500, ""},
};

const struct http_error_info *http_error_info(enum http_error error)
{
	assert(error < HTTP_ERR_COUNT);
	return &infos[error];
}

/* The replacement of Python's html.escape, NULL for a byte that stays. */
static const char *html_escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#x27;";
	default:
		return NULL;
	}
}

static int append_escaped(struct buf *out, struct slice text)
{
	int rc = 0;

	for (size_t i = 0; i < text.len && rc == 0; i++) {
		const char *escape = html_escape(text.base[i]);

		rc = escape ? buf_append_slice(out, slice_from(escape))
			    : buf_append(out, &text.base[i], 1);
	}
	return rc;
}

static int append_body(struct buf *out, const char *reason, struct slice message)
{
	int rc = buf_append_fmt(out,
				"<html>\n"
				"  <head>\n"
				"    <title>%s</title>\n"
				"  </head>\n"
				"  <body>\n"
				"    <h1><p>%s</p></h1>\n"
				"    ",
				reason, reason);

	if (rc == 0)
		rc = append_escaped(out, message);
	if (rc == 0)
		rc = buf_append_slice(out, SLICE("\n"
						 "  </body>\n"
						 "</html>\n"));
	return rc;
}

int http_error_page(struct buf *out, enum http_error error, struct slice message, bool head_only)
{
	const struct http_error_info *info = http_error_info(error);
	const char *reason = http_status_reason(info->status);
	struct buf body = {0};
	int rc = append_body(&body, reason, message.base ? message : slice_from(info->message));

	if (rc == 0)
		rc = buf_append_fmt(out,
				    "HTTP/1.1 %u %s\r\n"
				    "Connection: close\r\n"
				    "Content-Type: text/html\r\n"
				    "Content-Length: %zu\r\n"
				    "\r\n",
				    info->status, reason, body.len);
	if (rc == 0 && !head_only)
		rc = buf_append_slice(out, buf_slice(&body));
	buf_release(&body);
	return rc;
}

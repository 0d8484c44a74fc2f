/* Request targets: the four forms of RFC 9112 3.2 and nothing else.
 *
 * The path is not normalised and not decoded: whether `//a`, `/a/../b` and
 * `%2e` mean the same is for applications to say.  A fragment should not be
 * there, but some clients send one; it is cut off, as under gunicorn. */
#include "ucorn/http/target.h"

#include <arpa/inet.h>

#include "check.h"
#include "strict.h"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The length of "[" IPv6address "]", 0 if that is not there.  Of RFC 3986's
 * IPvFuture nobody has seen one. */
static size_t literal_length(struct slice s)
{
	const char *end = memchr(s.base, ']', s.len);
	size_t len = end ? (size_t)(end - s.base) - 1 : 0;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len == 0 || len >= sizeof(text))
		return 0;
	memcpy(text, s.base + 1, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 ? len + 2 : 0;
}

bool http_authority_split(struct slice authority, struct slice *host, struct slice *port)
{
	bool is_literal = authority.len > 0 && authority.base[0] == '[';
	size_t n = is_literal ? literal_length(authority) : strict_span(authority, STRICT_HOST);

	if (is_literal && n == 0)
		return false;
	*host = slice_of(authority.base, n);
	*port = slice_of(NULL, 0);
	if (n == authority.len)
		return true;
	if (authority.base[n] != ':')
		return false;

	*port = slice_of(authority.base + n + 1, authority.len - n - 1);
	for (size_t i = 0; i < port->len; i++) {
		if (port->base[i] < '0' || port->base[i] > '9')
			return false;
	}
	return true;
}

/* path ["?" query] ["#" fragment] */
static void split_path(struct http_request *req, struct slice s)
{
	const char *hash = memchr(s.base, '#', s.len);

	if (hash)
		s.len = (size_t)(hash - s.base);

	const char *mark = memchr(s.base, '?', s.len);

	req->path = req->query = s;
	if (mark) {
		req->path.len = (size_t)(mark - s.base);
		req->query = slice_of(mark + 1, s.len - req->path.len - 1);
	} else {
		req->query = slice_of(s.base + s.len, 0);
	}
}

/* The length of scheme "://", 0 if s does not start so. */
static size_t scheme_length(struct slice s)
{
	size_t n = 0;

	if (s.len == 0 || !is_alpha(s.base[0]))
		return 0;
	while (n < s.len && (is_alpha(s.base[n]) || (s.base[n] >= '0' && s.base[n] <= '9') ||
			     s.base[n] == '+' || s.base[n] == '-' || s.base[n] == '.'))
		n++;
	return slice_starts(slice_of(s.base + n, s.len - n), SLICE("://")) ? n + 3 : 0;
}

static enum http_error split_absolute(struct http_request *req)
{
	size_t start = scheme_length(req->target);

	if (start == 0)
		return HTTP_ERR_TARGET;

	struct slice rest = slice_of(req->target.base + start, req->target.len - start);
	struct slice host, port;
	size_t n = 0;

	while (n < rest.len && rest.base[n] != '/' && rest.base[n] != '?' && rest.base[n] != '#')
		n++;
	if (!http_authority_split(slice_of(rest.base, n), &host, &port) || host.len == 0)
		return HTTP_ERR_TARGET;
	req->authority = slice_of(rest.base, n);
	split_path(req, slice_of(rest.base + n, rest.len - n));
	return HTTP_ERR_NONE;
}

/* RFC 9112 3.2.3: host ":" port, both of them. */
static enum http_error split_connect(struct http_request *req)
{
	struct slice host, port;

	if (!http_authority_split(req->target, &host, &port) || host.len == 0 || port.len == 0)
		return HTTP_ERR_TARGET;
	req->path = req->query = slice_of(req->target.base, 0);
	return HTTP_ERR_NONE;
}

enum http_error http_target_split(struct http_request *req)
{
	struct slice target = req->target;

	if (target.len == 0 || strict_span(target, STRICT_TARGET) != target.len)
		return HTTP_ERR_TARGET;
	if (slice_eq(req->method, SLICE("CONNECT")))
		return split_connect(req);
	if (target.base[0] == '/') {
		split_path(req, target);
		return HTTP_ERR_NONE;
	}
	if (slice_eq(target, SLICE("*"))) {
		split_path(req, target);
		return slice_eq(req->method, SLICE("OPTIONS")) ? HTTP_ERR_NONE : HTTP_ERR_TARGET;
	}
	return split_absolute(req);
}

size_t http_percent_decode(struct slice in, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < in.len; i++) {
		int high = -1, low = -1;

		if (in.base[i] == '%' && in.len - i > 2) {
			high = hex_value(in.base[i + 1]);
			low = hex_value(in.base[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			out[len++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[len++] = in.base[i];
		}
	}
	return len;
}

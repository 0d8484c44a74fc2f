/* The fields of a request that mean something to the server itself.
 *
 * Here is decided what RFC 9110 and 9112 leave to no application: that there is
 * one Host and at most one Content-Type, whether the client wants the connection
 * kept, and which expectation it has.  How the body is framed is body.c's decision. */
#include "check.h"
#include "ucorn/http/body.h"

const struct http_field *http_request_field(const struct http_request *req, struct slice name)
{
	for (size_t i = 0; i < req->n_fields; i++) {
		if (slice_eq_nocase(req->fields[i].name, name))
			return &req->fields[i];
	}
	return NULL;
}

/* Each length occurs once, so at most one comparison is made. */
enum known_field known_field(struct slice name)
{
	switch (name.len) {
	case 4:
		return is_name(name, SLICE("Host")) ? FIELD_HOST : FIELD_OTHER;
	case 6:
		return is_name(name, SLICE("Expect")) ? FIELD_EXPECT : FIELD_OTHER;
	case 7:
		return is_name(name, SLICE("Upgrade")) ? FIELD_UPGRADE : FIELD_OTHER;
	case 10:
		return is_name(name, SLICE("Connection")) ? FIELD_CONNECTION : FIELD_OTHER;
	case 11:
		return is_name(name, SLICE("SCRIPT_NAME")) ? FIELD_SCRIPT_NAME : FIELD_OTHER;
	case 12:
		return is_name(name, SLICE("Content-Type")) ? FIELD_CONTENT_TYPE : FIELD_OTHER;
	case 14:
		return is_name(name, SLICE("Content-Length")) ? FIELD_CONTENT_LENGTH : FIELD_OTHER;
	case 17:
		return is_name(name, SLICE("Transfer-Encoding")) ? FIELD_TRANSFER_ENCODING
								 : FIELD_OTHER;
	default:
		return FIELD_OTHER;
	}
}

struct verdicts {
	unsigned hosts, content_types;
	bool close, keep_alive;
	bool host_is_bad, expectation_is_unmet;
	bool has_framing; /* a field that frames a body; most requests have none */
};

static void judge_connection(struct slice options, struct verdicts *v)
{
	struct slice option;

	while (slice_next_element(&options, &option)) {
		if (slice_eq_nocase(option, SLICE("close")))
			v->close = true;
		else if (slice_eq_nocase(option, SLICE("keep-alive")))
			v->keep_alive = true;
	}
}

/* A port may be left out where it is the usual one. */
static bool is_same_port(struct slice a, struct slice b)
{
	struct slice only = a.len > 0 ? a : b;

	if (a.len > 0 && b.len > 0)
		return slice_eq(a, b);
	return only.len == 0 || slice_eq(only, SLICE("80")) || slice_eq(only, SLICE("443"));
}

static bool is_same_authority(struct slice authority, struct slice host, struct slice port)
{
	struct slice its_host, its_port;

	return http_authority_split(authority, &its_host, &its_port) &&
	       slice_eq_nocase(its_host, host) && is_same_port(its_port, port);
}

/* RFC 9112 3.2.2 has the target's authority replace Host.  Two servers of which one
 * does and one does not would disagree on who is meant, so they have to be equal. */
static void judge_host(const struct http_request *req, struct slice value, struct verdicts *v)
{
	struct slice host, port;

	v->hosts++;
	if (!http_authority_split(value, &host, &port) || (host.len == 0 && port.base) ||
	    (req->authority.len > 0 && !is_same_authority(req->authority, host, port)))
		v->host_is_bad = true;
}

/* RFC 9110 10.1.1: there is one expectation, and HTTP/1.0 has none. */
static void judge_expect(struct http_request *req, struct slice value, struct verdicts *v)
{
	if (req->minor == 0)
		return;
	if (slice_eq_nocase(value, SLICE("100-continue")))
		req->expect_continue = true;
	else
		v->expectation_is_unmet = true;
}

static void judge_field(struct http_request *req, const struct http_field *field,
			struct verdicts *v)
{
	switch (field->known) {
	case FIELD_HOST:
		judge_host(req, field->value, v);
		break;
	case FIELD_CONNECTION:
		judge_connection(field->value, v);
		break;
	case FIELD_EXPECT:
		judge_expect(req, field->value, v);
		break;
	case FIELD_UPGRADE:
		req->upgrade = true;
		break;
	case FIELD_CONTENT_TYPE:
		v->content_types++;
		break;
	case FIELD_CONTENT_LENGTH:
	case FIELD_TRANSFER_ENCODING:
		v->has_framing = true;
		break;
	case FIELD_SCRIPT_NAME:
	case FIELD_OTHER:
		break;
	}
}

enum http_error http_request_check(struct http_request *req)
{
	struct verdicts v = {0};

	for (size_t i = 0; i < req->n_fields; i++)
		judge_field(req, &req->fields[i], &v);

	/* RFC 9112 3.2: missing on HTTP/1.1, repeated or malformed: 400. */
	if (v.host_is_bad || v.hosts > 1 || (v.hosts == 0 && req->minor >= 1))
		return HTTP_ERR_HOST;
	if (v.content_types > 1)
		return HTTP_ERR_CONTENT_TYPE; /* RFC 9110 8.3: it is no list */
	req->keep_alive = !v.close && (req->minor >= 1 || v.keep_alive); /* RFC 9112 9.3 */

	enum http_error error = v.has_framing ? http_body_framing(req) : HTTP_ERR_NONE;

	if (error != HTTP_ERR_NONE)
		return error;
	return v.expectation_is_unmet ? HTTP_ERR_EXPECT : HTTP_ERR_NONE;
}

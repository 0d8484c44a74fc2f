/* Proxies tell in fields how their client is connected; anybody else can send
 * the same fields, so they count only from peers that the operator trusts.
 *
 * Addresses are compared as IPv6: an IPv4 peer of a dual-stack socket
 * (::ffff:a.b.c.d) is the same peer. */
#include "ucorn/http/forwarded.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strict.h"

enum { V4_PREFIX_BITS = 96, ADDRESS_BITS = 128, TEXT_MAX = 64 };

/* An address as 16 bytes, and how many bits come before its own. */
static bool parse_address(const char *text, unsigned char address[16], unsigned *offset)
{
	static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

	*offset = V4_PREFIX_BITS;
	memcpy(address, v4_prefix, sizeof(v4_prefix));
	if (inet_pton(AF_INET, text, address + sizeof(v4_prefix)) == 1)
		return true;
	*offset = 0;
	return inet_pton(AF_INET6, text, address) == 1;
}

static bool bits_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff << (8 - rest));

	return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

/* Whether all bits behind the prefix are 0. */
static bool is_network(const struct trusted_network *n)
{
	for (unsigned bit = n->bits; bit < ADDRESS_BITS; bit++)
		if (n->address[bit / 8] & (0x80 >> (bit % 8)))
			return false;
	return true;
}

/* ADDRESS or ADDRESS/BITS. */
static bool parse_network(struct slice element, struct trusted_network *n)
{
	const char *slash = memchr(element.base, '/', element.len);
	size_t len = slash ? (size_t)(slash - element.base) : element.len;
	uint64_t bits = ADDRESS_BITS;
	char text[TEXT_MAX];
	unsigned offset;

	if (len >= sizeof(text))
		return false;
	memcpy(text, element.base, len);
	text[len] = '\0';
	if (!parse_address(text, n->address, &offset))
		return false;
	if (slash && slice_to_u64(slice_of(slash + 1, element.len - len - 1), &bits) < 0)
		return false;
	if (slash)
		bits += offset;
	n->bits = (unsigned)bits;
	return bits <= ADDRESS_BITS && is_network(n);
}

/* Splits a text by commas into elements that are not empty: how many. */
static size_t split(struct slice text, struct slice *elements)
{
	size_t count = 0;
	struct slice element;

	while (slice_next_element(&text, &element))
		if (element.len > 0)
			elements[count++] = element;
	return count;
}

/* ---- the settings */

static int init_peers(struct forwarding *f, const struct slice *elements, size_t count,
		      struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_eq(elements[i], SLICE("*")))
			f->everyone = true;
		else if (!parse_network(elements[i], &f->networks[f->n_networks++]))
			return err_set(err,
				       "forwarded_allow_ips: '%.*s' is neither an IP address nor a "
				       "network such as 10.0.0.0/8",
				       (int)elements[i].len, elements[i].base);
	}
	return 0;
}

static bool is_token(struct slice s)
{
	return s.len > 0 && strict_span(s, STRICT_TOKEN) == s.len;
}

/* The bit of a name's first letter, in either case. */
static uint32_t initial(struct slice name)
{
	return UINT32_C(1) << (name.base[0] & 31);
}

static int init_schemes(struct forwarding *f, const struct slice *elements, size_t count,
			struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *equals = memchr(elements[i].base, '=', elements[i].len);
		size_t len = equals ? (size_t)(equals - elements[i].base) : 0;

		if (!is_token(slice_of(elements[i].base, len)))
			return err_set(err,
				       "secure_scheme_headers: '%.*s' is not NAME=VALUE, such as "
				       "X-FORWARDED-PROTO=https",
				       (int)elements[i].len, elements[i].base);
		f->schemes[f->n_schemes++] = (struct scheme_field){
			.name = slice_of(elements[i].base, len),
			.https = slice_of(equals + 1, elements[i].len - len - 1),
		};
		f->scheme_initials |= initial(elements[i]);
	}
	return 0;
}

static int init_names(struct forwarding *f, const struct slice *elements, size_t count,
		      struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_eq(elements[i], SLICE("*")))
			f->any_name = true;
		else if (!is_token(elements[i]))
			return err_set(err,
				       "forwarder_headers: '%.*s' is no name of a header field",
				       (int)elements[i].len, elements[i].base);
		else
			f->names[f->n_names++] = elements[i];
	}
	return 0;
}

static int init_map(struct forwarding *f, struct slice text, struct err *err)
{
	if (text.len == 0 || slice_eq_nocase(text, SLICE("drop")))
		f->header_map = HEADER_MAP_DROP;
	else if (slice_eq_nocase(text, SLICE("refuse")))
		f->header_map = HEADER_MAP_REFUSE;
	else if (slice_eq_nocase(text, SLICE("dangerous")))
		f->header_map = HEADER_MAP_DANGEROUS;
	else
		return err_set(err, "header_map: '%.*s' is none of drop, refuse, dangerous",
			       (int)text.len, text.base);
	return 0;
}

/* A copy of text at *at, which moves on. */
static struct slice keep(char **at, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	struct slice copy = slice_of(*at, len);

	if (len > 0)
		memcpy(*at, text, len);
	*at += len;
	return copy;
}

int forwarding_init(struct forwarding *f, const struct forwarding_texts *t, struct err *err)
{
	const char *const all[] = {t->allow_ips, t->forwarder_headers, t->scheme_headers};
	size_t room = 1; /* more than all elements together, and than any list of them */
	struct slice *elements = NULL;
	char *at;
	int rc = -1;

	*f = (struct forwarding){0};
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		room += all[i] ? strlen(all[i]) : 0;
	f->texts = at = malloc(room);
	f->networks = calloc(room, sizeof(*f->networks));
	f->schemes = calloc(room, sizeof(*f->schemes));
	f->names = calloc(room, sizeof(*f->names));
	elements = calloc(room, sizeof(*elements));
	if (!f->texts || !f->networks || !f->schemes || !f->names || !elements) {
		err_set(err, "Out of memory");
		goto out;
	}
	rc = init_peers(f, elements, split(keep(&at, t->allow_ips), elements), err);
	if (rc == 0)
		rc = init_names(f, elements, split(keep(&at, t->forwarder_headers), elements), err);
	if (rc == 0)
		rc = init_schemes(f, elements, split(keep(&at, t->scheme_headers), elements), err);
	if (rc == 0)
		rc = init_map(f, slice_from(t->header_map ? t->header_map : ""), err);
out:
	free(elements);
	if (rc < 0)
		forwarding_release(f);
	return rc;
}

void forwarding_release(struct forwarding *f)
{
	free(f->texts);
	free(f->networks);
	free(f->schemes);
	free(f->names);
	*f = (struct forwarding){0};
}

bool forwarding_trusts(const struct forwarding *f, const char *ip)
{
	unsigned char address[16];
	unsigned offset;

	if (f->everyone || !*ip)
		return true;
	if (f->n_networks == 0 || !parse_address(ip, address, &offset))
		return false;
	for (size_t i = 0; i < f->n_networks; i++)
		if (bits_equal(address, f->networks[i].address, f->networks[i].bits))
			return true;
	return false;
}

/* ---- a request's fields */

static bool may_pass(const struct forwarding *f, bool trusted, struct slice name)
{
	if (f->header_map == HEADER_MAP_DANGEROUS || (trusted && f->any_name))
		return true;
	for (size_t i = 0; trusted && i < f->n_names; i++)
		if (slice_eq_nocase(name, f->names[i]))
			return true;
	return false;
}

/* Most fields say nothing of the scheme: their first letter tells. */
static const struct scheme_field *scheme_of(const struct forwarding *f, struct slice name)
{
	if (!(f->scheme_initials & initial(name)))
		return NULL;
	for (size_t i = 0; i < f->n_schemes; i++)
		if (slice_eq_nocase(name, f->schemes[i].name))
			return &f->schemes[i];
	return NULL;
}

enum http_error forwarding_apply(const struct forwarding *f, bool trusted, struct http_request *req)
{
	bool found = false;
	size_t kept = 0;

	for (size_t i = 0; i < req->n_fields; i++) {
		struct http_field field = req->fields[i];
		const struct scheme_field *scheme = trusted ? scheme_of(f, field.name) : NULL;

		if (scheme) {
			bool https = slice_eq(field.value, scheme->https);

			if (found && https != req->https)
				return HTTP_ERR_SCHEME;
			found = true;
			req->https = https;
		}
		if (memchr(field.name.base, '_', field.name.len) &&
		    !may_pass(f, trusted, field.name)) {
			if (f->header_map == HEADER_MAP_REFUSE)
				return HTTP_ERR_FIELD;
			continue;
		}
		if (kept < i)
			req->fields[kept] = field;
		kept++;
	}
	req->n_fields = kept;
	return HTTP_ERR_NONE;
}

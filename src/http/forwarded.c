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

int trusted_peers_init(struct trusted_peers *t, const char *list, struct err *err)
{
	struct slice rest = slice_from(list), element;

	*t = (struct trusted_peers){0};
	t->networks = calloc(strlen(list) + 1, sizeof(*t->networks)); /* more than elements */
	if (!t->networks)
		return err_set(err, "Out of memory");
	while (slice_next_element(&rest, &element)) {
		if (element.len == 0)
			continue;
		if (slice_eq(element, SLICE("*"))) {
			t->everyone = true;
		} else if (!parse_network(element, &t->networks[t->count++])) {
			trusted_peers_release(t);
			return err_set(err,
				       "forwarded_allow_ips: '%.*s' is neither an IP address nor a "
				       "network such as 10.0.0.0/8",
				       (int)element.len, element.base);
		}
	}
	return 0;
}

void trusted_peers_release(struct trusted_peers *t)
{
	free(t->networks);
	*t = (struct trusted_peers){0};
}

bool trusted_peers_have(const struct trusted_peers *t, const char *ip)
{
	unsigned char address[16];
	unsigned offset;

	if (t->everyone || !*ip)
		return true;
	if (!parse_address(ip, address, &offset))
		return false;
	for (size_t i = 0; i < t->count; i++)
		if (bits_equal(address, t->networks[i].address, t->networks[i].bits))
			return true;
	return false;
}

/* secure_scheme_headers: a field, and the value that means https. */
static const struct {
	struct slice name, https;
} scheme_fields[] = {
	{{"x-forwarded-proto", 17}, {"https", 5}},
	{{"x-forwarded-protocol", 20}, {"ssl", 3}},
	{{"x-forwarded-ssl", 15}, {"on", 2}},
};

enum http_error forwarded_scheme(struct http_request *req)
{
	bool found = false;

	for (size_t i = 0; i < req->n_fields; i++) {
		const struct http_field *f = &req->fields[i];

		/* Most names are none of these: their first letter says so. */
		if ((f->name.base[0] | 0x20) != 'x')
			continue;
		for (size_t k = 0; k < ARRAY_LEN(scheme_fields); k++) {
			bool https = slice_eq(f->value, scheme_fields[k].https);

			if (!slice_eq_nocase(f->name, scheme_fields[k].name))
				continue;
			if (found && https != req->https)
				return HTTP_ERR_SCHEME;
			found = true;
			req->https = https;
		}
	}
	return HTTP_ERR_NONE;
}

bool forwarded_name(struct slice name)
{
	return slice_eq_nocase(name, SLICE("script_name")) ||
	       slice_eq_nocase(name, SLICE("path_info"));
}

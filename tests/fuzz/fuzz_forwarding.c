/* Which peers are believed, and what they may say.
 *
 * The input is lines: allow_ips, forwarder_headers, header_map, scheme_headers, a
 * peer, and then fields as NAME:VALUE.  Holds for every input: the texts are refused
 * with a sentence, or trust is what a second reading of allow_ips gives, which compares
 * addresses as texts of 128 bits, for that peer and for the neighbours of each network;
 * and of the fields nothing is dropped but names with underscores, which nobody gets
 * through who is not trusted. */
#include <arpa/inet.h>

#include "fuzz.h"
#include "require.h"
#include "ucorn/http/forwarded.h"

enum { BITS = 128, TEXT_MAX = 64, FIELDS_MAX = 32 };

/* ---- the second reading */

/* An address as 0s and 1s, IPv4 as ::ffff:a.b.c.d. */
struct bits {
	char text[BITS + 1];
};

static void spell(const unsigned char bytes[16], struct bits *b)
{
	*b = (struct bits){0};
	for (unsigned i = 0; i < BITS; i++)
		b->text[i] = bytes[i / 8] >> (7 - i % 8) & 1 ? '1' : '0';
}

static bool read_address(struct slice s, struct bits *b, bool *is_v4)
{
	unsigned char bytes[16] = {[10] = 0xff, [11] = 0xff};
	char text[TEXT_MAX];

	if (s.len >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)s.len, s.base);
	*is_v4 = inet_pton(AF_INET, text, bytes + 12) == 1;
	if (!*is_v4 && inet_pton(AF_INET6, text, bytes) != 1)
		return false;
	spell(bytes, b);
	return true;
}

struct network {
	struct bits bits;
	size_t len; /* of the prefix */
};

static bool read_network(struct slice s, struct network *n)
{
	const char *slash = memchr(s.base, '/', s.len);
	struct slice address = slice_of(s.base, slash ? (size_t)(slash - s.base) : s.len);
	uint64_t len = BITS;
	bool is_v4;

	if (!read_address(address, &n->bits, &is_v4))
		return false;
	if (slash && slice_to_u64(slice_of(slash + 1, s.len - address.len - 1), &len) < 0)
		return false;
	if (len > BITS || (slash && is_v4 && len > 32))
		return false;
	n->len = (size_t)len + (slash && is_v4 ? 96 : 0);
	return strspn(n->bits.text + n->len, "0") == BITS - n->len;
}

static bool is_trusted(struct slice allow_ips, const char *ip)
{
	struct slice element;
	struct network n;
	struct bits peer;
	bool is_known, is_v4;

	if (!*ip)
		return true; /* a unix socket */
	is_known = read_address(slice_from(ip), &peer, &is_v4);
	while (slice_next_element(&allow_ips, &element)) {
		if (slice_eq(element, SLICE("*")))
			return true;
		if (is_known && element.len > 0 && read_network(element, &n) &&
		    memcmp(n.bits.text, peer.text, n.len) == 0)
			return true;
	}
	return false;
}

static bool makes_sense(struct slice allow_ips)
{
	struct slice element;
	struct network n;

	while (slice_next_element(&allow_ips, &element))
		if (element.len > 0 && !slice_eq(element, SLICE("*")) && !read_network(element, &n))
			return false;
	return true;
}

/* ---- peers */

static void check_peer(const struct forwarding *f, struct slice allow_ips, const char *ip)
{
	require(forwarding_trusts(f, ip) == is_trusted(allow_ips, ip), "bit by bit");
}

/* The peer whose address differs from the network's in that bit only. */
static void check_neighbour(const struct forwarding *f, struct slice allow_ips,
			    const struct network *n, size_t bit)
{
	unsigned char bytes[16] = {0};
	char ip[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < BITS; i++)
		if ((n->bits.text[i] == '1') != (i == bit))
			bytes[i / 8] |= (unsigned char)(0x80 >> (i % 8));
	require(inet_ntop(AF_INET6, bytes, ip, sizeof(ip)) != NULL, "it has a text");
	check_peer(f, allow_ips, ip);
	require(inet_ntop(AF_INET, bytes + 12, ip, sizeof(ip)) != NULL, "it has a text");
	check_peer(f, allow_ips, ip);
}

static void check_networks(const struct forwarding *f, struct slice allow_ips)
{
	struct slice list = allow_ips, element;
	struct network n;

	while (slice_next_element(&list, &element)) {
		if (!read_network(element, &n))
			continue;
		check_neighbour(f, allow_ips, &n, BITS); /* itself */
		check_neighbour(f, allow_ips, &n, n.len);
		check_neighbour(f, allow_ips, &n, n.len - 1);
	}
}

/* ---- fields */

static size_t read_fields(char *text, struct http_field *fields)
{
	size_t n = 0;
	char *line;

	while (n < FIELDS_MAX && (line = strsep(&text, "\n"))) {
		size_t name = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789!#$%&'*+-.^_`|~");

		if (name > 0 && line[name] == ':')
			fields[n++] = (struct http_field){
				.name = slice_of(line, name),
				.value = slice_trim(slice_from(line + name + 1)),
			};
	}
	return n;
}

static void check_fields(const struct forwarding *f, bool trusted, char *text)
{
	struct http_field fields[FIELDS_MAX], before[FIELDS_MAX];
	struct http_request req = {.fields = fields};
	enum http_error error;
	size_t n, kept = 0;

	n = req.n_fields = text ? read_fields(text, fields) : 0;
	memcpy(before, fields, n * sizeof(*fields));
	error = forwarding_apply(f, trusted, &req);
	if (error != HTTP_ERR_NONE) {
		require((error == HTTP_ERR_SCHEME && trusted) ||
				(error == HTTP_ERR_FIELD && f->header_map == HEADER_MAP_REFUSE),
			"only these are refused");
		return;
	}
	require(trusted || !req.https, "only trusted peers speak for their clients");
	for (size_t i = 0; i < n; i++) {
		bool is_odd = memchr(before[i].name.base, '_', before[i].name.len) != NULL;

		if (kept < req.n_fields && fields[kept].name.base == before[i].name.base) {
			require(slice_eq(fields[kept].value, before[i].value), "values stay");
			require(!is_odd || trusted || f->header_map == HEADER_MAP_DANGEROUS,
				"no underscores from those who are not trusted");
			kept++;
		} else {
			require(is_odd, "nothing else is dropped");
		}
	}
	require(kept == req.n_fields, "nothing is added");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = calloc(len + 1, 1), *rest = text, *line;
	const char *lines[5] = {"", "", "", "", ""};
	struct forwarding f;
	struct err err = {0};

	require(text != NULL, "there is memory");
	if (len > 0)
		memcpy(text, bytes, len);
	for (size_t i = 0; i < ARRAY_LEN(lines) && (line = strsep(&rest, "\n")); i++)
		lines[i] = line;

	const struct forwarding_texts texts = {lines[0], lines[1], lines[2], lines[3]};
	struct slice allow_ips = slice_from(lines[0]);

	if (forwarding_init(&f, &texts, &err) < 0) {
		require(err.text[0], "who refuses says why");
		require(!f.texts && !f.networks, "then nothing is left");
	} else {
		require(makes_sense(allow_ips), "what makes no sense is refused");
		check_peer(&f, allow_ips, lines[4]);
		check_networks(&f, allow_ips);
		check_fields(&f, forwarding_trusts(&f, lines[4]), rest);
		forwarding_release(&f);
	}
	free(text);
	return 0;
}

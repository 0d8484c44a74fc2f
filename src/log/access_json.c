/* Access lines as JSON objects, one a line (RFC 8259).
 *
 * Numbers are numbers, and what is not known is null.  Clients send bytes: those
 * that are UTF-8 are taken as that, each other one as the latin-1 character it
 * would be in WSGI, so every line is valid whatever somebody sends.  Control
 * characters, those of latin-1 too, are escaped: no log reader's terminal obeys
 * a client.  json_line in pylib/ucorn/glogging.py writes the same. */
#include "access_json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "access_atoms.h"
#include "ucorn/util/quote.h"

static const struct {
	const char *key, *atom;
} texts[] = {
	{"remote_addr", "h"}, {"user", "u"},	 {"method", "m"},  {"path", "U"},
	{"query", "q"},	      {"protocol", "H"}, {"referer", "f"}, {"user_agent", "a"},
};
enum { TEXTS_BEFORE_STATUS = 6 };

struct access_json {
	const struct access_atom *atoms[ARRAY_LEN(texts)];
	struct access_clock clock;
};

struct access_json *access_json_new(void)
{
	struct access_json *json = calloc(1, sizeof(*json));
	struct slice key;

	for (size_t i = 0; json && i < ARRAY_LEN(texts); i++)
		json->atoms[i] = access_atom_find(slice_from(texts[i].atom), &key);
	return json;
}

void access_json_free(struct access_json *json)
{
	free(json);
}

/* The two-character escape of a byte, as Python's json has them; 0: none. */
static char short_escape(unsigned char c)
{
	static const char escapes[] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n',  ['\r'] = 'r',
		['\t'] = 't', ['"'] = '"',  ['\\'] = '\\',
	};

	return c < sizeof(escapes) ? escapes[c] : 0;
}

enum { LONGEST = 6 }; /* \u0085 */

static char *put_escape(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	if (short_escape(c)) {
		*to++ = short_escape(c);
		return to;
	}
	*to++ = 'u';
	*to++ = '0';
	*to++ = '0';
	*to++ = hex[c >> 4];
	*to++ = hex[c & 15];
	return to;
}

/* The latin-1 character c, which is no ASCII. */
static char *put_latin1(char *to, unsigned char c)
{
	if (c < 0xa0)
		return put_escape(to, c);
	*to++ = (char)(0xc0 | c >> 6);
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* Puts the character s begins with; gives how many bytes it was. */
static size_t put_character(char **to, struct slice s)
{
	unsigned char c = (unsigned char)s.base[0];
	size_t len = utf8_sequence(s);

	if (len == 0) {
		*to = put_latin1(*to, c);
		return 1;
	}
	if (c < ' ' || c == 0x7f || short_escape(c)) {
		*to = put_escape(*to, c);
	} else if (len == 2 && c == 0xc2 && (unsigned char)s.base[1] < 0xa0) {
		*to = put_escape(*to, (unsigned char)s.base[1]);
	} else {
		memcpy(*to, s.base, len);
		*to += len;
	}
	return len;
}

static int append_string(struct buf *out, struct slice s)
{
	int rc = buf_reserve(out, s.len * LONGEST + 2);

	if (rc < 0)
		return rc;

	char *to = out->base + out->len;

	*to++ = '"';
	while (s.len > 0) {
		size_t used = put_character(&to, s);

		s = slice_of(s.base + used, s.len - used);
	}
	*to++ = '"';
	out->len = (size_t)(to - out->base);
	return 0;
}

static int append_text(struct access_json *json, size_t i, struct atom_call *call, struct buf *out)
{
	struct slice value = {0};

	buf_clear(call->scratch);
	int rc = json->atoms[i]->text(call, &value);
	if (rc == 0)
		rc = buf_append_fmt(out, ",\"%s\":", texts[i].key);
	if (rc < 0)
		return rc;
	return value.base ? append_string(out, value) : buf_append_slice(out, SLICE("null"));
}

/* RFC 3339 wants a colon in the zone, which strftime does not put there. */
static void clock_set(struct access_clock *clock, time_t now)
{
	struct tm tm = {0};

	localtime_r(&now, &tm);
	size_t len = strftime(clock->text, sizeof(clock->text), "%Y-%m-%dT%H:%M:%S%z", &tm);

	if (len >= 2) {
		memmove(clock->text + len - 1, clock->text + len - 2, 2);
		clock->text[len - 2] = ':';
		len++;
	}
	clock->len = len;
	clock->second = now;
}

static int append_numbers(const struct access_record *r, struct buf *out)
{
	int rc = r->status ? buf_append_fmt(out, ",\"status\":%u", r->status)
			   : buf_append_slice(out, SLICE(",\"status\":null"));

	return rc == 0 ? buf_append_fmt(out, ",\"bytes\":%" PRIu64, r->bytes_sent) : rc;
}

int access_json_append(struct access_json *json, struct buf *scratch, const struct access_record *r,
		       struct buf *out)
{
	struct atom_call call = {.r = r, .scratch = scratch, .clock = &json->clock};
	int rc;

	if (json->clock.len == 0 || json->clock.second != r->now)
		clock_set(&json->clock, r->now);
	rc = buf_append_fmt(out, "{\"time\":\"%.*s\"", (int)json->clock.len, json->clock.text);
	for (size_t i = 0; i < ARRAY_LEN(texts) && rc == 0; i++) {
		if (i == TEXTS_BEFORE_STATUS)
			rc = append_numbers(r, out);
		if (rc == 0)
			rc = append_text(json, i, &call, out);
	}
	if (rc == 0)
		rc = buf_append_fmt(out, ",\"duration_us\":%" PRIu64 ",\"pid\":%ld}",
				    r->duration_us, (long)r->pid);
	return rc;
}

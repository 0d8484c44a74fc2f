/* The atoms of access formats: one function and one row each.
 *
 * An atom says what is to be logged; quoting, padding and the "-" for nothing
 * are done in one place, access.c.  Values that clients send are bytes, taken
 * for latin-1 as everywhere in WSGI, and are not converted. */
#include "access_atoms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "ucorn/http/target.h"

/* Ends an atom whose text was made in the scratch. */
static int made(struct atom_call *c, int rc, struct slice *value)
{
	if (rc == 0)
		*value = buf_slice(c->scratch);
	return rc;
}

/* The last field of that name, as under gunicorn; NULL base if there is none. */
static struct slice last_field(const struct access_record *r, struct slice name)
{
	for (size_t i = r->req ? r->req->n_fields : 0; i > 0; i--) {
		const struct http_field *field = &r->req->fields[i - 1];
		if (slice_eq_nocase(field->name, name))
			return field->value.base ? field->value : SLICE("");
	}
	return (struct slice){0};
}

static int nothing(struct atom_call *c, struct slice *value)
{
	UNUSED(c);
	UNUSED(value);
	return 0;
}

static int remote_addr(struct atom_call *c, struct slice *value)
{
	if (c->r->remote_addr && c->r->remote_addr[0] != '\0')
		*value = slice_from(c->r->remote_addr);
	return 0;
}

/* The value of one base64 digit, or -1. */
static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Decodes base64 up to the first `end` byte, which is not decoded.  -EINVAL
 * when it is no base64 so far. */
static int base64_until(struct slice in, char end, struct buf *out)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;

	while (in.len > 0 && in.base[in.len - 1] == '=')
		in.len--;
	for (size_t i = 0; i < in.len; i++) {
		int digit = base64_digit(in.base[i]);
		if (digit < 0)
			return -EINVAL;
		bits = (bits << 6 | (uint32_t)digit) & 0xffff;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		char byte = (char)(bits >> n_bits & 0xff);
		if (byte == end)
			return 0;
		int rc = buf_append(out, &byte, 1);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The user of `Authorization: Basic` (RFC 7617 2): all before the first colon.  One who
 * is called "-" is nobody, as loggers in Python have it. */
static int basic_user(struct atom_call *c, struct slice *value)
{
	const struct slice scheme = SLICE("basic ");
	struct slice auth = last_field(c->r, SLICE("authorization"));

	if (auth.len < scheme.len || !slice_eq_nocase(slice_of(auth.base, scheme.len), scheme))
		return 0;
	auth = slice_trim(slice_of(auth.base + scheme.len, auth.len - scheme.len));
	int rc = base64_until(auth, ':', c->scratch);
	if (rc == -EINVAL || (rc == 0 && c->scratch->len == 0))
		return 0;
	if (rc == 0 && slice_eq(buf_slice(c->scratch), SLICE("-")))
		return 0;
	return made(c, rc, value);
}

/* strftime's %b follows the locale, which applications set; log readers want
 * the English month. */
static void clock_set(struct access_clock *clock, time_t now)
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm = {0};
	char day[8], rest[32];

	localtime_r(&now, &tm);
	strftime(day, sizeof(day), "%d", &tm);
	strftime(rest, sizeof(rest), "%Y:%H:%M:%S %z", &tm);
	clock->len = (size_t)snprintf(clock->text, sizeof(clock->text), "[%s/%s/%s]", day,
				      months[tm.tm_mon], rest);
	clock->second = now;
}

static int local_time(struct atom_call *c, struct slice *value)
{
	if (c->clock->len == 0 || c->clock->second != c->r->now)
		clock_set(c->clock, c->r->now);
	*value = slice_of(c->clock->text, c->clock->len);
	return 0;
}

static int request_line(struct atom_call *c, struct slice *value)
{
	if (c->r->req)
		*value = c->r->req->line;
	return 0;
}

static int method(struct atom_call *c, struct slice *value)
{
	if (c->r->req)
		*value = c->r->req->method;
	return 0;
}

static int path(struct atom_call *c, struct slice *value)
{
	const struct http_request *req = c->r->req;

	if (!req || !req->path.base)
		return 0;
	struct slice rest = slice_of(req->path.base + req->mounted, req->path.len - req->mounted);
	int rc = buf_reserve(c->scratch, rest.len + 1);
	if (rc == 0)
		c->scratch->len = http_percent_decode(rest, c->scratch->base);
	return made(c, rc, value);
}

static int query(struct atom_call *c, struct slice *value)
{
	if (c->r->req)
		*value = c->r->req->query.base ? c->r->req->query : SLICE("");
	return 0;
}

static int version(struct atom_call *c, struct slice *value)
{
	if (c->r->req)
		*value = c->r->req->version;
	return 0;
}

static int decimal(struct atom_call *c, uint64_t number, struct slice *value)
{
	char digits[DIGITS_MAX], *at = digits_before(digits + sizeof(digits), number);

	return made(c, buf_append(c->scratch, at, (size_t)(digits + sizeof(digits) - at)), value);
}

static int status(struct atom_call *c, struct slice *value)
{
	return c->r->status ? decimal(c, c->r->status, value) : 0;
}

static int bytes_text(struct atom_call *c, struct slice *value)
{
	return decimal(c, c->r->bytes_sent, value);
}

static int referer(struct atom_call *c, struct slice *value)
{
	*value = last_field(c->r, SLICE("referer"));
	return 0;
}

static int user_agent(struct atom_call *c, struct slice *value)
{
	*value = last_field(c->r, SLICE("user-agent"));
	return 0;
}

static int decimal_seconds(struct atom_call *c, struct slice *value)
{
	return made(c,
		    buf_append_fmt(c->scratch, "%" PRIu64 ".%06" PRIu64,
				   c->r->duration_us / 1000000, c->r->duration_us % 1000000),
		    value);
}

static int pid(struct atom_call *c, struct slice *value)
{
	return made(c, buf_append_fmt(c->scratch, "<%ld>", (long)c->r->pid), value);
}

static int request_field(struct atom_call *c, struct slice *value)
{
	*value = last_field(c->r, c->key);
	return 0;
}

static int response_field_text(struct atom_call *c, struct slice *value)
{
	if (c->r->resp && !response_field_value(c->r->resp, c->key, value))
		*value = (struct slice){0};
	return 0;
}

static int environ_value(struct atom_call *c, struct slice *value)
{
	const struct access_record *r = c->r;

	if (r->environ_lookup && !r->environ_lookup(r->environ_data, c->key, value))
		*value = (struct slice){0};
	return 0;
}

static uint64_t bytes_number(const struct access_record *r)
{
	return r->bytes_sent;
}

static uint64_t whole_seconds(const struct access_record *r)
{
	return r->duration_us / 1000000;
}

static uint64_t milliseconds(const struct access_record *r)
{
	return r->duration_us / 1000;
}

static uint64_t microseconds(const struct access_record *r)
{
	return r->duration_us;
}

/* THE table: a new atom is a function above and a row here. */
static const struct access_atom atoms[] = {
	{"h", NULL, remote_addr},
	{"l", NULL, nothing}, /* the identity of RFC 1413, which nobody asks for */
	{"u", NULL, basic_user},
	{"t", NULL, local_time},
	{"r", NULL, request_line},
	{"m", NULL, method},
	{"U", NULL, path},
	{"q", NULL, query},
	{"H", NULL, version},
	{"s", NULL, status},
	{"B", bytes_number, NULL},
	{"b", NULL, bytes_text},
	{"f", NULL, referer},
	{"a", NULL, user_agent},
	{"T", whole_seconds, NULL},
	{"M", milliseconds, NULL},
	{"D", microseconds, NULL},
	{"L", NULL, decimal_seconds},
	{"p", NULL, pid},
	{"{i", NULL, request_field},
	{"{o", NULL, response_field_text},
	{"{e", NULL, environ_value},
};

static const struct access_atom unknown_atom = {"-", NULL, nothing};

/* {x}i is looked up as "{i", its key as x. */
const struct access_atom *access_atom_find(struct slice name, struct slice *key)
{
	char keyed[2];

	*key = (struct slice){0};
	if (name.len >= 3 && name.base[0] == '{' && name.base[name.len - 2] == '}') {
		*key = slice_of(name.base + 1, name.len - 3);
		keyed[0] = '{';
		keyed[1] = name.base[name.len - 1];
		name = slice_of(keyed, sizeof(keyed));
	}
	for (size_t i = 0; i < ARRAY_LEN(atoms); i++) {
		if (slice_eq(slice_from(atoms[i].name), name))
			return &atoms[i];
	}
	return &unknown_atom;
}

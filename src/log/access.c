/* The access log: a format compiled once, lines made from it.
 *
 * The language is that of Python's % operator with a mapping, since that is what
 * gunicorn's users wrote: %(name)s with flags, width and precision.  A mistake in
 * it is found at start; gunicorn finds it at every request, and logs a traceback
 * instead of the line.  The one word `json` means lines of another kind
 * (access_json.c).
 *
 * What clients send is quoted as gunicorn does ('"' becomes '\"') and beyond that, as
 * util/quote.h says.
 *
 * Left to others: what the atoms mean (access_atoms.c), where lines go (sinks.c). */
#include <stdlib.h>

#include "access_atoms.h"
#include "access_json.h"
#include "ucorn/http/target.h"
#include "ucorn/util/quote.h"

/* A literal, or an atom with the way it is to be printed. */
struct piece {
	struct slice literal;		/* of the format's text */
	const struct access_atom *atom; /* NULL: literal */
	struct slice key;		/* of the format's text */
	size_t width;
	size_t precision; /* text: at most that many bytes; number: at least that many digits */
	bool left, zero, plus, space;
	bool decimal; /* %d, else %s */
};

struct access_format {
	char *text;
	struct access_json *json; /* the lines are objects; NULL: they are made of pieces */
	struct piece *pieces;
	size_t count;
	struct buf scratch;
	struct access_clock clock;
};

enum { NUMBER_MAX = 1024, NO_PRECISION = NUMBER_MAX + 1 };

/* ------------------------------------------------------------- compiling -- */

static int malformed(struct err *err, const char *text, const char *at, const char *what)
{
	return err_set(err, "access_log_format: %s at '%.20s' (byte %zu)", what, at,
		       (size_t)(at - text));
}

/* Reads the digits at *at into *number, if there are any. */
static bool parse_number(const char **at, size_t *number)
{
	size_t n = 0;
	const char *p = *at;

	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (size_t)(*p - '0');
		if (n > NUMBER_MAX)
			return false;
	}
	if (p != *at)
		*number = n;
	*at = p;
	return true;
}

static void parse_flags(const char **at, struct piece *piece)
{
	for (;; (*at)++) {
		switch (**at) {
		case '-':
			piece->left = true;
			break;
		case '0':
			piece->zero = true;
			break;
		case '+':
			piece->plus = true;
			break;
		case ' ':
			piece->space = true;
			break;
		case '#': /* changes nothing for s and d */
			break;
		default:
			return;
		}
	}
}

/* Flags, width, precision and conversion behind `%(name)`: NULL, or what is
 * wrong with them. */
static const char *parse_conversion(const char **at, struct piece *piece)
{
	parse_flags(at, piece);
	if (!parse_number(at, &piece->width))
		return "the width is too large";
	if (**at == '.') {
		(*at)++;
		piece->precision = 0;
		if (!parse_number(at, &piece->precision))
			return "the precision is too large";
	}
	if (**at == '\0')
		return "the conversion is missing, as the s of %(h)s";
	if (!strchr("sdiu", **at))
		return "only the conversions s and d are known";
	piece->decimal = **at != 's';
	(*at)++;
	if (piece->decimal && !piece->atom->number)
		return "this is text, it needs the conversion s";
	return NULL;
}

/* Compiles the atom that starts at the '%' at *at. */
static int compile_atom(struct access_format *f, const char **at, struct err *err)
{
	const char *start = *at;
	struct piece *piece = &f->pieces[f->count++];

	if (start[1] != '(')
		return malformed(err, f->text, start, "a % needs %(name)s, or %% for itself");
	const char *close = strchr(start, ')');
	if (!close)
		return malformed(err, f->text, start, "a ) is missing");

	piece->precision = NO_PRECISION;
	piece->atom =
		access_atom_find(slice_of(start + 2, (size_t)(close - start - 2)), &piece->key);
	*at = close + 1;
	const char *wrong = parse_conversion(at, piece);
	return wrong ? malformed(err, f->text, start, wrong) : 0;
}

static void add_literal(struct access_format *f, const char *from, const char *to)
{
	if (to > from)
		f->pieces[f->count++].literal = slice_of(from, (size_t)(to - from));
}

/* The same where mistakes are tolerated (err is NULL): the '%' of what is none is
 * taken as text. */
static int compile_percent(struct access_format *f, const char **at, struct err *err)
{
	size_t count = f->count;
	const char *start = *at;
	struct err ignored;
	int rc = compile_atom(f, at, err ? err : &ignored);

	if (rc == 0 || err)
		return rc;
	f->count = count;
	f->pieces[count] = (struct piece){0};
	add_literal(f, start, start + 1);
	*at = start + 1;
	return 0;
}

static int compile(struct access_format *f, struct err *err)
{
	const char *at = f->text;

	while (*at) {
		const char *percent = at + strcspn(at, "%");
		bool doubled = percent[0] == '%' && percent[1] == '%';

		add_literal(f, at, percent + doubled); /* %%: the first one is text */
		at = doubled ? percent + 2 : percent;
		if (*at == '%' && !doubled && compile_percent(f, &at, err) < 0)
			return -1;
	}
	return 0;
}

/* At most two pieces for each '%', and one behind the last. */
static size_t most_pieces(const char *format)
{
	size_t n = 1;

	for (; *format; format++)
		n += *format == '%' ? 2 : 0;
	return n;
}

static struct access_format *format_new(const char *format, struct err *err)
{
	bool json = strcmp(format, "json") == 0;
	struct access_format *f = calloc(1, sizeof(*f));

	if (f) {
		f->text = strdup(format);
		f->pieces = calloc(most_pieces(format), sizeof(*f->pieces));
		f->json = json ? access_json_new() : NULL;
	}
	if (!f || !f->text || !f->pieces || (json && !f->json)) {
		if (err)
			err_set(err, "no memory for access_log_format");
		goto fail;
	}
	if (!json && compile(f, err) < 0)
		goto fail;
	return f;
fail:
	access_format_free(f);
	return NULL;
}

struct access_format *access_format_new(const char *format, struct err *err)
{
	return format_new(format, err);
}

struct access_format *access_format_new_tolerant(const char *format)
{
	return format_new(format, NULL);
}

void access_format_free(struct access_format *f)
{
	if (!f)
		return;
	buf_release(&f->scratch);
	access_json_free(f->json);
	free(f->pieces);
	free(f->text);
	free(f);
}

/* ----------------------------------------------------------------- lines -- */

static int append_quoted(struct buf *out, struct slice value)
{
	int rc = buf_reserve(out, value.len * QUOTE_LONGEST);

	if (rc == 0 && value.len > 0)
		out->len = (size_t)(quote_write(out->base + out->len, value) - out->base);
	return rc;
}

static int append_number(struct buf *out, uint64_t number, const struct piece *piece)
{
	char digits[NUMBER_MAX], *at = digits_before(digits + sizeof(digits), number);
	size_t least = piece->decimal && piece->precision != NO_PRECISION ? piece->precision : 1;

	while ((size_t)(digits + sizeof(digits) - at) < least)
		*--at = '0';
	if (piece->decimal && (piece->plus || piece->space)) {
		int rc = buf_append(out, piece->plus ? "+" : " ", 1);
		if (rc < 0)
			return rc;
	}
	return buf_append(out, at, (size_t)(digits + sizeof(digits) - at));
}

/* Widens what was appended since start to the piece's width.  As in Python, a
 * text is never filled with zeros, and zeros stand behind a sign. */
static int pad(struct buf *out, size_t start, const struct piece *piece)
{
	size_t len = out->len - start;

	if (len >= piece->width)
		return 0;
	size_t fill = piece->width - len;
	int rc = buf_reserve(out, fill);
	if (rc < 0)
		return rc;

	bool zeros = piece->zero && piece->decimal && !piece->left;
	size_t gap = out->len; /* where the filling goes */
	if (!piece->left)
		gap = start + (zeros && (piece->plus || piece->space) ? 1 : 0);
	memmove(out->base + gap + fill, out->base + gap, out->len - gap);
	memset(out->base + gap, zeros ? '0' : ' ', fill);
	out->len += fill;
	return 0;
}

static int append_text(struct access_format *f, const struct piece *piece,
		       const struct access_record *r, struct buf *out)
{
	struct atom_call call = {
		.r = r,
		.key = piece->key,
		.scratch = &f->scratch,
		.clock = &f->clock,
	};
	struct slice value = {0};

	buf_clear(&f->scratch);
	int rc = piece->atom->text(&call, &value);
	if (rc < 0)
		return rc;
	return append_quoted(out, value.base ? value : SLICE("-"));
}

static int append_piece(struct access_format *f, const struct piece *piece,
			const struct access_record *r, struct buf *out)
{
	size_t start = out->len;
	int rc;

	if (!piece->atom)
		return buf_append_slice(out, piece->literal);
	if (piece->atom->number)
		rc = append_number(out, piece->atom->number(r), piece);
	else
		rc = append_text(f, piece, r, out);
	if (rc < 0)
		return rc;
	if (!piece->decimal && out->len - start > piece->precision &&
	    piece->precision != NO_PRECISION)
		out->len = start + piece->precision;
	return pad(out, start, piece);
}

int access_format_line(struct access_format *f, const struct access_record *r, struct buf *out)
{
	size_t start = out->len;
	int rc = f->json ? access_json_append(f->json, &f->scratch, r, out) : 0;

	for (size_t i = 0; i < f->count && rc == 0; i++)
		rc = append_piece(f, &f->pieces[i], r, out);
	if (rc == 0)
		rc = buf_append(out, "\n", 1);
	if (rc < 0)
		out->len = start;
	return rc;
}

/* ------------------------------------------------------------- exclusion -- */

/* The next byte of a path, decoded. */
static char path_byte(struct slice *path)
{
	char out[3] = {path->base[0]};
	size_t used = 1;

	if (path->len >= sizeof(out) && http_percent_decode(slice_of(path->base, 3), out) == 1)
		used = sizeof(out);
	*path = slice_of(path->base + used, path->len - used);
	return out[0];
}

/* Whether a segment is . or .., however it is encoded: where such a path leads is the
 * application's affair. */
static bool has_dot_segment(struct slice path)
{
	size_t dots = 0, others = 0; /* of the segment */

	while (path.len > 0) {
		char c = path_byte(&path);

		if (c == '/' && others == 0 && (dots == 1 || dots == 2))
			return true;
		if (c == '/')
			dots = others = 0;
		else if (c == '.')
			dots++;
		else
			others++;
	}
	return others == 0 && (dots == 1 || dots == 2);
}

static bool is_at_or_below(struct slice path, struct slice prefix)
{
	if (prefix.len == 0 || !slice_starts(path, prefix))
		return false;
	return path.len == prefix.len || prefix.base[prefix.len - 1] == '/' ||
	       path.base[prefix.len] == '/';
}

bool access_excludes(const char *prefixes, struct slice path)
{
	struct slice list = slice_from(prefixes), prefix;

	while (slice_next_element(&list, &prefix)) {
		if (is_at_or_below(path, prefix))
			return !has_dot_segment(path);
	}
	return false;
}

/* The access log: a format compiled once, lines made from it.
 *
 * The language is that of Python's % operator with a mapping, since that is what
 * gunicorn's users wrote: %(name)s with flags, width and precision.  A mistake in
 * it is found at start; gunicorn finds it at every request.
 *
 * What clients send is quoted as gunicorn does ('"' becomes '\"') and beyond that:
 * control bytes become \xHH, so that nobody can forge a line or send escape
 * sequences to the terminal of whoever reads the log, and a backslash is doubled,
 * so that nobody can end a quoted field early by sending `\"`.
 *
 * Left to others: what the atoms mean (access_atoms.c), where lines go (sinks.c). */
#include <stdlib.h>

#include "access_atoms.h"

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

static int compile(struct access_format *f, struct err *err)
{
	const char *at = f->text;

	while (*at) {
		const char *percent = at + strcspn(at, "%");
		bool doubled = percent[0] == '%' && percent[1] == '%';

		add_literal(f, at, percent + doubled); /* %%: the first one is text */
		at = doubled ? percent + 2 : percent;
		if (*at == '%' && !doubled && compile_atom(f, &at, err) < 0)
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

struct access_format *access_format_new(const char *format, struct err *err)
{
	struct access_format *f = calloc(1, sizeof(*f));

	if (f) {
		f->text = strdup(format);
		f->pieces = calloc(most_pieces(format), sizeof(*f->pieces));
	}
	if (!f || !f->text || !f->pieces) {
		err_set(err, "no memory for access_log_format");
		goto fail;
	}
	if (compile(f, err) < 0)
		goto fail;
	return f;
fail:
	access_format_free(f);
	return NULL;
}

void access_format_free(struct access_format *f)
{
	if (!f)
		return;
	buf_release(&f->scratch);
	free(f->pieces);
	free(f->text);
	free(f);
}

/* ----------------------------------------------------------------- lines -- */

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c != '"' && c != '\\' && c != 0x7f;
}

static char *put_escaped(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	if (c == '"' || c == '\\') {
		*to++ = (char)c;
		return to;
	}
	*to++ = 'x';
	*to++ = hex[c >> 4];
	*to++ = hex[c & 15];
	return to;
}

static int append_quoted(struct buf *out, struct slice value)
{
	enum { LONGEST = 4 }; /* \xHH */
	int rc = buf_reserve(out, value.len * LONGEST);

	if (rc < 0 || value.len == 0)
		return rc;
	char *to = out->base + out->len;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.base[i];
		if (LIKELY(is_plain(c)))
			*to++ = (char)c;
		else
			to = put_escaped(to, c);
	}
	out->len = (size_t)(to - out->base);
	return 0;
}

static int append_number(struct buf *out, uint64_t number, const struct piece *piece)
{
	char digits[NUMBER_MAX], *at = digits + sizeof(digits);
	size_t least = piece->decimal && piece->precision != NO_PRECISION ? piece->precision : 1;

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
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
	int rc = 0;

	for (size_t i = 0; i < f->count && rc == 0; i++)
		rc = append_piece(f, &f->pieces[i], r, out);
	if (rc == 0)
		rc = buf_append(out, "\n", 1);
	if (rc < 0)
		out->len = start;
	return rc;
}

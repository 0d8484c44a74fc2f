/* Numbers and switches: how text is read into them.
 *
 * Text is judged as gunicorn's validators judge it, with their messages, so
 * that a configuration that worked keeps working and one that failed fails with
 * the same words.  Which text reaches which field, and whether a value may be
 * replaced, is settings.c's business. */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>

#include "types.h"

/* A Python integer.  Numbers past 64 bits stay huge. */
struct integer {
	uint64_t magnitude;
	bool negative;
};

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return UINT_MAX;
}

/* Digits with single underscores between them, as in Python's grammar. */
static bool read_digits(struct slice digits, unsigned base, uint64_t *magnitude)
{
	bool after_digit = false;
	uint64_t n = 0;

	for (size_t i = 0; i < digits.len; i++) {
		unsigned digit = digit_value(digits.base[i]);

		if (digits.base[i] == '_' && after_digit) {
			after_digit = false;
			continue;
		}
		if (digit >= base)
			return false;
		if (__builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, digit, &n))
			n = UINT64_MAX / base;
		after_digit = true;
	}
	*magnitude = n;
	return after_digit;
}

/* Cuts 0x, 0o or 0b off, with the underscore that may follow it. */
static unsigned cut_base_prefix(struct slice *s)
{
	unsigned base = 10;

	if (s->len < 2 || s->base[0] != '0')
		return 10;
	switch (s->base[1] | 0x20) {
	case 'x':
		base = 16;
		break;
	case 'o':
		base = 8;
		break;
	case 'b':
		base = 2;
		break;
	default:
		return 10;
	}
	*s = slice_of(s->base + 2, s->len - 2);
	if (s->len > 0 && s->base[0] == '_')
		*s = slice_of(s->base + 1, s->len - 1);
	return base;
}

/* int(text), or int(text, 0) when a literal is wanted: that one knows prefixes
 * and refuses 010, which C and old Pythons read as octal. */
static bool read_integer(const char *text, bool literal, struct integer *number)
{
	struct slice s = stripped(text);
	unsigned base = 10;
	bool leading_zero;

	*number = (struct integer){0};
	if (s.len > 0 && (s.base[0] == '-' || s.base[0] == '+')) {
		number->negative = s.base[0] == '-';
		s = slice_of(s.base + 1, s.len - 1);
	}
	if (literal)
		base = cut_base_prefix(&s);
	leading_zero = base == 10 && s.len > 0 && s.base[0] == '0';
	if (!read_digits(s, base, &number->magnitude))
		return false;
	return !(literal && leading_zero && number->magnitude != 0);
}

static bool unsigned_passes_argparse(const char *text)
{
	struct integer number;

	return read_integer(text, false, &number);
}

static int unsigned_set(const struct setting *row, void *field, const char *text,
			enum origin origin, struct err *err)
{
	/* Command lines and WEB_CONCURRENCY go through int(text), a file's
	 * strings through int(text, 0). */
	bool literal = origin == ORIGIN_FILE || origin == ORIGIN_PASTE;
	struct slice shown = stripped(text);
	struct integer number;

	if (!read_integer(text, literal, &number))
		return err_set(err, "Value must be a whole number: '%s'", text);
	if (number.negative && number.magnitude != 0)
		return err_set(err, "Value must be positive: %.*s", (int)shown.len, shown.base);
	if (row->cap != 0 && number.magnitude > row->cap)
		number.magnitude = row->cap;
	/* Most of these numbers end in an int of some system call. */
	if (number.magnitude > INT_MAX)
		return err_set(err, "Value must be at most %d: %.*s", INT_MAX, (int)shown.len,
			       shown.base);
	*(unsigned *)field = (unsigned)number.magnitude;
	return 0;
}

/* gunicorn's own type for modes: as int(text, 0), but 022 is octal, too. */
static bool read_mode(const char *text, struct integer *number)
{
	struct slice octal;

	if (text[0] != '0' || !isdigit((unsigned char)text[1]))
		return read_integer(text, true, number);
	*number = (struct integer){0};
	octal = stripped(text);
	return read_digits(octal, 8, &number->magnitude);
}

static bool mode_passes_argparse(const char *text)
{
	struct integer number;

	return read_mode(text, &number);
}

static int mode_set(const struct setting *row, void *field, const char *text, enum origin origin,
		    struct err *err)
{
	enum { MODE_MAX = 07777 };
	struct slice shown = stripped(text);
	struct integer number;

	UNUSED(row);
	UNUSED(origin);
	if (!read_mode(text, &number))
		return err_set(err, "Value must be a whole number: '%s'", text);
	if (number.negative && number.magnitude != 0)
		return err_set(err, "Value must be positive: %.*s", (int)shown.len, shown.base);
	if (number.magnitude > MODE_MAX)
		return err_set(err, "Value must be at most 0o7777: %.*s", (int)shown.len,
			       shown.base);
	*(unsigned *)field = (unsigned)number.magnitude;
	return 0;
}

/* A user or group by number; false if it is not one. */
static bool read_id(const char *text, unsigned *id)
{
	uint64_t number;

	/* The largest one means "no change" to the kernel. */
	if (slice_to_u64(slice_from(text), &number) < 0 || number >= UINT_MAX)
		return false;
	*id = (unsigned)number;
	return true;
}

static int user_set(const struct setting *row, void *field, const char *text, enum origin origin,
		    struct err *err)
{
	const struct passwd *entry;

	UNUSED(row);
	UNUSED(origin);
	if (read_id(text, field))
		return 0;
	entry = getpwnam(text);
	if (!entry)
		return err_set(err, "No such user: '%s'", text);
	*(unsigned *)field = entry->pw_uid;
	return 0;
}

static int group_set(const struct setting *row, void *field, const char *text, enum origin origin,
		     struct err *err)
{
	const struct group *entry;

	UNUSED(row);
	UNUSED(origin);
	if (read_id(text, field))
		return 0;
	entry = getgrnam(text);
	if (!entry)
		return err_set(err, "No such group: '%s'", text);
	*(unsigned *)field = entry->gr_gid;
	return 0;
}

/* The factor of the unit that a size may end with, which is cut off: 64k. */
static unsigned cut_unit(struct slice *size)
{
	static const char units[] = "kmg";
	const char *unit = size->len > 1 ? strchr(units, size->base[size->len - 1] | 0x20) : NULL;

	if (!unit)
		return 0;
	size->len--;
	return 10 * (unsigned)(unit - units + 1);
}

static int size_set(const struct setting *row, void *field, const char *text, enum origin origin,
		    struct err *err)
{
	struct slice size = stripped(text);
	unsigned shift = cut_unit(&size);
	uint64_t bytes;

	UNUSED(row);
	UNUSED(origin);
	if (slice_to_u64(size, &bytes) < 0 || bytes > (uint64_t)INT64_MAX >> shift)
		return err_set(err, "Value must be a number of bytes, such as 65536 or 64k: '%s'",
			       text);
	*(uint64_t *)field = bytes << shift;
	return 0;
}

static void size_release(void *field)
{
	*(uint64_t *)field = 0;
}

static void unsigned_release(void *field)
{
	*(unsigned *)field = 0;
}

static int switch_set(const struct setting *row, void *field, const char *text, enum origin origin,
		      struct err *err)
{
	struct slice word = stripped(text);

	UNUSED(row);
	UNUSED(origin);
	if (slice_eq_nocase(word, SLICE("true")))
		*(bool *)field = true;
	else if (slice_eq_nocase(word, SLICE("false")))
		*(bool *)field = false;
	else
		return err_set(err, "Invalid boolean: %s", text);
	return 0;
}

static void switch_release(void *field)
{
	*(bool *)field = false;
}

/* A variable says yes in more ways than a file; anything else is a no. */
static enum tristate tristate_of_variable(const char *text)
{
	static const char *const yes[] = {"y", "1", "yes", "true"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (slice_eq_nocase(slice_from(text), slice_from(yes[i])))
			return TRISTATE_YES;
	return TRISTATE_NO;
}

static int tristate_set(const struct setting *row, void *field, const char *text,
			enum origin origin, struct err *err)
{
	enum tristate value = tristate_of_variable(text);
	bool said = false;

	if (origin != ORIGIN_ENVIRONMENT) {
		if (switch_set(row, &said, text, origin, err) < 0)
			return -1;
		value = said ? TRISTATE_YES : TRISTATE_NO;
	}
	*(unsigned char *)field = (unsigned char)value;
	return 0;
}

static void tristate_release(void *field)
{
	*(unsigned char *)field = TRISTATE_UNSAID;
}

const struct setting_type setting_unsigned = {
	.kind = "int",
	.form = FORM_UNSIGNED,
	.python_type = "int",
	.takes_value = true,
	.passes_argparse = unsigned_passes_argparse,
	.set = unsigned_set,
	.release = unsigned_release,
};

const struct setting_type setting_size = {
	.kind = "size",
	.form = FORM_SIZE,
	.takes_value = true,
	.set = size_set,
	.release = size_release,
};

const struct setting_type setting_mode = {
	.kind = "int",
	.form = FORM_UNSIGNED,
	.python_type = "auto_int",
	.takes_value = true,
	.passes_argparse = mode_passes_argparse,
	.set = mode_set,
	.release = unsigned_release,
};

const struct setting_type setting_user = {
	.kind = "id",
	.form = FORM_UNSIGNED,
	.takes_value = true,
	.set = user_set,
	.release = unsigned_release,
};

const struct setting_type setting_group = {
	.kind = "id",
	.form = FORM_UNSIGNED,
	.takes_value = true,
	.set = group_set,
	.release = unsigned_release,
};

const struct setting_type setting_switch = {
	.kind = "bool",
	.form = FORM_SWITCH,
	.set = switch_set,
	.release = switch_release,
};

const struct setting_type setting_tristate = {
	.kind = "bool",
	.form = FORM_TRISTATE,
	.set = tristate_set,
	.release = tristate_release,
};

/* The settings as a whole: defaults, the one setter, origins.
 *
 * Guarantees that a field only ever holds a value its row accepts, and that a
 * value of higher origin survives whatever lower ones are set later.  What text
 * means to a field is the type's; which settings exist is the table's. */
#include "ucorn/config/settings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ucorn/config/table.h"

static void *field_of(struct settings *s, const struct setting *row)
{
	return (char *)s + row->offset;
}

static int set_row(struct settings *s, const struct setting *row, const char *text,
		   enum origin origin, struct err *err)
{
	unsigned char *present = &s->origins[setting_number(row)];

	if (origin < *present)
		return 0;
	if (setting_accumulates(row) && origin > *present)
		row->type->release(field_of(s, row));
	if (row->type->set(row, field_of(s, row), text, origin, err) < 0)
		return -1;
	*present = (unsigned char)origin;
	return 0;
}

/* Lays the row's environment variable, if it is set, over the default. */
static int set_from_environment(struct settings *s, const struct setting *row, struct err *err)
{
	const char *value = getenv(row->env);
	char *text = NULL;
	struct err why;
	int rc = 0;

	if (!value)
		return 0;
	if (asprintf(&text, "%s%s", row->env_prefix ? row->env_prefix : "", value) < 0)
		return err_set(err, "Out of memory");
	if (set_row(s, row, text, ORIGIN_ENVIRONMENT, &why) < 0)
		rc = err_set(err, "Environment variable %s: %s", row->env, why.text);
	free(text);
	return rc;
}

static const char *default_of(const struct setting *row)
{
	return row->default_now ? row->default_now() : row->default_text;
}

static int set_default(struct settings *s, const struct setting *row, struct err *err)
{
	const char *text = default_of(row);

	if (text && set_row(s, row, text, ORIGIN_DEFAULT, err) < 0)
		return -1;
	return row->env ? set_from_environment(s, row, err) : 0;
}

int settings_init(struct settings *s, struct err *err)
{
	const struct setting *row;
	size_t count = 0;

	do
		count++;
	while (setting_at(count));
	*s = (struct settings){0};
	s->origins = calloc(count, sizeof(*s->origins));
	if (!s->origins)
		return err_set(err, "Out of memory");
	for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
		if (set_default(s, row, err) < 0) {
			settings_release(s);
			return -1;
		}
	}
	return 0;
}

void settings_release(struct settings *s)
{
	const struct setting *row;

	for (size_t i = 0; (row = setting_at(i)) != NULL; i++)
		row->type->release(field_of(s, row));
	free(s->origins);
	s->origins = NULL;
	free(s->app);
	s->app = NULL;
	if (s->objects.release)
		s->objects.release(s->objects.data);
	s->objects = (struct settings_objects){0};
}

static int unknown(const char *name, struct err *err)
{
	return err_set(err, "No configuration setting for: %s", name);
}

int settings_set(struct settings *s, const char *name, const char *text, enum origin origin,
		 struct err *err)
{
	const struct setting *row = setting_find(name);

	return row ? set_row(s, row, text, origin, err) : unknown(name, err);
}

int settings_clear(struct settings *s, const char *name, enum origin origin, struct err *err)
{
	const struct setting *row = setting_find(name);
	const char *text;

	if (!row)
		return unknown(name, err);
	if (origin < s->origins[setting_number(row)])
		return 0;
	text = setting_accumulates(row) ? NULL : default_of(row);
	row->type->release(field_of(s, row));
	s->origins[setting_number(row)] = (unsigned char)origin;
	return text ? set_row(s, row, text, origin, err) : 0;
}

enum origin settings_origin(const struct settings *s, const char *name)
{
	const struct setting *row = setting_find(name);

	assert(row);
	return (enum origin)s->origins[setting_number(row)];
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_list(const struct string_list *a, const struct string_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

bool setting_same(const struct setting *row, const struct settings *a, const struct settings *b)
{
	const void *va = setting_value(row, a), *vb = setting_value(row, b);

	switch (row->type->form) {
	case FORM_UNSIGNED:
		return *(const unsigned *)va == *(const unsigned *)vb;
	case FORM_SIZE:
		return *(const uint64_t *)va == *(const uint64_t *)vb;
	case FORM_SWITCH:
		return *(const bool *)va == *(const bool *)vb;
	case FORM_TRISTATE:
		return *(const unsigned char *)va == *(const unsigned char *)vb;
	case FORM_STRING:
		return same_text(*(char *const *)va, *(char *const *)vb);
	case FORM_LIST:
		return same_list(va, vb);
	case FORM_OBJECT:
		break;
	}
	/* Two objects may be equal, but who gives one wants something. */
	return !((const struct object_setting *)va)->given &&
	       !((const struct object_setting *)vb)->given;
}

/* The settings as a whole: defaults, the one setter, origins.
 *
 * Guarantees that a field only ever holds a value its row accepts, and that a
 * value of higher origin survives whatever lower ones are set later.  What text
 * means to a field is setting_types.c's; which settings exist is the table's. */
#include "ucorn/config/settings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < settings_table_len; i++)
		if (strcmp(settings_table[i].name, name) == 0)
			return &settings_table[i];
	return NULL;
}

static void *field_of(struct settings *s, const struct setting *row)
{
	return (char *)s + row->offset;
}

static int set_row(struct settings *s, const struct setting *row, const char *text,
		   enum origin origin, struct err *err)
{
	unsigned char *present = &s->origins[row - settings_table];

	if (origin < *present)
		return 0;
	if (row->type->accumulates && origin > *present)
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

static int set_default(struct settings *s, const struct setting *row, struct err *err)
{
	if (row->default_text && set_row(s, row, row->default_text, ORIGIN_DEFAULT, err) < 0)
		return -1;
	return row->env ? set_from_environment(s, row, err) : 0;
}

int settings_init(struct settings *s, struct err *err)
{
	*s = (struct settings){0};
	s->origins = calloc(settings_table_len, sizeof(*s->origins));
	if (!s->origins)
		return err_set(err, "Out of memory");
	for (size_t i = 0; i < settings_table_len; i++) {
		if (set_default(s, &settings_table[i], err) < 0) {
			settings_release(s);
			return -1;
		}
	}
	return 0;
}

void settings_release(struct settings *s)
{
	for (size_t i = 0; i < settings_table_len; i++)
		settings_table[i].type->release(field_of(s, &settings_table[i]));
	free(s->origins);
	s->origins = NULL;
}

int settings_set(struct settings *s, const char *name, const char *text, enum origin origin,
		 struct err *err)
{
	const struct setting *row = setting_find(name);

	if (!row)
		return err_set(err, "No configuration setting for: %s", name);
	return set_row(s, row, text, origin, err);
}

enum origin settings_origin(const struct settings *s, const char *name)
{
	const struct setting *row = setting_find(name);

	assert(row);
	return (enum origin)s->origins[row - settings_table];
}

/* Texts, lists of texts, and values that are no text at all.
 *
 * As for numbers, gunicorn's validators are followed to the letter of their
 * messages. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "types.h"
#include "ucorn/util/exec.h"

/* str.strip() of ASCII text. */
struct slice stripped(const char *text)
{
	static const char blanks[] = " \t\n\r\v\f";
	size_t len;

	text += strspn(text, blanks);
	for (len = strlen(text); len > 0 && strchr(blanks, text[len - 1]); len--)
		;
	return slice_of(text, len);
}

char *copy_stripped(const char *text, struct err *err)
{
	struct slice s = stripped(text);
	char *copy = strndup(s.base, s.len);

	if (!copy)
		err_set(err, "Out of memory");
	return copy;
}

static void string_release(void *field)
{
	char **string = field;

	free(*string);
	*string = NULL;
}

/* The field gets the string itself, if there is one. */
static int string_take(void *field, char *string)
{
	if (!string)
		return -1;
	string_release(field);
	*(char **)field = string;
	return 0;
}

static int string_set(const struct setting *row, void *field, const char *text, enum origin origin,
		      struct err *err)
{
	UNUSED(row);
	UNUSED(origin);
	return string_take(field, copy_stripped(text, err));
}

/* --- one of several words --- */

/* The refusal names the word if it ends with a colon or an open quote. */
static int choice_refuse(const struct setting *row, const char *text, struct err *err)
{
	char end = row->refusal[strlen(row->refusal) - 1];

	if (end == ':')
		return err_set(err, "%s %s", row->refusal, text);
	if (end == '\'')
		return err_set(err, "%s%s'", row->refusal, text);
	return err_set(err, "%s", row->refusal);
}

static int choice_set(const struct setting *row, void *field, const char *text, enum origin origin,
		      struct err *err)
{
	struct slice word = stripped(text);

	UNUSED(origin);
	for (const struct setting_choice *c = row->choices; c->said; c++)
		if (slice_eq_nocase(word, slice_from(c->said)))
			return string_take(field, copy_stripped(c->meant, err));
	return choice_refuse(row, text, err);
}

/* --- a folder that exists --- */

/* Takes "", "." and ".." out of an absolute path, without a look at links, as
 * os.path.normpath does. */
static void normalise(char *path)
{
	const char *in = path;
	char *out = path;

	while (*in) {
		size_t len;

		in += strspn(in, "/");
		len = strcspn(in, "/");
		if (len == 2 && memcmp(in, "..", 2) == 0) {
			while (out > path && *--out != '/')
				;
		} else if (len > 0 && !(len == 1 && *in == '.')) {
			*out++ = '/';
			memmove(out, in, len);
			out += len;
		}
		in += len;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

static int folder_set(const struct setting *row, void *field, const char *text, enum origin origin,
		      struct err *err)
{
	struct slice name = stripped(text);
	char folder[PATH_MAX], *path = NULL;

	UNUSED(row);
	UNUSED(origin);
	exec_current_folder(folder);
	if (name.len > 0 && name.base[0] == '/')
		folder[0] = '\0';
	if (asprintf(&path, "%s/%.*s", folder, (int)name.len, name.base) < 0)
		return err_set(err, "Out of memory");
	normalise(path);
	if (access(path, F_OK) < 0) {
		free(path);
		return err_set(err, "can't chdir to '%.*s'", (int)name.len, name.base);
	}
	return string_take(field, path);
}

/* --- lists --- */

static int list_append(const struct setting *row, void *field, const char *text, enum origin origin,
		       struct err *err)
{
	struct string_list *list = field;
	char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	UNUSED(row);
	UNUSED(origin);
	if (!items)
		return err_set(err, "Out of memory");
	list->items = items;
	items[list->count] = copy_stripped(text, err);
	if (!items[list->count])
		return -1;
	list->count++;
	return 0;
}

static void list_release(void *field)
{
	struct string_list *list = field;

	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){0};
}

/* Files that exist, and patterns, which may match some later. */
static int files_append(const struct setting *row, void *field, const char *text,
			enum origin origin, struct err *err)
{
	struct slice name = stripped(text);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)name.len, name.base);
	if (!strpbrk(path, "*?[") && access(path, F_OK) < 0)
		return err_set(err, "File %s does not exists.", path);
	return list_append(row, field, text, origin, err);
}

/* --- Python objects --- */

static int object_set(const struct setting *row, void *field, const char *text, enum origin origin,
		      struct err *err)
{
	struct object_setting *object = field;

	UNUSED(row);
	UNUSED(text);
	UNUSED(origin);
	UNUSED(err);
	object->given = true;
	return 0;
}

static void object_release(void *field)
{
	struct object_setting *object = field;

	object->given = false;
}

const struct setting_type setting_choice = {
	.kind = "choice",
	.form = FORM_STRING,
	.takes_value = true,
	.set = choice_set,
	.release = string_release,
};

const struct setting_type setting_folder = {
	.kind = "folder",
	.form = FORM_STRING,
	.takes_value = true,
	.set = folder_set,
	.release = string_release,
};

#define STRING_TYPE(name)                            \
	const struct setting_type setting_##name = { \
		.kind = #name,                       \
		.form = FORM_STRING,                 \
		.takes_value = true,                 \
		.set = string_set,                   \
		.release = string_release,           \
	}

STRING_TYPE(string);
STRING_TYPE(any);
STRING_TYPE(class);
STRING_TYPE(commas);
STRING_TYPE(addresses);
STRING_TYPE(pairs);
STRING_TYPE(statsd);
STRING_TYPE(protocols);

const struct setting_type setting_list = {
	.kind = "list",
	.form = FORM_LIST,
	.takes_value = true,
	.set = list_append,
	.release = list_release,
};

const struct setting_type setting_files = {
	.kind = "list",
	.form = FORM_LIST,
	.takes_value = true,
	.set = files_append,
	.release = list_release,
};

const struct setting_type setting_hook = {
	.kind = "hook",
	.form = FORM_OBJECT,
	.takes_value = true,
	.set = object_set,
	.release = object_release,
};

const struct setting_type setting_dict = {
	.kind = "dict",
	.form = FORM_OBJECT,
	.takes_value = true,
	.set = object_set,
	.release = object_release,
};

/* The rows of the settings table and what the types of their fields can do. */
#ifndef UCORN_CONFIG_TABLE_H
#define UCORN_CONFIG_TABLE_H

#include "ucorn/config/settings.h"

/* In the order in which --help shows them. */
enum section {
	SECTION_CONFIG_FILE,
	SECTION_SERVER_SOCKET,
	SECTION_WORKER_PROCESSES,
	SECTION_SECURITY,
	SECTION_SERVER_MECHANICS,
	SECTION_LOGGING,
	SECTION_PROCESS_NAMING,
	SECTION_COUNT,
};

#define SETTING_FLAGS_MAX 3

struct setting {
	const char *name; /* gunicorn's, which is also the field's */
	size_t offset;	  /* of the field in struct settings */
	const struct setting_type *type;
	const char *flags[SETTING_FLAGS_MAX + 1]; /* as argparse lists them; NULL behind the last */
	const char *metavar;			  /* NULL for a switch */
	const char *default_text;		  /* NULL: NULL, or an empty list */
	unsigned cap;		/* larger numbers are taken as this one; 0: no cap */
	const char *env;	/* variable that replaces the default; NULL: none */
	const char *env_prefix; /* goes before that variable's value */
	enum section section;
	const char *description;
};

/* Name, place and type of the field f: read from the C declaration, so that a
 * row cannot disagree with its field. */
#define FIELD(f) \
	.name = #f, .offset = offsetof(struct settings, f),                                        \
	.type = _Generic(((struct settings *)NULL)->f,                                             \
		unsigned: &setting_unsigned,                                                       \
		uint64_t: &setting_size,                                                           \
		bool: &setting_switch,                                                             \
		char *: &setting_string,                                                           \
		struct string_list: &setting_list)

struct setting_type {
	const char *python_type; /* what argparse calls it; NULL: it takes any text */
	bool takes_value;	 /* false: naming its flag is enough */
	bool accumulates;	 /* a second value joins the first */

	/* Would argparse's own check let text through?  NULL: any text. */
	bool (*passes_argparse)(const char *text);

	/* Reads text into the field; on failure (-1) the field is as it was. */
	int (*set)(const struct setting *row, void *field, const char *text, enum origin origin,
		   struct err *err);

	/* Frees what the field owns and leaves it empty. */
	void (*release)(void *field);
};

extern const struct setting_type setting_unsigned, setting_size, setting_switch, setting_string,
	setting_list;

extern const struct setting settings_table[];
extern const size_t settings_table_len;

/* Options that are no settings: they only have flags and a description. */
enum { BUILTIN_HELP, BUILTIN_VERSION, BUILTIN_COUNT };
extern const struct setting builtin_options[BUILTIN_COUNT];

/* The row called name; NULL if there is none. */
const struct setting *setting_find(const char *name);

#endif

/* The rows of the settings table and what the types of their fields can do: for
 * those who walk all settings. */
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
	SECTION_DEBUGGING,
	SECTION_SERVER_HOOKS,
	SECTION_SSL,
	SECTION_HTTP2,
	SECTION_DIRTY,
	SECTION_DIRTY_HOOKS,
	SECTION_CONTROL,
	SECTION_COUNT,
};

/* What becomes of a value other than the default. */
enum setting_status {
	SETTING_WORKS,
	SETTING_REFUSED,	/* an error, until ucorn can do it */
	SETTING_NOT_OFFERED,	/* a warning: ucorn does something else instead */
	SETTING_WITHOUT_EFFECT, /* taken: what it is for does not exist here */
};

/* A word that a setting takes, and the one that it stands for. */
struct setting_choice {
	const char *said, *meant;
};

#define SETTING_FLAGS_MAX 3

struct setting {
	const char *name; /* gunicorn's, which is also the field's */
	size_t offset;	  /* of the field in struct settings */
	const struct setting_type *type;
	const char *flags[SETTING_FLAGS_MAX + 1]; /* as argparse lists them; NULL behind the last */
	const char *flag_text;			  /* what a flag means that has no value; NULL:
						   * "true" for a switch, others need one */
	const char *metavar;			  /* NULL for a switch */
	const char *default_text;		  /* NULL: NULL, or an empty list */
	const char *(*default_now)(void);	  /* a default that only the process knows */
	unsigned cap;			      /* larger numbers are taken as this one; 0: none */
	const char *env;		      /* variable that replaces the default; NULL: none */
	const char *env_prefix;		      /* goes before that variable's value */
	const struct setting_choice *choices; /* the only values; said = NULL behind the last */
	const char *refusal; /* of other values; they follow if it ends with : or ' */
	unsigned arity;	     /* how many arguments a hook gets */
	unsigned arity_min;  /* fewer will do, down to this; 0: no fewer */
	bool needs_restart;  /* a reload does not take a new value over */
	bool own;	     /* gunicorn has no such setting */
	enum setting_status status;
	const char *note; /* what to do instead, or why; NULL if status is SETTING_WORKS */
	enum section section;
	const char *description;
};

/* Name and place of the field f. */
#define FIELD_PLACE(f) .name = #f, .offset = offsetof(struct settings, f)

/* And its type, which the C type chooses: a row cannot disagree with its field. */
/* clang-format off */
#define FIELD(f) FIELD_PLACE(f),                              \
	.type = _Generic(((struct settings *)NULL)->f,        \
		unsigned: &setting_unsigned,                  \
		uint64_t: &setting_size,                      \
		bool: &setting_switch,                        \
		unsigned char: &setting_tristate,             \
		char *: &setting_string,                      \
		struct string_list: &setting_list,            \
		struct object_setting: &setting_hook)

/* The same for C types that stand for several types of setting. */
#define NUMBER_FIELD(f, type_) FIELD_PLACE(f), \
	.type = _Generic(((struct settings *)NULL)->f, unsigned: &(type_))
#define STRING_FIELD(f, type_) FIELD_PLACE(f), \
	.type = _Generic(((struct settings *)NULL)->f, char *: &(type_))
#define LIST_FIELD(f, type_) FIELD_PLACE(f), \
	.type = _Generic(((struct settings *)NULL)->f, struct string_list: &(type_))
#define OBJECT_FIELD(f, type_) FIELD_PLACE(f), \
	.type = _Generic(((struct settings *)NULL)->f, struct object_setting: &(type_))
/* clang-format on */

/* What a field is in C. */
enum setting_form {
	FORM_UNSIGNED,
	FORM_SIZE,     /* uint64_t */
	FORM_SWITCH,   /* bool */
	FORM_TRISTATE, /* unsigned char */
	FORM_STRING,   /* char * */
	FORM_LIST,     /* struct string_list */
	FORM_OBJECT,   /* struct object_setting */
};

struct setting_type {
	const char *kind; /* what Python makes of it: see ucorn/config.py */
	enum setting_form form;
	const char *python_type; /* what argparse calls it; NULL: it takes any text */
	bool takes_value;	 /* false: naming its flag is enough */

	/* Would argparse's own check let text through?  NULL: any text. */
	bool (*passes_argparse)(const char *text);

	/* Reads text into the field; on failure (-1) the field is as it was. */
	int (*set)(const struct setting *row, void *field, const char *text, enum origin origin,
		   struct err *err);

	/* Frees what the field owns and leaves it empty. */
	void (*release)(void *field);
};

/* A second value joins the first. */
static inline bool setting_accumulates(const struct setting *row)
{
	return row->type->form == FORM_LIST;
}

/* Numbers and switches. */
extern const struct setting_type setting_unsigned, setting_size, setting_mode, setting_user,
	setting_group, setting_switch, setting_tristate;

/* Texts.  Those of commas, addresses, ... are checked where they are used: they
 * have kinds of their own because Python sees lists and such in them. */
extern const struct setting_type setting_string, setting_choice, setting_folder, setting_class,
	setting_any, setting_commas, setting_addresses, setting_pairs, setting_statsd,
	setting_protocols;

extern const struct setting_type setting_list, setting_files;

extern const struct setting_type setting_hook, setting_dict;

/* A stretch of the table. */
struct setting_rows {
	const struct setting *rows;
	size_t count;
};

/* Row i, in gunicorn's order; NULL behind the last. */
const struct setting *setting_at(size_t i);

/* The i of setting_at. */
size_t setting_number(const struct setting *row);

/* The row called name; NULL if there is none. */
const struct setting *setting_find(const char *name);

/* Whether the row's value is the same in both. */
bool setting_same(const struct setting *row, const struct settings *a, const struct settings *b);

/* Where the row's value lies. */
static inline const void *setting_value(const struct setting *row, const struct settings *s)
{
	return (const char *)s + row->offset;
}

const char *section_title(enum section section);

/* "default", "environment", ...: where a value came from, in words. */
const char *origin_title(enum origin origin);

/* Options that are no settings: they only have flags and a description. */
enum { BUILTIN_HELP, BUILTIN_VERSION, BUILTIN_EXPLAIN, BUILTIN_DUMP, BUILTIN_COUNT };
extern const struct setting builtin_options[BUILTIN_COUNT];

#endif

/* What makes environs: their keys, the usual values, and the templates that they are copied
 * from.  Between environ.c and templates.c. */
#ifndef UCORN_WSGI_ENVIRON_H
#define UCORN_WSGI_ENVIRON_H

#include "wsgi.h"

enum key {
	KEY_REQUEST_METHOD,
	KEY_QUERY_STRING,
	KEY_RAW_URI,
	KEY_SERVER_PROTOCOL,
	KEY_PATH_INFO,
	KEY_SCRIPT_NAME,
	KEY_REMOTE_ADDR,
	KEY_REMOTE_PORT,
	KEY_SERVER_NAME,
	KEY_SERVER_PORT,
	KEY_CONTENT_TYPE,
	KEY_CONTENT_LENGTH,
	KEY_INPUT,
	KEY_URL_SCHEME,
	KEY_EARLY_HINTS,
	KEY_SOCKET,
	KEY_COUNT
};

/* Values that most requests have. */
enum text { TEXT_EMPTY, TEXT_GET, TEXT_POST, TEXT_HTTP10, TEXT_HTTP11, TEXT_HTTPS, TEXT_COUNT };

enum { TEMPLATES = 16 };

/* What a request takes over from the one before it is not set again: the objects of the
 * pools mostly, and the client's address. */
struct environ_template {
	const struct listener *listener;
	PyObject *dict;
	PyObject *input, *early_hints, *addr; /* which dict has at present; NULL: none yet */
};

struct environ_maker {
	PyObject *keys[KEY_COUNT];
	PyObject *texts[TEXT_COUNT];
	PyObject *constants; /* what is the same for all listeners */
	PyObject *script_name;
	char *script_path; /* its bytes: cut off the front of each path */
	struct environ_template templates[TEMPLATES];
	struct field_names *names;
	struct peers *peers; /* the application's */
};

/* dict[key] = value; steals value, which may be NULL with an exception set. */
static inline bool environ_put(PyObject *dict, PyObject *key, PyObject *value)
{
	int rc = value ? PyDict_SetItem(dict, key, value) : -1;

	Py_XDECREF(value);
	return rc == 0;
}

/* The constants of all templates; false with an exception set. */
bool templates_init(struct environ_maker *m, const struct wsgi_app *app, PyObject *errors,
		    PyObject *file_wrapper);
void templates_release(struct environ_maker *m);

/* A copy of the listener's template with these values: a new reference, or NULL with an
 * exception.  input and early_hints are pooled. */
PyObject *template_copy(struct environ_maker *m, const struct listener *l, PyObject *input,
			PyObject *early_hints, PyObject *addr);

#endif

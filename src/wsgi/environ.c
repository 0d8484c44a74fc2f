/* The environ of a request (PEP 3333, "environ Variables").
 *
 * A copy of a template that has every key already, so that the copy is one
 * block and setting a value never resizes; one template per listener.  Keys are
 * interned once; `HTTP_...` keys come from a cache (field_names.c).  Text is
 * latin-1, as WSGI's native strings want. */
#include <stdlib.h>

#include "ucorn/http/target.h"
#include "ucorn/py/pylib.h"
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

static const char *const key_names[KEY_COUNT] = {
	[KEY_REQUEST_METHOD] = "REQUEST_METHOD",
	[KEY_QUERY_STRING] = "QUERY_STRING",
	[KEY_RAW_URI] = "RAW_URI",
	[KEY_SERVER_PROTOCOL] = "SERVER_PROTOCOL",
	[KEY_PATH_INFO] = "PATH_INFO",
	[KEY_SCRIPT_NAME] = "SCRIPT_NAME",
	[KEY_REMOTE_ADDR] = "REMOTE_ADDR",
	[KEY_REMOTE_PORT] = "REMOTE_PORT",
	[KEY_SERVER_NAME] = "SERVER_NAME",
	[KEY_SERVER_PORT] = "SERVER_PORT",
	[KEY_CONTENT_TYPE] = "CONTENT_TYPE",
	[KEY_CONTENT_LENGTH] = "CONTENT_LENGTH",
	[KEY_INPUT] = "wsgi.input",
	[KEY_URL_SCHEME] = "wsgi.url_scheme",
	[KEY_EARLY_HINTS] = "wsgi.early_hints",
	[KEY_SOCKET] = "gunicorn.socket",
};

/* Values that most requests have. */
enum text { TEXT_EMPTY, TEXT_GET, TEXT_POST, TEXT_HTTP10, TEXT_HTTP11, TEXT_HTTPS, TEXT_COUNT };

static const char *const texts[TEXT_COUNT] = {
	[TEXT_EMPTY] = "",	    [TEXT_GET] = "GET",		[TEXT_POST] = "POST",
	[TEXT_HTTP10] = "HTTP/1.0", [TEXT_HTTP11] = "HTTP/1.1", [TEXT_HTTPS] = "https",
};

enum { TEMPLATES = 16 };

struct environ_template {
	const struct listener *listener;
	PyObject *dict;
};

struct environ_maker {
	PyObject *keys[KEY_COUNT];
	PyObject *texts[TEXT_COUNT];
	PyObject *constants; /* what is the same for all listeners */
	PyObject *script_name;
	char *script_path; /* its bytes: cut off the front of each path */
	struct environ_template templates[TEMPLATES];
	struct field_names *names;
	PyObject *socket_class;
};

static PyObject *latin1(struct slice s)
{
	return PyUnicode_DecodeLatin1(s.base, (Py_ssize_t)s.len, NULL);
}

/* dict[key] = value; steals value, which may be NULL with an exception set. */
static bool put(PyObject *dict, PyObject *key, PyObject *value)
{
	int rc = value ? PyDict_SetItem(dict, key, value) : -1;

	Py_XDECREF(value);
	return rc == 0;
}

static bool put_text(PyObject *dict, const char *key, PyObject *value)
{
	int rc = value ? PyDict_SetItemString(dict, key, value) : -1;

	Py_XDECREF(value);
	return rc == 0;
}

/* ---- templates */

static bool put_constants(PyObject *dict, const struct wsgi_options *o, PyObject *errors,
			  PyObject *file_wrapper)
{
	return put_text(dict, "wsgi.version", Py_BuildValue("(ii)", 1, 0)) &&
	       put_text(dict, "wsgi.url_scheme", PyUnicode_FromString("http")) &&
	       put_text(dict, "wsgi.errors", Py_NewRef(errors)) &&
	       put_text(dict, "wsgi.multithread", PyBool_FromLong(o->multithread)) &&
	       put_text(dict, "wsgi.multiprocess", PyBool_FromLong(o->multiprocess)) &&
	       put_text(dict, "wsgi.run_once", PyBool_FromLong(0)) &&
	       put_text(dict, "wsgi.file_wrapper", Py_NewRef(file_wrapper)) &&
	       put_text(dict, "wsgi.input_terminated", PyBool_FromLong(1)) &&
	       put_text(dict, "SERVER_SOFTWARE", pylib_call("ucorn.patches", "software", NULL));
}

static bool put_listener(struct environ_maker *m, PyObject *dict, const struct listener *l)
{
	PyObject *port;

	/* On a unix socket the Host field decides, see put_server_from_host. */
	port = !l || l->is_unix ? Py_NewRef(m->texts[TEXT_EMPTY])
				: PyUnicode_FromFormat("%u", l->port);
	return put(dict, m->keys[KEY_SERVER_NAME], PyUnicode_FromString(l ? l->name : "")) &&
	       put(dict, m->keys[KEY_SERVER_PORT], port);
}

/* A dict grows when its table is full, and its copies keep the size of the table: one
 * key too many, taken out again, leaves room for a request's fields, so that no
 * environ has to grow. */
static bool make_room(PyObject *dict)
{
	return PyDict_SetItemString(dict, "room", Py_None) == 0 &&
	       PyDict_DelItemString(dict, "room") == 0;
}

static PyObject *template_new(struct environ_maker *m, const struct listener *l)
{
	/* The values that most requests have, so that those need not set them. */
	static const struct {
		enum key key;
		enum text text;
	} usual[] = {
		{KEY_REQUEST_METHOD, TEXT_GET}, {KEY_SERVER_PROTOCOL, TEXT_HTTP11},
		{KEY_QUERY_STRING, TEXT_EMPTY}, {KEY_RAW_URI, TEXT_EMPTY},
		{KEY_PATH_INFO, TEXT_EMPTY},	{KEY_REMOTE_ADDR, TEXT_EMPTY},
		{KEY_INPUT, TEXT_EMPTY},	{KEY_EARLY_HINTS, TEXT_EMPTY},
		{KEY_SOCKET, TEXT_EMPTY},
	};
	PyObject *dict = PyDict_Copy(m->constants);
	bool ok = dict && put_listener(m, dict, l) &&
		  PyDict_SetItem(dict, m->keys[KEY_SCRIPT_NAME], m->script_name) == 0;

	for (size_t i = 0; ok && i < ARRAY_LEN(usual); i++)
		ok = PyDict_SetItem(dict, m->keys[usual[i].key], m->texts[usual[i].text]) == 0;
	if (ok && !(l && l->is_unix))
		ok = PyDict_SetItem(dict, m->keys[KEY_REMOTE_PORT], m->texts[TEXT_EMPTY]) == 0;
	if (!ok || !make_room(dict))
		Py_CLEAR(dict);
	return dict;
}

/* Where the listener's template is, or is to be: beyond TEMPLATES listeners the last place
 * is shared. */
static struct environ_template *template_place(struct environ_maker *m, const struct listener *l)
{
	size_t i = 0;

	while (i < TEMPLATES - 1 && m->templates[i].dict && m->templates[i].listener != l)
		i++;
	return &m->templates[i];
}

/* The listener's template, made when it is first needed: a new reference, since while one is
 * made another thread may put its own in the same place. */
static PyObject *template_of(struct environ_maker *m, const struct listener *l)
{
	struct environ_template *place = template_place(m, l);
	PyObject *made;

	if (place->dict && place->listener == l)
		return Py_NewRef(place->dict);
	made = template_new(m, l);
	if (!made)
		return NULL;
	place = template_place(m, l);
	place->listener = l;
	Py_XSETREF(place->dict, Py_NewRef(made));
	return made;
}

/* ---- header fields */

/* Sets a field, or joins it to an earlier one of that name (RFC 9110 5.3). */
static bool put_field(PyObject *environ, PyObject *key, PyObject *value)
{
	PyObject *there = PyDict_SetDefault(environ, key, value);

	if (!there)
		return false;
	if (there == value)
		return true;
	return put(environ, key, PyUnicode_FromFormat("%U,%U", there, value));
}

/* Fields that are no HTTP_ key: CGI's own two, and the transfer coding, which
 * has been taken off the body. */
static bool special_field(struct environ_maker *m, const struct http_field *f, PyObject **key)
{
	*key = NULL;
	if (f->name.len == 12 && slice_eq_nocase(f->name, SLICE("content-type")))
		*key = m->keys[KEY_CONTENT_TYPE];
	else if (f->name.len == 14 && slice_eq_nocase(f->name, SLICE("content-length")))
		*key = m->keys[KEY_CONTENT_LENGTH];
	else if (f->name.len != 17 || !slice_eq_nocase(f->name, SLICE("transfer-encoding")))
		return false;
	return true;
}

static bool put_fields(struct environ_maker *m, PyObject *environ, const struct http_request *req)
{
	for (size_t i = 0; i < req->n_fields; i++) {
		const struct http_field *f = &req->fields[i];
		PyObject *key, *value;
		bool ok;

		if (special_field(m, f, &key)) {
			if (key && !put(environ, key, latin1(f->value)))
				return false;
			continue;
		}
		key = field_names_key(m->names, f->name);
		value = key ? latin1(f->value) : NULL;
		ok = value && put_field(environ, key, value);
		Py_XDECREF(value);
		Py_XDECREF(key);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- the request line */

/* What the template has is not set again. */
static bool put_method(struct environ_maker *m, PyObject *environ, struct slice method)
{
	bool is_post = slice_eq(method, SLICE("POST"));

	return slice_eq(method, SLICE("GET")) ||
	       put(environ, m->keys[KEY_REQUEST_METHOD],
		   is_post ? Py_NewRef(m->texts[TEXT_POST]) : latin1(method));
}

static bool put_protocol(struct environ_maker *m, PyObject *environ, struct slice version)
{
	bool is_1_0 = slice_eq(version, SLICE("HTTP/1.0"));

	return slice_eq(version, SLICE("HTTP/1.1")) ||
	       put(environ, m->keys[KEY_SERVER_PROTOCOL],
		   is_1_0 ? Py_NewRef(m->texts[TEXT_HTTP10]) : latin1(version));
}

/* Where the application is mounted: by the process's environment, or by a trusted
 * proxy's SCRIPT_NAME field. */
static struct slice script_of(struct environ_maker *m, struct exchange *x)
{
	struct slice script = slice_from(m->script_path);

	/* The last one: a proxy adds its own behind what its client has sent. */
	for (size_t i = 0; x->conn->trusted && i < x->request.n_fields; i++)
		if (slice_eq_nocase(x->request.fields[i].name, SLICE("script_name")))
			script = x->request.fields[i].value;
	return script;
}

static PyObject *path_outside(struct slice script)
{
	PyObject *text = latin1(script); /* script ends with no NUL */

	if (text)
		PyErr_Format(PyExc_ValueError, "the request's path is not below SCRIPT_NAME (%U)",
			     text);
	Py_XDECREF(text);
	return NULL;
}

/* PATH_INFO: the path without SCRIPT_NAME, percent-decoded. */
static PyObject *path_text(struct exchange *x, struct slice script)
{
	struct slice path = x->request.path;
	char *decoded;

	if (!slice_starts(path, script))
		return path_outside(script);
	x->request.mounted = script.len;
	path = slice_of(path.base + script.len, path.len - script.len);
	if (!memchr(path.base, '%', path.len))
		return latin1(path);
	decoded = arena_alloc(&x->conn->arena, path.len);
	if (!decoded)
		return PyErr_NoMemory();
	return latin1(slice_of(decoded, http_percent_decode(path, decoded)));
}

static bool put_line(struct environ_maker *m, PyObject *environ, struct exchange *x)
{
	const struct http_request *req = &x->request;
	struct slice script = script_of(m, x);
	PyObject *path = path_text(x, script), *raw;

	if (!path)
		return false;
	if (script.base != m->script_path &&
	    !put(environ, m->keys[KEY_SCRIPT_NAME], latin1(script))) {
		Py_DECREF(path);
		return false;
	}
	/* Most targets are a plain path: one str serves both. */
	if (req->target.base == req->path.base && req->target.len == req->path.len &&
	    (size_t)PyUnicode_GET_LENGTH(path) == req->path.len)
		raw = Py_NewRef(path);
	else
		raw = latin1(req->target);
	return put(environ, m->keys[KEY_PATH_INFO], path) &&
	       put(environ, m->keys[KEY_RAW_URI], raw) && put_method(m, environ, req->method) &&
	       put_protocol(m, environ, req->version) &&
	       (req->query.len == 0 || put(environ, m->keys[KEY_QUERY_STRING], latin1(req->query)));
}

/* ---- the peer */

static bool put_peer(struct environ_maker *m, PyObject *environ, struct exchange *x)
{
	struct conn *c = x->conn;
	struct peer_values *v = peer_values_of(c, m->socket_class);

	if (!v)
		return false;
	client_socket_attach(&v->socket, x);
	if (PyDict_SetItem(environ, m->keys[KEY_SOCKET], v->socket.object) < 0 ||
	    PyDict_SetItem(environ, m->keys[KEY_REMOTE_ADDR], v->addr) < 0)
		return false;
	return (c->listener && c->listener->is_unix) ||
	       PyDict_SetItem(environ, m->keys[KEY_REMOTE_PORT], v->port) == 0;
}

/* A unix socket has no name that a client could use: SERVER_NAME and _PORT come
 * from the Host field, `name[:port]` (IPv6 in brackets). */
static bool put_server_from_host(struct environ_maker *m, PyObject *environ,
				 const struct http_request *req)
{
	const struct http_field *host = http_request_field(req, SLICE("host"));
	struct slice name, port = SLICE("80");
	const char *colon, *bracket;

	if (!host || host->value.len == 0)
		return true;
	name = host->value;
	colon = memrchr(name.base, ':', name.len);
	bracket = memrchr(name.base, ']', name.len);
	if (colon && (!bracket || colon > bracket)) {
		port = slice_of(colon + 1, name.len - (size_t)(colon + 1 - name.base));
		name.len = (size_t)(colon - name.base);
	}
	return put(environ, m->keys[KEY_SERVER_NAME], latin1(name)) &&
	       put(environ, m->keys[KEY_SERVER_PORT], latin1(port));
}

/* ---- the whole */

static bool put_scheme(struct environ_maker *m, PyObject *environ, const struct http_request *req)
{
	return !req->https ||
	       PyDict_SetItem(environ, m->keys[KEY_URL_SCHEME], m->texts[TEXT_HTTPS]) == 0;
}

/* A chunked body is handed over as what it has become: one of known length.  Where
 * the rest of it is still to come, wsgi.input_terminated has to do: applications that
 * saw the coding would decode it again. */
static bool put_length(struct environ_maker *m, PyObject *environ, struct exchange *x)
{
	if (x->request.body != HTTP_BODY_CHUNKED || !x->body_complete)
		return true;
	return put(environ, m->keys[KEY_CONTENT_LENGTH],
		   PyUnicode_FromFormat("%llu", (unsigned long long)x->body.size));
}

PyObject *environ_new(struct environ_maker *m, struct exchange *x, PyObject *input,
		      PyObject *early_hints)
{
	struct conn *c = x->conn;
	PyObject *template = template_of(m, c->listener);
	PyObject *environ = template ? PyDict_Copy(template) : NULL;
	bool ok = environ && put_line(m, environ, x) && put_peer(m, environ, x) &&
		  PyDict_SetItem(environ, m->keys[KEY_INPUT], input) == 0 &&
		  PyDict_SetItem(environ, m->keys[KEY_EARLY_HINTS], early_hints) == 0 &&
		  put_fields(m, environ, &x->request) && put_length(m, environ, x) &&
		  put_scheme(m, environ, &x->request);

	Py_XDECREF(template);
	if (ok && c->listener && c->listener->is_unix)
		ok = put_server_from_host(m, environ, &x->request);
	if (!ok)
		Py_CLEAR(environ);
	return environ;
}

void environ_leave(struct environ_maker *m, struct exchange *x, PyObject *environ)
{
	struct peer_values *v = x->conn->app_data;

	if (v)
		client_socket_attach(&v->socket, NULL);
	/* Frameworks make cycles of environs.  A used socket must not wait in one for the
	 * garbage collector, as the client waits for its end. */
	if (x->shared && environ && PyDict_DelItem(environ, m->keys[KEY_SOCKET]) < 0)
		PyErr_Clear();
}

static bool maker_texts(struct environ_maker *m)
{
	const char *script_name = getenv("SCRIPT_NAME");

	for (size_t i = 0; i < KEY_COUNT; i++) {
		m->keys[i] = PyUnicode_InternFromString(key_names[i]);
		if (!m->keys[i])
			return false;
	}
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		m->texts[i] = PyUnicode_InternFromString(texts[i]);
		if (!m->texts[i])
			return false;
	}
	m->script_path = strdup(script_name ? script_name : "");
	m->script_name = latin1(slice_from(script_name ? script_name : ""));
	return m->script_name && m->script_path;
}

struct environ_maker *environ_maker_new(const struct wsgi_options *options, PyObject *errors,
					PyObject *file_wrapper)
{
	struct environ_maker *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->names = field_names_new();
	m->constants = PyDict_New();
	m->socket_class = client_socket_class();
	if (!m->names || !m->constants || !m->socket_class || !maker_texts(m) ||
	    !put_constants(m->constants, options, errors, file_wrapper)) {
		environ_maker_free(m);
		return NULL;
	}
	return m;
}

static void clear_all(PyObject **objects, size_t count)
{
	for (size_t i = 0; i < count; i++)
		Py_CLEAR(objects[i]);
}

void environ_maker_free(struct environ_maker *m)
{
	if (!m)
		return;
	clear_all(m->keys, KEY_COUNT);
	clear_all(m->texts, TEXT_COUNT);
	clear_all(&m->constants, 1);
	clear_all(&m->script_name, 1);
	clear_all(&m->socket_class, 1);
	for (size_t i = 0; i < TEMPLATES; i++)
		clear_all(&m->templates[i].dict, 1);
	field_names_free(m->names);
	free(m->script_path);
	free(m);
}

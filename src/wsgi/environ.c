/* The environ of a request (PEP 3333, "environ Variables").
 *
 * A copy of a template that has every key already (templates.c).  Keys are interned once;
 * `HTTP_...` keys come from a cache (field_names.c).  Text is latin-1, as WSGI's native strings
 * want. */
#include <stdlib.h>

#include "environ.h"
#include "ucorn/http/target.h"

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

static const char *const texts[TEXT_COUNT] = {
	[TEXT_EMPTY] = "",	    [TEXT_GET] = "GET",		[TEXT_POST] = "POST",
	[TEXT_HTTP10] = "HTTP/1.0", [TEXT_HTTP11] = "HTTP/1.1", [TEXT_HTTPS] = "https",
};

/* The str of a slice.  Python would look for the largest character; that all are ASCII, as
 * nearly always, is seen faster. */
static PyObject *latin1(struct slice s)
{
	PyObject *text;

	/* Of these Python has one object each. */
	if (s.len <= 1 || !slice_is_ascii(s))
		return PyUnicode_DecodeLatin1(s.base, (Py_ssize_t)s.len, NULL);
	text = PyUnicode_New((Py_ssize_t)s.len, 127);
	if (text)
		memcpy(PyUnicode_1BYTE_DATA(text), s.base, s.len);
	return text;
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
	return environ_put(environ, key, PyUnicode_FromFormat("%U,%U", there, value));
}

/* Fields that are no HTTP_ key: CGI's own two, and the transfer coding, which
 * has been taken off the body. */
static bool special_field(struct environ_maker *m, const struct http_field *f, PyObject **key)
{
	*key = NULL;
	if (f->known == FIELD_CONTENT_TYPE)
		*key = m->keys[KEY_CONTENT_TYPE];
	else if (f->known == FIELD_CONTENT_LENGTH)
		*key = m->keys[KEY_CONTENT_LENGTH];
	else
		return f->known == FIELD_TRANSFER_ENCODING;
	return true;
}

static bool put_fields(struct environ_maker *m, PyObject *environ, const struct http_request *req)
{
	for (size_t i = 0; i < req->n_fields; i++) {
		const struct http_field *f = &req->fields[i];
		PyObject *key, *value;
		bool ok;

		if (special_field(m, f, &key)) {
			if (key && !environ_put(environ, key, latin1(f->value)))
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
	       environ_put(environ, m->keys[KEY_REQUEST_METHOD],
			   is_post ? Py_NewRef(m->texts[TEXT_POST]) : latin1(method));
}

static bool put_protocol(struct environ_maker *m, PyObject *environ, struct slice version)
{
	bool is_1_0 = slice_eq(version, SLICE("HTTP/1.0"));

	return slice_eq(version, SLICE("HTTP/1.1")) ||
	       environ_put(environ, m->keys[KEY_SERVER_PROTOCOL],
			   is_1_0 ? Py_NewRef(m->texts[TEXT_HTTP10]) : latin1(version));
}

/* Where the application is mounted: by the process's environment, or by a trusted
 * proxy's SCRIPT_NAME field. */
static struct slice script_of(struct environ_maker *m, struct exchange *x)
{
	struct slice script = slice_from(m->script_path);

	/* The last one: a proxy adds its own behind what its client has sent. */
	for (size_t i = 0; x->conn->trusted && i < x->request.n_fields; i++)
		if (x->request.fields[i].known == FIELD_SCRIPT_NAME)
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
	    !environ_put(environ, m->keys[KEY_SCRIPT_NAME], latin1(script))) {
		Py_DECREF(path);
		return false;
	}
	/* Most targets are a plain path: one str serves both. */
	if (req->target.base == req->path.base && req->target.len == req->path.len &&
	    (size_t)PyUnicode_GET_LENGTH(path) == req->path.len)
		raw = Py_NewRef(path);
	else
		raw = latin1(req->target);
	return environ_put(environ, m->keys[KEY_PATH_INFO], path) &&
	       environ_put(environ, m->keys[KEY_RAW_URI], raw) &&
	       put_method(m, environ, req->method) && put_protocol(m, environ, req->version) &&
	       (req->query.len == 0 ||
		environ_put(environ, m->keys[KEY_QUERY_STRING], latin1(req->query)));
}

/* ---- the peer */

static bool put_peer(struct environ_maker *m, PyObject *environ, const struct conn *c,
		     const struct peer_values *v)
{
	return PyDict_SetItem(environ, m->keys[KEY_SOCKET], v->socket.object) == 0 &&
	       ((c->listener && c->listener->is_unix) ||
		PyDict_SetItem(environ, m->keys[KEY_REMOTE_PORT], v->port) == 0);
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
	return environ_put(environ, m->keys[KEY_SERVER_NAME], latin1(name)) &&
	       environ_put(environ, m->keys[KEY_SERVER_PORT], latin1(port));
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
	return environ_put(environ, m->keys[KEY_CONTENT_LENGTH],
			   PyUnicode_FromFormat("%llu", (unsigned long long)x->body.size));
}

PyObject *environ_new(struct environ_maker *m, struct exchange *x, PyObject *input,
		      PyObject *early_hints)
{
	struct conn *c = x->conn;
	struct peer_values *v = peer_values_of(m->peers, c);
	PyObject *environ = NULL;
	bool ok;

	if (v) {
		client_socket_attach(&v->socket, x);
		environ = template_copy(m, c->listener, input, early_hints, v->addr);
	}
	ok = environ && put_line(m, environ, x) && put_peer(m, environ, c, v) &&
	     put_fields(m, environ, &x->request) && put_length(m, environ, x) &&
	     put_scheme(m, environ, &x->request);
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

struct environ_maker *environ_maker_new(struct wsgi_app *app, PyObject *errors,
					PyObject *file_wrapper)
{
	struct environ_maker *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->names = field_names_new();
	m->peers = &app->peers;
	if (!m->names || !maker_texts(m) || !templates_init(m, app, errors, file_wrapper)) {
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
	templates_release(m);
	clear_all(m->keys, KEY_COUNT);
	clear_all(m->texts, TEXT_COUNT);
	clear_all(&m->script_name, 1);
	field_names_free(m->names);
	free(m->script_path);
	free(m);
}

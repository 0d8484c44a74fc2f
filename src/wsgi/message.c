/* A request and its response as hooks and loggers see them: objects with what
 * gunicorn's have (ucorn.message).  They are made when somebody looks, from what the
 * exchange holds; where nobody does, nothing of this costs anything.
 *
 * A request has one object, so that what pre_request has put on it is there for the
 * logger and for post_request. */
#include "ucorn/py/objects.h"
#include "ucorn/py/pylib.h"
#include "wsgi.h"

/* WSGI's text: bytes as latin-1. */
static PyObject *text_of(struct slice s)
{
	return PyUnicode_DecodeLatin1(s.base ? s.base : "", (Py_ssize_t)s.len, NULL);
}

/* The name in capitals, as in gunicorn's req.headers. */
static PyObject *capitals(struct slice name)
{
	PyObject *text = text_of(name), *upper = NULL;

	if (text)
		upper = PyObject_CallMethod(text, "upper", NULL);
	Py_XDECREF(text);
	return upper;
}

/* Appends (name, value); steals name.  False with an exception. */
static bool append_pair(PyObject *list, PyObject *name, struct slice value)
{
	PyObject *pair = NULL, *text = name ? text_of(value) : NULL;
	bool done;

	if (text)
		pair = PyTuple_Pack(2, name, text);
	done = pair && PyList_Append(list, pair) == 0;
	Py_XDECREF(pair);
	Py_XDECREF(text);
	Py_XDECREF(name);
	return done;
}

static PyObject *request_headers(const struct http_request *req)
{
	PyObject *list = PyList_New(0);
	bool done = list != NULL;

	for (size_t i = 0; done && i < req->n_fields; i++)
		done = append_pair(list, capitals(req->fields[i].name), req->fields[i].value);
	if (!done)
		Py_CLEAR(list);
	return list;
}

static PyObject *response_headers(const struct response *r)
{
	PyObject *list = PyList_New(0);
	struct slice name, value;
	bool done = list != NULL;
	size_t at = 0;

	while (done && response_next_field(r, &at, &name, &value))
		done = append_pair(list, text_of(name), value);
	if (!done)
		Py_CLEAR(list);
	return list;
}

/* "HTTP/1.1" as (1, 1). */
static PyObject *version_of(struct slice version)
{
	const size_t digits = sizeof("HTTP/") - 1;

	if (version.len < digits + 3)
		return Py_BuildValue("(ii)", 1, 1);
	return Py_BuildValue("(ii)", version.base[digits] - '0', version.base[digits + 2] - '0');
}

/* (address, port); gunicorn has "" on unix sockets. */
static PyObject *peer_of(const struct conn *c)
{
	if (c->listener && c->listener->is_unix)
		return PyUnicode_FromString("");
	return Py_BuildValue("(sI)", c->remote_addr, c->remote_port);
}

PyObject *message_of_exchange(struct exchange *x)
{
	PyObject *module = pylib_import("ucorn.message"), *made = NULL;
	const struct http_request *req = &x->request;

	if (module)
		made = PyObject_CallMethod(
			module, "Request", "NNNNNNsN", text_of(req->method), text_of(req->target),
			text_of(req->path), text_of(req->query), version_of(req->version),
			request_headers(req), req->https ? "https" : "http", peer_of(x->conn));
	Py_XDECREF(module);
	return made;
}

/* What only a request has that the application is about to be called for. */
static bool fill_in(struct wsgi_request *r)
{
	PyObject *config = PyObject_GetAttrString(object_worker(), "cfg"), *number = NULL;
	bool filled;

	if (config)
		number = PyLong_FromUnsignedLong(r->x->conn->requests);
	filled = number && PyObject_SetAttrString(r->message, "cfg", config) == 0 &&
		 PyObject_SetAttrString(r->message, "body", r->input) == 0 &&
		 PyObject_SetAttrString(r->message, "req_number", number) == 0;
	Py_XDECREF(number);
	Py_XDECREF(config);
	return filled;
}

PyObject *message_request(struct wsgi_request *r)
{
	if (r->message)
		return r->message;
	r->message = message_of_exchange(r->x);
	if (r->message && !fill_in(r))
		Py_CLEAR(r->message);
	return r->message;
}

PyObject *message_response(struct exchange *x)
{
	PyObject *module = pylib_import("ucorn.message"), *made = NULL, *status, *length;
	const struct response *r = &x->response;

	if (!module)
		return NULL;
	status = r->started ? text_of(response_status(r)) : text_of(SLICE("0 No Response"));
	length = r->has_length ? PyLong_FromUnsignedLongLong(r->length) : Py_NewRef(Py_None);
	made = PyObject_CallMethod(module, "Response", "NINKNiii", status, r->status,
				   response_headers(r), (unsigned long long)r->sent, length,
				   r->framing == RESPONSE_CHUNKED, r->upgrade, r->head_sent);
	Py_DECREF(module);
	return made;
}

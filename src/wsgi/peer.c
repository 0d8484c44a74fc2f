/* What a connection's requests have in common: the client's address as Python has it, and
 * gunicorn.socket.  Made with its first request, and kept for the others. */
#include <stdlib.h>

#include "ucorn/py/interp.h"
#include "wsgi.h"

static PyObject *client_addr(const struct conn *c, PyObject **last)
{
	if (!*last || PyUnicode_CompareWithASCIIString(*last, c->remote_addr) != 0) {
		PyObject *text = PyUnicode_FromString(c->remote_addr);

		if (!text)
			return NULL;
		Py_XSETREF(*last, text);
	}
	return Py_NewRef(*last);
}

struct peer_values *peer_values_of(struct conn *c, PyObject *socket_class, PyObject **addr)
{
	struct peer_values *v = c->app_data;

	if (v)
		return v;
	v = calloc(1, sizeof(*v));
	if (!v) {
		PyErr_NoMemory();
		return NULL;
	}
	c->app_data = v;
	v->addr = client_addr(c, addr);
	v->port = PyUnicode_FromFormat("%u", c->remote_port);
	if (v->addr && v->port && client_socket_init(&v->socket, socket_class))
		return v;
	peer_values_forget(c);
	return NULL;
}

static void peer_values_free(void *data)
{
	struct peer_values *v = data;

	client_socket_release(&v->socket);
	Py_XDECREF(v->addr);
	Py_XDECREF(v->port);
	free(v);
}

/* The connection closes in a thread that may be without the GIL. */
void peer_values_forget(struct conn *c)
{
	struct peer_values *v = c->app_data;

	c->app_data = NULL;
	gil_do(peer_values_free, v);
}

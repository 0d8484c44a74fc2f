/* What a connection's requests have in common: the client's address as Python has it, and
 * gunicorn.socket.  Made with its first request, and kept for the others. */
#include <stdlib.h>

#include "ucorn/py/interp.h"
#include "wsgi.h"

bool peers_init(struct peers *p)
{
	p->socket_class = client_socket_class();
	p->socket_attribute = client_socket_attribute();
	return p->socket_class && p->socket_attribute;
}

void peers_release(struct peers *p)
{
	while (p->n_shares > 0)
		Py_DECREF(p->shares[--p->n_shares]);
	Py_CLEAR(p->socket_class);
	Py_CLEAR(p->socket_attribute);
	Py_CLEAR(p->last_addr);
}

static PyObject *client_addr(struct peers *p, const struct conn *c)
{
	PyObject *text;

	if (!p->last_addr || PyUnicode_CompareWithASCIIString(p->last_addr, c->remote_addr) != 0) {
		text = PyUnicode_FromString(c->remote_addr);
		if (!text)
			return NULL;
		Py_XSETREF(p->last_addr, text);
	}
	return Py_NewRef(p->last_addr);
}

static PyObject *client_port(const struct conn *c)
{
	char digits[DIGITS_MAX], *end = digits + sizeof(digits);
	const char *first = digits_before(end, c->remote_port);

	return PyUnicode_DecodeLatin1(first, end - first, NULL);
}

/* The object itself is new: applications may have hung anything on it. */
static bool socket_get(struct peers *p, struct client_socket *s)
{
	if (p->n_shares > 0)
		s->share = p->shares[--p->n_shares];
	return client_socket_init(s, p->socket_class, p->socket_attribute);
}

static void socket_put(struct peers *p, struct client_socket *s)
{
	PyObject *share = client_socket_release(s);

	if (share && p->n_shares < KEPT_SHARES)
		p->shares[p->n_shares++] = share;
	else
		Py_XDECREF(share);
}

static void values_free(void *data)
{
	struct peer_values *v = data;

	socket_put(v->peers, &v->socket);
	Py_XDECREF(v->addr);
	Py_XDECREF(v->port);
	free(v);
}

struct peer_values *peer_values_of(struct peers *p, struct conn *c)
{
	struct peer_values *v = c->app_data;

	if (v)
		return v;
	v = calloc(1, sizeof(*v));
	if (!v) {
		PyErr_NoMemory();
		return NULL;
	}
	v->peers = p;
	v->addr = client_addr(p, c);
	v->port = client_port(c);
	if (v->addr && v->port && socket_get(p, &v->socket)) {
		c->app_data = v;
		return v;
	}
	values_free(v);
	return NULL;
}

/* The connection closes in a thread that may be without the GIL. */
void peer_values_forget(struct conn *c)
{
	struct peer_values *v = c->app_data;

	c->app_data = NULL;
	gil_do(values_free, v);
}

/* The templates that environs are copied from, one per listener.
 *
 * A template has every key that each request sets, so that the copy is one block and setting a
 * value never resizes; and the values of the request before, so that what has stayed the same
 * is not set again. */
#include "environ.h"
#include "ucorn/py/pylib.h"

static bool put_text(PyObject *dict, const char *key, PyObject *value)
{
	int rc = value ? PyDict_SetItemString(dict, key, value) : -1;

	Py_XDECREF(value);
	return rc == 0;
}

static bool put_constants(PyObject *dict, const struct wsgi_app *app, PyObject *errors,
			  PyObject *file_wrapper)
{
	const struct wsgi_options *o = &app->options;

	return put_text(dict, "wsgi.version", Py_BuildValue("(ii)", 1, 0)) &&
	       put_text(dict, "wsgi.url_scheme", PyUnicode_FromString("http")) &&
	       put_text(dict, "wsgi.errors", Py_NewRef(errors)) &&
	       put_text(dict, "wsgi.multithread", PyBool_FromLong(o->multithread)) &&
	       put_text(dict, "wsgi.multiprocess", PyBool_FromLong(o->multiprocess)) &&
	       put_text(dict, "wsgi.run_once", PyBool_FromLong(0)) &&
	       put_text(dict, "wsgi.file_wrapper", Py_NewRef(file_wrapper)) &&
	       put_text(dict, "wsgi.input_terminated", PyBool_FromLong(1)) &&
	       put_text(dict, "ucorn.wait", Py_NewRef(app->wait)) &&
	       put_text(dict, "SERVER_SOFTWARE", pylib_call("ucorn.patches", "software", NULL));
}

static bool put_listener(struct environ_maker *m, PyObject *dict, const struct listener *l)
{
	PyObject *port;

	/* On a unix socket the Host field decides, see put_server_from_host. */
	port = !l || l->is_unix ? Py_NewRef(m->texts[TEXT_EMPTY])
				: PyUnicode_FromFormat("%u", l->port);
	return environ_put(dict, m->keys[KEY_SERVER_NAME],
			   PyUnicode_FromString(l ? l->name : "")) &&
	       environ_put(dict, m->keys[KEY_SERVER_PORT], port);
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

/* Before the template lets go of it. */
static void unhold(PyObject **pooled)
{
	if (*pooled)
		((struct pooled *)*pooled)->held--;
	*pooled = NULL;
}

static void template_clear(struct environ_template *t)
{
	unhold(&t->input);
	unhold(&t->early_hints);
	t->addr = NULL;
	Py_CLEAR(t->dict);
}

/* The listener's template, made when it is first needed; NULL with an exception. */
static struct environ_template *template_of(struct environ_maker *m, const struct listener *l)
{
	struct environ_template *place = template_place(m, l);
	PyObject *made;

	if (place->dict && place->listener == l)
		return place;
	made = template_new(m, l);
	if (!made)
		return NULL;
	/* Meanwhile another thread may have taken the place, or made the same. */
	place = template_place(m, l);
	template_clear(place);
	*place = (struct environ_template){.listener = l, .dict = made};
	return place;
}

static bool hold(PyObject *dict, PyObject *key, PyObject **held, PyObject *pooled)
{
	if (*held == pooled)
		return true;
	unhold(held);
	if (PyDict_SetItem(dict, key, pooled) < 0)
		return false;
	((struct pooled *)pooled)->held++;
	*held = pooled;
	return true;
}

/* Puts the request's values into its template, but for those that are there already. */
static bool template_set(struct environ_maker *m, struct environ_template *t, PyObject *input,
			 PyObject *early_hints, PyObject *addr)
{
	if (!hold(t->dict, m->keys[KEY_INPUT], &t->input, input) ||
	    !hold(t->dict, m->keys[KEY_EARLY_HINTS], &t->early_hints, early_hints))
		return false;
	if (t->addr != addr && PyDict_SetItem(t->dict, m->keys[KEY_REMOTE_ADDR], addr) < 0)
		return false;
	t->addr = addr;
	return true;
}

PyObject *template_copy(struct environ_maker *m, const struct listener *l, PyObject *input,
			PyObject *early_hints, PyObject *addr)
{
	struct environ_template *t = template_of(m, l);
	PyObject *dict, *copy;

	if (!t || !template_set(m, t, input, early_hints, addr))
		return NULL;
	dict = Py_NewRef(t->dict);
	copy = PyDict_Copy(dict);
	/* Where Python makes the copy before it fills it, a garbage collection may have come
	 * first, in which another thread or greenlet has put its own values there. */
	if (copy &&
	    (t->dict != dict || t->input != input || t->early_hints != early_hints ||
	     t->addr != addr) &&
	    (PyDict_SetItem(copy, m->keys[KEY_INPUT], input) < 0 ||
	     PyDict_SetItem(copy, m->keys[KEY_EARLY_HINTS], early_hints) < 0 ||
	     PyDict_SetItem(copy, m->keys[KEY_REMOTE_ADDR], addr) < 0))
		Py_CLEAR(copy);
	Py_DECREF(dict);
	return copy;
}

bool templates_init(struct environ_maker *m, const struct wsgi_app *app, PyObject *errors,
		    PyObject *file_wrapper)
{
	m->constants = PyDict_New();
	return m->constants && put_constants(m->constants, app, errors, file_wrapper);
}

void templates_release(struct environ_maker *m)
{
	for (size_t i = 0; i < TEMPLATES; i++)
		template_clear(&m->templates[i]);
	Py_CLEAR(m->constants);
}

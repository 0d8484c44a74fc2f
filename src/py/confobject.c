/* From settings to cfg: each row's value becomes what ucorn.config makes of it.
 *
 * What settings keep of Python is one dict (struct settings_objects): the values
 * that are objects, where the configuration file was, and cfg itself once it
 * has been made. */
#include "ucorn/py/confobject.h"

#include "confstate.h"
#include "ucorn/config/table.h"
#include "ucorn/py/pylib.h"
#include "ucorn/util/slice.h"

/* A dict's own reference; value is taken over.  -1 with an exception set. */
static int dict_take(PyObject *dict, const char *key, PyObject *value)
{
	int rc = value ? PyDict_SetItemString(dict, key, value) : -1;

	Py_XDECREF(value);
	return rc;
}

static PyObject *text_or_none(const char *text)
{
	return text ? PyUnicode_DecodeFSDefault(text) : Py_NewRef(Py_None);
}

static PyObject *list_object(const struct string_list *list)
{
	PyObject *object = PyList_New(0);

	for (size_t i = 0; object && i < list->count; i++) {
		PyObject *item = PyUnicode_DecodeFSDefault(list->items[i]);

		if (!item || PyList_Append(object, item) < 0)
			Py_CLEAR(object);
		Py_XDECREF(item);
	}
	return object;
}

PyObject *conf_raw(const struct setting *row, const struct settings *s)
{
	const void *value = setting_value(row, s);

	switch (row->type->form) {
	case FORM_UNSIGNED:
		return PyLong_FromUnsignedLong(*(const unsigned *)value);
	case FORM_SIZE:
		return PyLong_FromUnsignedLongLong(*(const uint64_t *)value);
	case FORM_SWITCH:
		return PyBool_FromLong(*(const bool *)value);
	case FORM_TRISTATE:
		if (*(const unsigned char *)value == TRISTATE_UNSAID)
			break;
		return PyBool_FromLong(*(const unsigned char *)value == TRISTATE_YES);
	case FORM_STRING:
		return text_or_none(*(char *const *)value);
	case FORM_LIST:
		return list_object(value);
	case FORM_OBJECT:
		break;
	}
	return Py_NewRef(Py_None);
}

/* --- the table --- */

static bool takes_bool(const struct setting *row)
{
	for (const struct setting_choice *c = row->choices; c && c->said; c++)
		if (slice_eq(slice_from(c->said), SLICE("true")))
			return true;
	return false;
}

static PyObject *flags_object(const struct setting *row)
{
	PyObject *flags = PyList_New(0);

	for (size_t i = 0; flags && row->flags[i]; i++) {
		PyObject *flag = PyUnicode_FromString(row->flags[i]);

		if (!flag || PyList_Append(flags, flag) < 0)
			Py_CLEAR(flags);
		Py_XDECREF(flag);
	}
	return flags;
}

static PyObject *row_object(const struct setting *row, const struct settings *defaults)
{
	return Py_BuildValue("{s:s,s:s,s:s,s:N,s:z,s:s,s:I,s:I,s:O,s:N}", "name", row->name, "kind",
			     row->type->kind, "section", section_title(row->section), "flags",
			     flags_object(row), "metavar", row->metavar, "description",
			     row->description, "arity", row->arity, "arity_min", row->arity_min,
			     "takes_bool", takes_bool(row) ? Py_True : Py_False, "default",
			     conf_raw(row, defaults));
}

static PyObject *table_object(const struct settings *defaults)
{
	PyObject *table = PyList_New(0);
	const struct setting *row;

	for (size_t i = 0; table && (row = setting_at(i)) != NULL; i++) {
		PyObject *object = row_object(row, defaults);

		if (!object || PyList_Append(table, object) < 0)
			Py_CLEAR(table);
		Py_XDECREF(object);
	}
	return table;
}

/* check(name, texts): what C makes of the value. */
static PyObject *check(PyObject *self, PyObject *args)
{
	PyObject *name, *texts, *raw = NULL;
	struct settings scratch;
	struct err err;

	UNUSED(self);
	if (!PyArg_ParseTuple(args, "UO", &name, &texts))
		return NULL;
	if (settings_init(&scratch, &err) < 0)
		return PyErr_Format(PyExc_ValueError, "%s", err.text);
	if (conf_put(&scratch, name, texts, ORIGIN_FILE) == 0)
		raw = conf_raw(setting_find(PyUnicode_AsUTF8(name)), &scratch);
	settings_release(&scratch);
	return raw;
}

static int module_fill(PyObject *module)
{
	static PyMethodDef method = {"check", check, METH_VARARGS, NULL};
	PyObject *table = NULL, *function = PyCFunction_New(&method, NULL);
	struct settings defaults;
	struct err err;
	int rc = -1;

	if (settings_init(&defaults, &err) < 0) {
		PyErr_Format(PyExc_ValueError, "%s", err.text);
		goto out;
	}
	table = table_object(&defaults);
	settings_release(&defaults);
	if (table && function && PyObject_SetAttrString(module, "TABLE", table) == 0)
		rc = PyObject_SetAttrString(module, "check", function);
out:
	Py_XDECREF(table);
	Py_XDECREF(function);
	return rc;
}

PyObject *conf_module(void)
{
	PyObject *module = pylib_import("ucorn.config");
	PyObject *table = module ? PyObject_GetAttrString(module, "TABLE") : NULL;
	bool empty = table && PyObject_Size(table) == 0;

	Py_XDECREF(table);
	if (!table || (empty && module_fill(module) < 0))
		Py_CLEAR(module);
	return module;
}

/* --- one value --- */

/* As bytes of the outside world, which may be no UTF-8. */
static int put_text(struct settings *s, const char *name, PyObject *text, enum origin origin,
		    struct err *err)
{
	PyObject *bytes = PyUnicode_EncodeFSDefault(text);
	int rc = -1;
	char *value;

	if (bytes && PyBytes_AsStringAndSize(bytes, &value, NULL) == 0)
		rc = settings_set(s, name, value, origin, err);
	Py_XDECREF(bytes);
	return rc;
}

static int put_list(struct settings *s, const char *name, PyObject *texts, enum origin origin,
		    struct err *err)
{
	if (settings_clear(s, name, origin, err) < 0)
		return -1;
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(texts); i++)
		if (put_text(s, name, PyList_GET_ITEM(texts, i), origin, err) < 0)
			return -1;
	return 0;
}

int conf_put(struct settings *s, PyObject *name_object, PyObject *texts, enum origin origin)
{
	const char *name = PyUnicode_AsUTF8(name_object);
	struct err err = {0};
	int rc;

	if (!name)
		return -1;
	if (texts == Py_None)
		rc = settings_clear(s, name, origin, &err);
	else if (PyList_Check(texts))
		rc = put_list(s, name, texts, origin, &err);
	else
		rc = put_text(s, name, texts, origin, &err);
	if (rc < 0 && !PyErr_Occurred())
		PyErr_SetString(PyExc_ValueError, err.text);
	return rc;
}

/* --- cfg --- */

static PyObject *state_get(const struct settings *s, const char *key)
{
	PyObject *name = PyUnicode_FromString(key), *value = NULL;

	if (name && s->objects.data)
		value = PyDict_GetItemWithError(s->objects.data, name);
	Py_XDECREF(name);
	return value;
}

/* Where a value comes from, as precisely as it is known. */
static PyObject *origin_object(const struct settings *s, const struct setting *row)
{
	enum origin origin = (enum origin)s->origins[setting_number(row)];
	PyObject *location = origin == ORIGIN_FILE ? state_get(s, "location") : NULL;

	if (origin == ORIGIN_ENVIRONMENT)
		return PyUnicode_FromFormat("environment %s", row->env);
	return location ? Py_NewRef(location) : PyUnicode_FromString(origin_title(origin));
}

static PyObject *values_object(const struct settings *s)
{
	PyObject *values = PyDict_New();
	const struct setting *row;

	for (size_t i = 0; values && (row = setting_at(i)) != NULL; i++)
		if (dict_take(values, row->name,
			      Py_BuildValue("NN", conf_raw(row, s), origin_object(s, row))) < 0)
			Py_CLEAR(values);
	return values;
}

/* The objects whose settings were not replaced by a command line. */
static PyObject *objects_object(const struct settings *s)
{
	PyObject *kept = state_get(s, "objects"), *objects = PyDict_New();
	PyObject *name, *value;
	Py_ssize_t at = 0;

	while (objects && kept && PyDict_Next(kept, &at, &name, &value)) {
		const char *text = PyUnicode_AsUTF8(name);

		if (!text || (settings_origin(s, text) <= ORIGIN_PASTE &&
			      PyDict_SetItem(objects, name, value) < 0))
			Py_CLEAR(objects);
	}
	return objects;
}

static PyObject *build(const struct settings *s)
{
	PyObject *module = conf_module(), *values = values_object(s), *objects = objects_object(s);
	PyObject *cfg = NULL;

	if (module && values && objects)
		cfg = PyObject_CallMethod(module, "build", "OO", values, objects);
	Py_XDECREF(objects);
	Py_XDECREF(values);
	Py_XDECREF(module);
	return cfg;
}

PyObject *conf_object(const struct settings *s)
{
	PyObject *cfg = state_get(s, "config");

	if (cfg)
		return Py_NewRef(cfg);
	cfg = PyErr_Occurred() ? NULL : build(s);
	if (cfg && s->objects.data && PyDict_SetItemString(s->objects.data, "config", cfg) < 0)
		Py_CLEAR(cfg);
	return cfg;
}

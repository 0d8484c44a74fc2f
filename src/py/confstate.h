/* Between conf.c, which fills settings from Python, and confobject.c, which shows
 * them to Python. */
#ifndef UCORN_PY_CONFSTATE_H
#define UCORN_PY_CONFSTATE_H

#include "ucorn/config/settings.h"
#include "ucorn/py/pyapi.h"

struct setting;

/* What C has for the row's value: a new reference, or NULL with an exception set. */
PyObject *conf_raw(const struct setting *row, const struct settings *s);

/* Gives the setting the texts that a file says: None, a str or a list of str.  -1
 * with an exception set. */
int conf_put(struct settings *s, PyObject *name, PyObject *texts, enum origin origin);

#endif

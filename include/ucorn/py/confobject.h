/* cfg: the settings as hooks, logger classes and worker classes see them. */
#ifndef UCORN_PY_CONFOBJECT_H
#define UCORN_PY_CONFOBJECT_H

#include "ucorn/config/settings.h"
#include "ucorn/py/pyapi.h"

/* The ucorn.config.Config of these settings, always the same one; a new
 * reference, or NULL with an exception set. */
PyObject *conf_object(const struct settings *s);

/* The module ucorn.config, with the table in it; a new reference, or NULL with an
 * exception set. */
PyObject *conf_module(void);

#endif

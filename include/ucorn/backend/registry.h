/* The backends that exist: one line each in src/backend/registry.c. */
#ifndef UCORN_BACKEND_REGISTRY_H
#define UCORN_BACKEND_REGISTRY_H

#include "ucorn/config/settings.h"
#include "ucorn/worker/backend.h"

/* The backend for worker_class (with threads > 1, sync means threads).  NULL
 * with a sentence in err when this version has none of that name. */
const struct worker_backend *backend_find(const char *worker_class, unsigned threads,
					  struct err *err);

/* The same for these settings, whose worker_class may also be a class of the user's: it is
 * imported then.  NULL with a sentence in err.  Needs the GIL. */
const struct worker_backend *backend_choose(const struct settings *s, struct err *err);

/* What the worker class is called for people. */
const char *backend_title(const struct settings *s, const struct worker_backend *backend);

#endif

/* The backends that exist: one line each in src/backend/registry.c. */
#ifndef UCORN_BACKEND_REGISTRY_H
#define UCORN_BACKEND_REGISTRY_H

#include "ucorn/worker/backend.h"

/* The backend for worker_class (with threads > 1, sync means threads).  NULL
 * with a sentence in err when this version has none of that name. */
const struct worker_backend *backend_find(const char *worker_class, unsigned threads,
					  struct err *err);

#endif

/* The backends of this folder, for registry.c. */
#ifndef UCORN_BACKEND_BACKENDS_H
#define UCORN_BACKEND_BACKENDS_H

#include "ucorn/worker/backend.h"

extern const struct worker_backend backend_sync;
extern const struct worker_backend backend_event;
extern const struct worker_backend backend_pyworker; /* has no name for worker_class */
extern const struct worker_backend backend_gevent;
extern const struct worker_backend backend_eventlet;
extern const struct worker_backend backend_tornado;
extern const struct worker_backend backend_thread;

#endif

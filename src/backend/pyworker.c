/* pyworker: a worker class of the user's, which accepts, reads, runs the application and
 * answers by itself (uvicorn's, aiohttp's).
 *
 * The master treats its workers as all others.  What there is of a backend here is only
 * its name; the worker's life is that of its class (worker/hosted.c). */
#include "backends.h"

const struct worker_backend backend_pyworker = {
	.name = "pyworker",
	.aliases = "",
	.summary = "a class that inherits from gunicorn.workers.base.Worker",
	.hosts = true,
};

/* The backends: one line each. */
#include "ucorn/backend/registry.h"

#include <stdio.h>
#include <string.h>

#include "backends.h"

static const struct worker_backend *const backends[] = {
	&backend_sync,	 &backend_event,    &backend_thread,
	&backend_gevent, &backend_eventlet, &backend_tornado,
};

static bool is_named(const struct worker_backend *b, struct slice name)
{
	struct slice aliases = slice_from(b->aliases);

	if (slice_eq(slice_from(b->name), name))
		return true;
	while (aliases.len > 0) {
		const char *blank = memchr(aliases.base, ' ', aliases.len);
		size_t len = blank ? (size_t)(blank - aliases.base) : aliases.len;

		if (slice_eq(slice_of(aliases.base, len), name))
			return true;
		aliases.base += len + (blank ? 1 : 0);
		aliases.len -= len + (blank ? 1 : 0);
	}
	return false;
}

static void refuse(const char *worker_class, struct err *err)
{
	char names[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(backends) && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s (%s)",
					i ? "; " : "", backends[i]->name, backends[i]->summary);
	if (strchr(worker_class, '.'))
		err_set(err,
			"worker_class %s: this version of ucorn runs its own worker classes only. "
			"It "
			"has %s. (use_installed_gunicorn says which package such a class inherits "
			"from, not who runs it.)",
			worker_class, names);
	else
		err_set(err, "this version of ucorn has no worker class '%s'. It has %s.",
			worker_class, names);
}

const struct worker_backend *backend_find(const char *worker_class, unsigned threads,
					  struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		if (!is_named(backends[i], slice_from(worker_class)))
			continue;
		/* As gunicorn does; other classes have no use for threads. */
		return threads > 1 && backends[i] == &backend_sync ? &backend_thread : backends[i];
	}
	refuse(worker_class, err);
	return NULL;
}

/* The backends: one line each. */
#include "ucorn/backend/registry.h"

#include <stdio.h>
#include <string.h>

#include "backends.h"
#include "ucorn/py/hosting.h"

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
	char names[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(backends) && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s (%s)",
					i ? "; " : "", backends[i]->name, backends[i]->summary);
	err_set(err,
		"this version of ucorn has no worker class '%s'. It has %s; or any class that "
		"inherits from gunicorn.workers.base.Worker, as MODULE.CLASS.",
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

static bool is_ours(const char *worker_class)
{
	for (size_t i = 0; i < ARRAY_LEN(backends); i++)
		if (is_named(backends[i], slice_from(worker_class)))
			return true;
	return false;
}

const struct worker_backend *backend_choose(const struct settings *s, struct err *err)
{
	char name[HOSTING_NAME_MAX];

	if (is_ours(s->worker_class))
		return backend_find(s->worker_class, s->threads, err);
	if (hosting_judge(s, name, err) < 0) {
		/* A short name that nobody has registered is more likely a slip. */
		if (!strpbrk(s->worker_class, ".:"))
			refuse(s->worker_class, err);
		return NULL;
	}
	if (!name[0])
		return &backend_pyworker;
	/* As under gunicorn, threads make another class of sync itself only. */
	return backend_find(name, strcmp(name, "sync") == 0 ? 1 : s->threads, err);
}

const char *backend_title(const struct settings *s, const struct worker_backend *backend)
{
	return is_ours(s->worker_class) ? backend->name : s->worker_class;
}

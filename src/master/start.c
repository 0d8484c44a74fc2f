/* From settings to open listeners, in gunicorn's order: log, backend, raw_env,
 * a preloaded application, `Starting ucorn`, pidfile, signals, sockets.  What
 * fails on the way leaves the process with a sentence and exit code 1; whatever
 * was done by then is undone by master_end, in one place for all exits. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pidfile.h"
#include "signals.h"
#include "state.h"
#include "ucorn/backend/registry.h"
#include "ucorn/py/interp.h"
#include "ucorn/util/log.h"
#include "ucorn/util/title.h"
#include "ucorn/wsgi/app.h"

int master_apply_env(const struct settings *s, struct err *err)
{
	if (interp_environ_set("SERVER_SOFTWARE=ucorn/" UCORN_VERSION, err) < 0)
		return -1;
	for (size_t i = 0; i < s->raw_env.count; i++) {
		if (interp_environ_set(s->raw_env.items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Under gunicorn a preloaded application that fails is an error of the set-up,
 * exit code 1, unless it chose one itself (SystemExit). */
int master_preload(struct master *m, const struct settings *s, struct err *err)
{
	enum { WORKER_BOOT_ERROR = 3, APP_LOAD_ERROR = 4 };

	if (!s->preload_app || m->app)
		return 0;
	m->app = wsgi_app_load(s->wsgi_app, err);
	if (m->app)
		return 0;
	if (err->exit_code == WORKER_BOOT_ERROR || err->exit_code == APP_LOAD_ERROR)
		err->exit_code = 1;
	return -1;
}

int master_write_pidfile(struct master *m, const struct settings *s, struct err *err)
{
	char *path = NULL;

	if (s->pidfile) {
		path = strdup(s->pidfile);
		if (!path)
			return err_set(err, "No memory for the pidfile's name.");
		if (pidfile_write(path, getpid(), err) < 0) {
			free(path);
			return -1;
		}
	}
	if (m->pidfile && (!path || strcmp(m->pidfile, path) != 0))
		pidfile_remove(m->pidfile, getpid());
	free(m->pidfile);
	m->pidfile = path;
	return 0;
}

int master_check_settings(const struct settings *s, const struct worker_backend **backend,
			  struct err *err)
{
	struct access_format *format;
	*backend = backend_find(s->worker_class, s->threads, err);
	if (!*backend || worker_check(s, *backend, err) < 0)
		return -1;
	if (s->workers > CHILDREN_MAX / 2)
		return err_set(err, "workers = %u: at most %d are possible", s->workers,
			       CHILDREN_MAX / 2);
	if (!s->accesslog)
		return 0;
	format = access_format_new(s->access_log_format, err);
	if (!format)
		return -1;
	access_format_free(format);
	return 0;
}

void master_raise_files(const struct settings *s)
{
	/* A connection may have a body's file besides its socket. */
	rlim_t needed = 2 * (rlim_t)s->worker_connections + 100;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= needed)
		return;
	files.rlim_cur = needed < files.rlim_max ? needed : files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur <= s->worker_connections)
		log_warning(
			"A worker may open %llu files only, too few for worker_connections = %u: "
			"it will keep fewer connections. Raise the limit (ulimit -n, or "
			"LimitNOFILE= in a unit file).",
			(unsigned long long)files.rlim_cur, s->worker_connections);
}

static int open_log(struct master *m, struct err *err)
{
	const struct settings *s = m->settings;

	log_set_level(log_level_from(s->loglevel));
	if (log_sinks_open(&m->sinks, s->errorlog, s->accesslog, err) < 0)
		return -1;
	m->sinks_open = true;
	return 0;
}

int master_start(struct master *m, struct err *err)
{
	const struct settings *s = m->settings;

	if (master_check_settings(s, &m->backend, err) < 0 || open_log(m, err) < 0)
		return -1;
	if (master_apply_env(s, err) < 0 || master_preload(m, s, err) < 0)
		return -1;

	log_info("Starting ucorn %s", UCORN_VERSION);
	master_raise_files(s);
	log_debug("Python %s from %s", interp_version(), interp_executable());
	if (master_write_pidfile(m, s, err) < 0 || signals_open(err) < 0 ||
	    sockets_open(&m->sockets, s, err) < 0)
		return -1;
	sockets_log(&m->sockets, getpid());
	log_info("Using worker: %s", m->backend->name);
	title_set("ucorn: master [%s]", settings_proc_name(s));
	if (children_init(&m->children, s->workers) < 0)
		return err_set(err, "No shared memory for the scoreboard.");
	return 0;
}

void master_end(struct master *m)
{
	sockets_close(&m->sockets);
	children_release(&m->children);
	if (m->app)
		wsgi_app_free(m->app);
	if (m->pidfile)
		pidfile_remove(m->pidfile, getpid());
	free(m->pidfile);
	signals_close();
	if (m->sinks_open)
		log_sinks_close(&m->sinks);
	settings_release(m->settings);
}

/* From settings to open listeners, in gunicorn's order: log, backend, raw_env,
 * a preloaded application, `Starting ucorn`, pidfile, signals, sockets.  What
 * fails on the way leaves the process with a sentence and exit code 1; whatever
 * was done by then is undone by master_end, in one place for all exits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemonize.h"
#include "pidfile.h"
#include "signals.h"
#include "state.h"
#include "ucorn/backend/registry.h"
#include "ucorn/py/conf.h"
#include "ucorn/py/gunicorn.h"
#include "ucorn/py/hooks.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/proxies.h"
#include "ucorn/py/reexec.h"
#include "ucorn/py/stacks.h"
#include "ucorn/util/log.h"
#include "ucorn/util/names.h"
#include "ucorn/wsgi/app.h"
#include "upgrade.h"

/* Under gunicorn a preloaded application that fails is an error of the set-up,
 * exit code 1, unless it chose one itself (SystemExit). */
int master_preload(const struct settings *s, const struct worker_backend *backend, struct app **app,
		   struct err *err)
{
	enum { WORKER_BOOT_ERROR = 3, APP_LOAD_ERROR = 4 };

	if (!s->preload_app)
		return 0;
	if (backend->prepare && backend->prepare(err) < 0)
		return -1;
	*app = wsgi_app_load(settings_app(s), err);
	log_bridge_judge(); /* it may have put a handler on our log */
	if (*app)
		return 0;
	if (err->exit_code == WORKER_BOOT_ERROR || err->exit_code == APP_LOAD_ERROR)
		err->exit_code = 1;
	return -1;
}

int master_write_pidfile(struct master *m, const struct settings *s, struct err *err)
{
	char *path = NULL;

	if (s->pidfile) {
		if (asprintf(&path, "%s%s", s->pidfile, master_suffix(m)) < 0)
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

void master_remove_pidfile(struct master *m)
{
	if (m->pidfile)
		pidfile_remove(m->pidfile, getpid());
	free(m->pidfile);
	m->pidfile = NULL;
}

static int check_addresses(const struct settings *s, struct err *err)
{
	struct addr addr;

	for (size_t i = 0; i < s->bind.count; i++)
		if (addr_parse(s->bind.items[i], &addr, err) < 0)
			return -1;
	return 0;
}

int master_check_settings(const struct settings *s, const struct worker_backend **backend,
			  struct err *err)
{
	*backend = backend_choose(s, err);
	if (!*backend || worker_check(s, *backend, err) < 0)
		return -1;
	if (check_addresses(s, err) < 0)
		return -1;
	if (s->workers > CHILDREN_MAX / 2)
		return err_set(err, "workers = %u: at most %d are possible", s->workers,
			       CHILDREN_MAX / 2);
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
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 && getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	if (files.rlim_cur < (rlim_t)s->worker_connections + WORKER_OTHER_FILES)
		log_warning(
			"A worker may open %llu files only, too few for worker_connections = %u: "
			"it will keep fewer connections. Raise the limit (ulimit -n, or "
			"LimitNOFILE= in a unit file).",
			(unsigned long long)files.rlim_cur, s->worker_connections);
}

static int open_log(struct master *m, struct err *err)
{
	const struct settings *s = m->settings;

	/* Python's files first: capture_output may change where stdout and stderr go. */
	if (log_bridge_start(s, err) < 0)
		return -1;
	if (log_sinks_open(&m->sinks, s->errorlog, s->accesslog, err) < 0)
		return -1;
	m->sinks_open = true;
	log_sinks_own(&m->sinks, s->user, s->group);
	worker_warn(s, m->backend);
	return 0;
}

/* Before there are threads: a fork takes none along. */
static int detach(struct master *m, struct err *err)
{
	const struct settings *s = m->settings;

	if (s->spew && interp_spew(err) < 0)
		return -1;
	if (s->daemon && !m->old_master) { /* which is in the background itself */
		if (m->heritage->notify_socket)
			fputs("Warning: systemd (Type=notify) watches the process that it has "
			      "started; with daemon that one is about to end.\n",
			      stderr);
		if (daemonize(s->enable_stdio_inheritance, err) < 0)
			return -1;
	}
	m->is_daemon = s->daemon;
	return 0;
}

/* Up to on_starting: there are no sockets yet. */
static int prepare(struct master *m, struct err *err)
{
	const struct settings *s = m->settings;

	if (master_check_settings(s, &m->backend, err) < 0 || detach(m, err) < 0 ||
	    open_log(m, err) < 0)
		return -1;
	if (children_init(&m->children, s->workers) < 0)
		return err_set(err, "No shared memory for the scoreboard.");
	/* The first hook is called in between. */
	if (interp_environ_set("SERVER_SOFTWARE=" NAME_SOFTWARE, err) < 0 ||
	    master_hooks_begin(m, err) < 0 || conf_environ_set(s, err) < 0 ||
	    master_preload(s, m->backend, &m->app, err) < 0)
		return -1;
	gunicorn_judge();

	settings_report(s);
	log_info("Starting " NAME_PROGRAM " %s", UCORN_VERSION);
	master_raise_files(s);
	master_warn_group(s);
	log_debug("Python %s from %s%s", interp_version(), interp_executable(),
		  reexec_is_python() ? "" : ", by its library");
	if (master_write_pidfile(m, s, err) < 0)
		return -1;
	server_object_started(getpid(), m->pidfile);
	return hook_call(HOOK_ON_STARTING, err);
}

/* A worker of another user that has the group of root reads and writes what root's
 * group may. */
void master_warn_group(const struct settings *s)
{
	if (s->user != 0 && s->group == 0 && geteuid() == 0)
		log_warning("Workers run as user %u, but with the group of root: set group, too.",
			    s->user);
}

void master_share(struct master *m)
{
	struct err err;

	/* What fails here fails in each worker, too, which then ends its boot. */
	m->app_is_prepared =
		m->app && worker_prepare_app(m->app, m->settings, m->backend, &err) == 0;
	interp_freeze(m->app != NULL || m->children.ever_ready);
}

int master_start(struct master *m, struct err *err)
{
	const struct settings *s = m->settings;

	if (prepare(m, err) < 0 || signals_open(err) < 0 ||
	    sockets_open(&m->sockets, s, m->heritage, err) < 0)
		return -1;
	if (m->sockets.by_systemd && settings_origin(s, "bind") != ORIGIN_DEFAULT)
		log_info("The sockets are systemd's: bind does not count.");
	master_defer(m);
	upgrade_watch_old(m);
	master_tell_kin(m);
	server_object_listen(m->sockets.items, m->sockets.count);
	sockets_log(&m->sockets, getpid());
	log_info("Using worker: %s", backend_title(s, m->backend));
	if (hook_call(HOOK_WHEN_READY, err) < 0)
		return -1;
	signals_install(); /* the hook may have taken them */
	if (stacks_begin(worker_stacks_signal(), err) < 0)
		return -1;
	wsgi_warm();
	master_set_title(m);
	master_share(m);
	return 0;
}

void master_end(struct master *m)
{
	server_object_detach();
	server_object_listen(NULL, 0);
	former_release(m);
	sockets_close(&m->sockets);
	children_release(&m->children);
	if (m->app)
		wsgi_app_free(m->app);
	master_remove_pidfile(m);
	signals_close();
	if (m->sinks_open)
		log_sinks_close(&m->sinks);
	settings_release(m->settings);
}

/* The last settings that workers have served with, kept until some serve with the new ones.
 *
 * A reload takes new settings over in the master at once, but whether an application boots
 * with them is only known when a worker does.  Until then everything that was made of the
 * former settings stays: open sockets, log files, the state of Python that the configuration
 * has changed.  So a worker that dies meanwhile can be replaced by one of the same kind
 * (former_revive, in the child, which has a copy of all that), and a further reload begins
 * from what is known to work (former_restore). */
#include <unistd.h>

#include "state.h"
#include "ucorn/py/conf.h"
#include "ucorn/py/logbridge.h"
#include "ucorn/py/proxies.h"
#include "ucorn/util/log.h"
#include "ucorn/wsgi/app.h"

void former_settle(struct master *m)
{
	struct former *f = &m->former;

	if (!f->kept || !plan_is_settled(&m->children))
		return;
	log_bridge_settle();
	former_release(m);
}

void former_release(struct master *m)
{
	struct former *f = &m->former;

	if (!f->kept)
		return;
	conf_forget(f->conf);
	sockets_drop(&f->sockets, &m->sockets);
	log_sinks_close(&f->sinks);
	master_drop_app(f->app, m->app);
	settings_release(&f->settings);
	*f = (struct former){0};
	m->children.former_generation = NO_GENERATION;
}

/* What Python knows of settings is again what it was. */
static void restore_python(struct master *m)
{
	struct err err;

	conf_restore(m->former.conf);
	log_bridge_revert();
	log_set_fd(m->former.sinks.error.fd);
	server_object_restore_app();
	if (server_object_renew(&m->former.settings, &err) < 0)
		log_error("%s", err.text);
}

void former_restore(struct master *m)
{
	struct former *f = &m->former;
	struct err err;

	if (!f->kept)
		return;
	restore_python(m);
	sockets_drop(&m->sockets, &f->sockets);
	log_sinks_close(&m->sinks);
	log_set_fd(f->sinks.error.fd);
	master_drop_app(m->app, f->app);
	settings_release(m->settings);
	*m->settings = f->settings;
	m->backend = f->backend;
	m->app = f->app;
	m->app_is_prepared = false; /* for these settings */
	m->sinks = f->sinks;
	m->sockets = f->sockets;
	*f = (struct former){0};
	master_defer(m);
	plan_former_generation(&m->children);
	server_object_listen(m->sockets.items, m->sockets.count);
	master_set_title(m);
	if (master_write_pidfile(m, m->settings, &err) < 0)
		log_error("%s", err.text);
}

void former_leave_behind(void *master)
{
	struct master *m = master;

	if (!m->former.kept)
		return;
	log_bridge_settle();
	sockets_let_go(&m->former.sockets, &m->sockets);
	log_sinks_close(&m->former.sinks);
}

void former_revive(void *master)
{
	struct master *m = master;

	restore_python(m);
	worker_object_renew();
	server_object_listen(m->former.sockets.items, m->former.sockets.count);
	sockets_let_go(&m->sockets, &m->former.sockets);
	log_sinks_close(&m->sinks);
}

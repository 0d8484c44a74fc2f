/* USR2: the old master starts the program anew, hands it its sockets, and both serve
 * until somebody tells one of them to stop.
 *
 * The new master is a child of the old one.  As long as that lives it is called Master.2,
 * and so are its files; when its parent is another process than before, it takes the
 * place.  Whoever stops while the other lives leaves the files of unix sockets alone. */
#include "upgrade.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "handover.h"
#include "pidfile.h"
#include "signals.h"
#include "state.h"
#include "ucorn/py/hooks.h"
#include "ucorn/py/interp.h"
#include "ucorn/py/proxies.h"
#include "ucorn/util/log.h"
#include "ucorn/util/names.h"
#include "ucorn/util/title.h"

/* Behind the names of a new master, its processes and its pidfile while the old one lives. */
#define HEIR_SUFFIX ".2"

const char *master_name(const struct master *m)
{
	return m->old_master ? "Master" HEIR_SUFFIX : "Master";
}

const char *master_suffix(const struct master *m)
{
	return m->old_master ? HEIR_SUFFIX : "";
}

bool master_has_kin(const struct master *m)
{
	return m->children.heir.pid > 0 || (m->old_master && getppid() == m->old_master);
}

bool master_has_heir(const struct master *m)
{
	return sockets_outlive(&m->sockets) || master_has_kin(m);
}

void master_set_title(const struct master *m)
{
	title_set(NAME_PROGRAM ": master [%s%s]", settings_proc_name(m->settings),
		  master_suffix(m));
}

void master_tell_kin(const struct master *m)
{
	const struct server_kin kin = {
		.name = master_name(m),
		.suffix = master_suffix(m),
		.old_master = m->old_master,
		.heir = m->children.heir.pid,
		.by_systemd = m->heritage->by_systemd,
	};

	server_object_kin(&kin);
}

/* --- the old master --- */

/* In the child; Python's end, and what waits for it, belong to the parent. */
static _Noreturn void become_heir(const struct master *m, pid_t old_master)
{
	const struct handover what = {
		.old_master = old_master,
		.listeners = m->sockets.items,
		.n_listeners = m->sockets.count,
		.bind_folder = m->sockets.folder,
	};
	struct err err;

	signals_reset_in_child();
	if (hook_call(HOOK_PRE_EXEC, &err) < 0)
		_exit(err.exit_code);
	handover_exec(m->heritage, &what, &err);
	log_error("The new master cannot be started: %s.", err.text);
	_exit(1);
}

/* The files of unix sockets are the other master's, too. */
static void share_files(struct master *m, bool shared)
{
	m->sockets.files_stay = shared;
	m->former.sockets.files_stay = shared;
}

static void start_heir(struct master *m)
{
	pid_t self = getpid(), pid;
	sigset_t before;

	signals_block(&before);
	pid = interp_fork();
	if (pid == 0)
		become_heir(m, self);
	signals_unblock(&before);
	if (pid < 0) {
		log_error("Can't fork a new master: %s.", strerror((int)-pid));
		return;
	}
	log_info("Starting a new master (pid:%d)", (int)pid);
	m->children.heir = (struct heir){.pid = pid};
	share_files(m, true);
	master_tell_kin(m);
}

void upgrade_begin(struct master *m)
{
	if (m->children.heir.pid > 0)
		log_warning("USR2 signal ignored. Child exists.");
	else if (m->old_master)
		log_warning("USR2 signal ignored. Parent exists.");
	else if (getpid() == 1)
		log_warning("USR2 signal ignored. This master is process 1: its end would be that "
			    "of the container, and of a new master. Start a new container.");
	else
		start_heir(m);
}

/* What an operator should know of it: only a clean end was wanted for certain. */
static void log_heir_end(const struct master *m)
{
	const char *more = m->stop == STOP_NO ? " This one goes on." : "";
	int pid = (int)m->children.heir.pid, status = m->children.heir.wait_status;
	const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

	if (WIFSIGNALED(status))
		LOG_AT(WTERMSIG(status) == SIGTERM ? LOG_INFO : LOG_ERROR,
		       "The new master (pid:%d) was ended by SIG%s.%s", pid, name ? name : "?",
		       more);
	else if (WEXITSTATUS(status) != 0)
		log_error("The upgrade has failed: the new master (pid:%d) exited with code %d.%s",
			  pid, WEXITSTATUS(status), more);
	else
		log_info("The new master (pid:%d) has left.%s", pid, more);
}

/* It removes its own file, unless it was killed. */
static void remove_heirs_pidfile(const struct master *m)
{
	char *path = NULL;

	if (!m->pidfile || asprintf(&path, "%s" HEIR_SUFFIX, m->pidfile) < 0)
		return;
	pidfile_remove(path, m->children.heir.pid);
	free(path);
}

void upgrade_bury(struct master *m)
{
	if (!m->children.heir.ended)
		return;
	log_heir_end(m);
	remove_heirs_pidfile(m);
	m->children.heir = (struct heir){0};
	share_files(m, false);
	master_defer(m); /* it may have had other settings */
	master_tell_kin(m);
}

/* --- the new master --- */

/* The loop looks every second, too: the old one may have gone before this. */
void upgrade_watch_old(const struct master *m)
{
	if (m->old_master)
		prctl(PR_SET_PDEATHSIG, SIGCHLD);
}

/* A file of the old one's tells that it was killed. */
static void take_pidfile(struct master *m, pid_t old_master)
{
	struct err err;

	if (m->settings->pidfile)
		pidfile_remove(m->settings->pidfile, old_master);
	if (master_write_pidfile(m, m->settings, &err) < 0)
		log_error("%s", err.text);
	server_object_started(getpid(), m->pidfile);
}

void upgrade_promote(struct master *m)
{
	pid_t old_master = m->old_master;

	if (!old_master || getppid() == old_master || m->stop != STOP_NO)
		return;
	m->old_master = 0;
	log_info("Master has been promoted.");
	prctl(PR_SET_PDEATHSIG, 0);
	sockets_own_files(&m->sockets);
	sockets_own_files(&m->former.sockets);
	master_set_title(m);
	take_pidfile(m, old_master);
	master_tell_kin(m);
	systemd_promoted(m);
}

/* user, group, initgroups: the worker gives up the master's privileges.
 *
 * As under gunicorn a user or group 0 asks for nothing, since that is also what a
 * server started by root has without these settings.  Two things differ, for
 * safety: with initgroups the group itself changes, too, and a worker that leaves
 * root's user does not keep root's group among its other ones. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "ucorn/util/log.h"

enum { GROUPS_MAX = 65536 }; /* NGROUPS_MAX of Linux */

static int refused(const char *what, unsigned id, int error, struct err *err)
{
	log_error("The worker cannot change its %s to %u: %s.%s", what, id, strerror(error),
		  error == EPERM ? " Only a server that root has started can do that." : "");
	return err_set_exit(err, 3, "%s", "");
}

/* The supplementary groups, without root's. */
static int drop_root_group(unsigned group, struct err *err)
{
	static gid_t groups[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, groups), kept = 0;

	for (int i = 0; i < count; i++)
		if (groups[i] != 0)
			groups[kept++] = groups[i];
	if (count >= 0 && (kept == count || setgroups((size_t)kept, groups) == 0))
		return 0;
	return refused("groups for group", group, errno, err);
}

/* False: the user is known by number only, and has no groups of its own. */
static bool set_groups_of_user(const struct settings *s, int *rc, struct err *err)
{
	const struct passwd *user = getpwuid(s->user);

	*rc = 0;
	if (!user)
		return false;
	if (initgroups(user->pw_name, s->group) < 0)
		*rc = refused("groups to those of user", s->user, errno, err);
	return true;
}

static int change_groups(const struct settings *s, struct err *err)
{
	bool leaves_root = s->user != 0 && geteuid() == 0;
	int rc = 0;

	if (s->group == 0)
		return 0;
	if (!(s->initgroups && s->user && set_groups_of_user(s, &rc, err)) && leaves_root)
		rc = drop_root_group(s->group, err);
	if (rc == 0 && s->group != getgid() && setgid(s->group) < 0)
		rc = refused("group", s->group, errno, err);
	return rc;
}

int worker_change_user(const struct settings *s, struct err *err)
{
	if (change_groups(s, err) < 0)
		return -1;
	if (s->user != 0 && s->user != getuid() && setuid(s->user) < 0)
		return refused("user", s->user, errno, err);
	return 0;
}

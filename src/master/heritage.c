/* Reading what the environment says about whoever has started this process.
 *
 * GUNICORN_PID, GUNICORN_FD  from a master that got USR2: its process id, its sockets
 * UCORN_BIND                 beside them, line by line: the folder that relative paths
 *                            begin at, and what each socket was configured as
 * LISTEN_PID, LISTEN_FDS     from systemd (sd_listen_fds(3)): sockets from 3 on
 * NOTIFY_SOCKET, WATCHDOG_*  from systemd (sd_notify(3), sd_watchdog_enabled(3))
 *
 * A wrong descriptor may be anybody's file, so what is not plainly right is refused. */
#include "ucorn/master/heritage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ucorn/config/settings.h"
#include "ucorn/util/exec.h"
#include "ucorn/util/fd.h"
#include "ucorn/util/slice.h"

enum { FIRST_LISTEN_FD = 3, SOCKETS_MAX = 1024 };

/* A process id or a descriptor: decimal digits, at least least. */
static int parse_int(struct slice text, int least, int *number)
{
	uint64_t value;

	if (slice_to_u64(text, &value) < 0 || value > INT_MAX || (int)value < least)
		return -1;
	*number = (int)value;
	return 0;
}

/* The text up to the next separator, which is skipped; false when there is none left. */
static bool next_part(const char **rest, char separator, struct slice *part)
{
	const char *end;

	if (!*rest)
		return false;
	end = strchr(*rest, separator);
	*part = slice_of(*rest, end ? (size_t)(end - *rest) : strlen(*rest));
	*rest = end ? end + 1 : NULL;
	return true;
}

static bool has_socket(const struct heritage *h, int fd)
{
	for (size_t i = 0; i < h->n_sockets; i++) {
		if (h->sockets[i].fd == fd)
			return true;
	}
	return false;
}

/* What a configuration file starts is not to have it. */
static int add_socket(struct heritage *h, int fd, const char *variable, struct err *err)
{
	if (has_socket(h, fd))
		return err_set(err, "%s names descriptor %d twice.", variable, fd);
	int rc = fd_set_cloexec(fd, true);

	if (rc < 0)
		return err_set(err, "%s names descriptor %d: %s.", variable, fd, strerror(-rc));
	h->sockets[h->n_sockets++].fd = fd;
	return 0;
}

static int make_room(struct heritage *h, struct err *err)
{
	h->sockets = calloc(SOCKETS_MAX, sizeof(*h->sockets));
	return h->sockets ? 0 : err_set(err, "No memory for inherited sockets.");
}

/* "3,4,5" */
static int read_fd_list(struct heritage *h, const char *text, struct err *err)
{
	const char *rest = text;
	struct slice part;
	int fd;

	if (make_room(h, err) < 0)
		return -1;
	while (next_part(&rest, ',', &part)) {
		if (h->n_sockets == SOCKETS_MAX || parse_int(part, 0, &fd) < 0)
			return err_set(err, "GUNICORN_FD is no list of descriptors: '%s'.", text);
		if (add_socket(h, fd, "GUNICORN_FD", err) < 0)
			return -1;
	}
	return 0;
}

/* An empty line: the socket speaks for itself. */
static int read_address(struct heirloom *socket, struct slice line, struct err *err)
{
	char text[ADDR_REPR_MAX];

	if (line.len == 0)
		return 0;
	if (line.len >= sizeof(text))
		return err_set(err, "UCORN_BIND has a line that is too long.");
	memcpy(text, line.base, line.len);
	text[line.len] = '\0';
	socket->has_addr = true;
	return addr_parse(text, &socket->addr, err);
}

static int read_bind(struct heritage *h, const char *text, struct err *err)
{
	const char *rest = text;
	struct slice line;
	size_t count = 0;

	if (!next_part(&rest, '\n', &line))
		return 0;
	h->bind_folder = strndup(line.base, line.len);
	if (!h->bind_folder)
		return err_set(err, "No memory for inherited sockets.");
	for (; count < h->n_sockets && next_part(&rest, '\n', &line); count++) {
		if (read_address(&h->sockets[count], line, err) < 0)
			return -1;
	}
	if (rest || count != h->n_sockets)
		return err_set(err, "UCORN_BIND does not fit GUNICORN_FD.");
	return 0;
}

static int read_old_master(struct heritage *h, struct err *err)
{
	const char *pid = getenv("GUNICORN_PID"), *fds = getenv("GUNICORN_FD");

	if (pid && parse_int(slice_from(pid), 1, &h->old_master) < 0)
		return err_set(err, "GUNICORN_PID is no process id: '%s'.", pid);
	if (h->old_master != getppid() && !fds)
		h->old_master = 0; /* left over from another server */
	if (!fds || h->by_systemd)
		return 0;
	if (read_fd_list(h, fds, err) < 0)
		return -1;
	return read_bind(h, getenv("UCORN_BIND"), err);
}

static bool is_mine(const char *variable)
{
	const char *text = getenv(variable);
	int pid;

	return text && parse_int(slice_from(text), 1, &pid) == 0 && pid == getpid();
}

static int read_listen(struct heritage *h, struct err *err)
{
	const char *text = getenv("LISTEN_FDS");
	int count;

	if (!text || !is_mine("LISTEN_PID"))
		return 0;
	if (parse_int(slice_from(text), 0, &count) < 0 || count > SOCKETS_MAX)
		return err_set(err, "LISTEN_FDS is no number of descriptors: '%s'.", text);
	if (count == 0)
		return 0;
	h->by_systemd = true;
	if (make_room(h, err) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (add_socket(h, FIRST_LISTEN_FD + i, "LISTEN_FDS", err) < 0)
			return -1;
	}
	return 0;
}

static int read_notify(struct heritage *h, struct err *err)
{
	const char *address = getenv("NOTIFY_SOCKET"), *interval = getenv("WATCHDOG_USEC");

	h->has_watchdog_pid = getenv("WATCHDOG_PID") != NULL;
	if (!address || !address[0])
		return 0;
	h->notify_socket = strdup(address);
	if (!h->notify_socket)
		return err_set(err, "No memory for NOTIFY_SOCKET.");
	if (!interval || (h->has_watchdog_pid && !is_mine("WATCHDOG_PID")))
		return 0;
	if (slice_to_u64(slice_from(interval), &h->watchdog_us) < 0)
		return err_set(err, "WATCHDOG_USEC is no number: '%s'.", interval);
	return 0;
}

/* --- the environment --- */

static bool is_named(const char *assignment, const char *const *names)
{
	for (; *names; names++) {
		size_t len = strlen(*names);

		if (strncmp(assignment, *names, len) == 0 && assignment[len] == '=')
			return true;
	}
	return false;
}

/* What the next program is told anew. */
static int keep_environment(struct heritage *h, struct err *err)
{
	static const char *const without[] = {"GUNICORN_PID", "GUNICORN_FD", "UCORN_BIND",
					      "LISTEN_PID",   "LISTEN_FDS",  "LISTEN_PIDFDID",
					      "WATCHDOG_PID", NULL};

	size_t kept = 0;

	h->environment = exec_environment();
	if (!h->environment)
		return err_set(err, "No memory for a copy of the environment.");
	for (char **e = h->environment; *e; e++) {
		if (!is_named(*e, without))
			h->environment[kept++] = *e;
	}
	h->environment[kept] = NULL;
	return 0;
}

static void clean_environment(const struct heritage *h)
{
	static const char *const always[] = {"GUNICORN_PID",  "GUNICORN_FD",  "UCORN_BIND",
					     "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"};
	static const char *const sockets[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
					      "LISTEN_PIDFDID"};

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		unsetenv(always[i]);
	/* Else they are for a process that this one may be about to start. */
	for (size_t i = 0; h->by_systemd && i < ARRAY_LEN(sockets); i++)
		unsetenv(sockets[i]);
}

/* --- the whole --- */

int heritage_take(struct heritage *h, char **argv, struct err *err)
{
	*h = (struct heritage){.argv = argv, .start_folder = exec_folder()};
	exec_signals(&h->ignored, &h->blocked);
	if (keep_environment(h, err) < 0 || read_listen(h, err) < 0 ||
	    read_old_master(h, err) < 0 || read_notify(h, err) < 0) {
		heritage_release(h);
		return -1;
	}
	clean_environment(h);
	return 0;
}

void heritage_release(struct heritage *h)
{
	free(h->environment);
	free(h->sockets);
	free(h->bind_folder);
	free(h->notify_socket);
	*h = (struct heritage){0};
}

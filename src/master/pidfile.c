/* The pidfile: who owns it, writing it, and taking it away.
 *
 * It is written beside its place and renamed, so that a reader never sees half a
 * number.  A file that names a living process is somebody's; a file with a dead
 * one, or with anything else in it, is left over from a crash and is replaced.
 * Between the look and the rename another master may do the same: the pidfile is
 * a courtesy to operators, no lock (the listening port is one). */
#include "pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ucorn/util/fd.h"
#include "ucorn/util/slice.h"

enum { PID_TEXT_MAX = 32 };

static struct slice trim_lines(struct slice s)
{
	while (s.len > 0 && strchr(" \t\r\n", s.base[s.len - 1]))
		s.len--;
	return slice_trim(s);
}

/* The process id in the file: 0 when it has none or is not there, -errno when it
 * cannot be read. */
static pid_t read_pid(const char *path)
{
	char text[PID_TEXT_MAX];
	uint64_t pid;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	ssize_t n = read(fd, text, sizeof(text));
	int error = errno;

	close(fd);
	if (n < 0)
		return -error;
	if (slice_to_u64(trim_lines(slice_of(text, (size_t)n)), &pid) < 0 || pid > INT32_MAX)
		return 0;
	return (pid_t)pid;
}

/* EPERM: it lives, as another user. */
static bool lives(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static int check_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (!slash || slash == path)
		return 0;
	int len = (int)(slash - path);
	char *folder = strndup(path, (size_t)len);
	bool there = folder && stat(folder, &st) == 0 && S_ISDIR(st.st_mode);

	free(folder);
	return there ? 0 : err_set(err, "%.*s doesn't exist. Can't create pidfile.", len, path);
}

static int check_owner(const char *path, pid_t pid, struct err *err)
{
	pid_t owner = read_pid(path);

	if (owner < 0)
		return err_set(err, "Can't read the pidfile '%s': %s.", path, strerror(-owner));
	if (owner != pid && lives(owner))
		return err_set(err, "Already running on PID %d (or pid file '%s' is stale)",
			       (int)owner, path);
	return 0;
}

static int write_pid(int fd, pid_t pid)
{
	char text[PID_TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%d\n", (int)pid);
	int error = fd_write_all(fd, text, (size_t)len);

	if (error)
		return error;
	return fchmod(fd, 0644) < 0 ? -errno : 0;
}

int pidfile_write(const char *path, pid_t pid, struct err *err)
{
	char *beside = NULL;
	int fd = -1, error;

	if (check_folder(path, err) < 0 || check_owner(path, pid, err) < 0)
		return -1;
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return err_set(err, "Can't create the pidfile '%s': no memory.", path);
	fd = mkostemp(beside, O_CLOEXEC);
	error = fd < 0 ? -errno : write_pid(fd, pid);
	if (!error && rename(beside, path) < 0)
		error = -errno;
	if (error && fd >= 0)
		unlink(beside);
	fd_close(&fd);
	free(beside);
	if (error)
		return err_set(err, "Can't create the pidfile '%s': %s.", path, strerror(-error));
	return 0;
}

void pidfile_remove(const char *path, pid_t pid)
{
	if (read_pid(path) == pid)
		unlink(path);
}

/* Starting the next program: the one that its words name now, in the environment of
 * the first start.
 *
 * It is looked for as it was the first time, from the folder of the start on or on the
 * PATH, and never by what this process runs: a file that was replaced, or a link that was
 * switched, is what an upgrade is for.  What Python and the settings have made of
 * environment, folder and signals is not the next program's affair. */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ucorn/util/buf.h"
#include "ucorn/util/fd.h"

/* --- the environment --- */

/* NAME=3,4,5 */
static int say_descriptors(struct buf *b, const struct handover *what)
{
	int error = buf_append_fmt(b, "GUNICORN_FD=");

	for (size_t i = 0; i < what->n_listeners && !error; i++)
		error = buf_append_fmt(b, "%s%d", i > 0 ? "," : "", what->listeners[i].fd);
	return error ? error : buf_append(b, "", 1);
}

/* A line break in a path would be taken for the end of an address: then the sockets
 * have to speak for themselves. */
static bool fits_lines(const struct handover *what)
{
	if (!what->bind_folder || strchr(what->bind_folder, '\n'))
		return false;
	for (size_t i = 0; i < what->n_listeners; i++) {
		if (strchr(what->listeners[i].addr.path, '\n'))
			return false;
	}
	return true;
}

static int say_addresses(struct buf *b, const struct handover *what)
{
	int error;

	if (!fits_lines(what))
		return 0;
	error = buf_append_fmt(b, "UCORN_BIND=%s", what->bind_folder);
	for (size_t i = 0; i < what->n_listeners && !error; i++) {
		char text[ADDR_REPR_MAX];

		addr_text(&what->listeners[i].addr, text);
		error = buf_append_fmt(b, "\n%s", text);
	}
	return error ? error : buf_append(b, "", 1);
}

static int say_sockets(struct buf *b, const struct heritage *h, const struct handover *what,
		       pid_t self)
{
	int error;

	if (what->n_listeners == 0)
		return 0;
	if (h->by_systemd)
		return buf_append_fmt(b, "LISTEN_PID=%d%cLISTEN_FDS=%zu%c", (int)self, '\0',
				      what->n_listeners, '\0');
	error = say_descriptors(b, what);
	return error ? error : say_addresses(b, what);
}

/* Assignments, each with a NUL behind it. */
static int say_all(struct buf *b, const struct heritage *h, const struct handover *what, pid_t self)
{
	int error = buf_append_fmt(b, "GUNICORN_PID=%d%c", (int)what->old_master, '\0');

	if (!error && h->has_watchdog_pid)
		error = buf_append_fmt(b, "WATCHDOG_PID=%d%c", (int)self, '\0');
	for (char **e = h->environment; *e && !error; e++)
		error = buf_append(b, *e, strlen(*e) + 1);
	return error ? error : say_sockets(b, h, what, self);
}

static size_t count_texts(const struct buf *b)
{
	size_t count = 0;

	for (size_t at = 0; at < b->len; at += strlen(b->base + at) + 1)
		count++;
	return count;
}

char **handover_environment(const struct heritage *h, const struct handover *what, pid_t self)
{
	struct buf texts = {0};
	char **list = NULL, *at;
	size_t count;

	if (say_all(&texts, h, what, self) == 0) {
		count = count_texts(&texts);
		list = malloc((count + 1) * sizeof(*list) + texts.len);
	}
	if (list) {
		at = memcpy(list + count + 1, texts.base, texts.len);
		for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
			list[i] = at;
		list[count] = NULL;
	}
	buf_release(&texts);
	return list;
}

/* --- the program --- */

/* All but the sockets and what is below 3; where the kernel is too old for this, the
 * application's own descriptors stay as they are. */
static int choose_descriptors(const struct handover *what, struct err *err)
{
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < what->n_listeners; i++) {
		int rc = fd_set_cloexec(what->listeners[i].fd, false);

		if (rc < 0)
			return err_set(err, "cannot hand over %s: %s", what->listeners[i].url,
				       strerror(-rc));
	}
	return 0;
}

static void restore_signals(const struct heritage *h)
{
	for (int number = 1; number < NSIG; number++) {
		bool ignored = sigismember(&h->ignored, number) == 1;
		struct sigaction action = {.sa_handler = ignored ? SIG_IGN : SIG_DFL};

		sigaction(number, &action, NULL); /* fails for KILL, STOP and libc's own */
	}
	sigprocmask(SIG_SETMASK, &h->blocked, NULL);
}

void handover_exec(const struct heritage *h, const struct handover *what, struct err *err)
{
	char **environment = handover_environment(h, what, getpid());

	if (!environment) {
		err_set(err, "no memory for its environment");
		return;
	}
	if (chdir(h->start_folder) < 0) {
		err_set(err, "cannot enter '%s': %s", h->start_folder, strerror(errno));
		goto out;
	}
	if (choose_descriptors(what, err) < 0)
		goto out;
	restore_signals(h);
	environ = environment; /* its PATH counts */
	execvp(h->argv[0], h->argv);
	err_set(err, "cannot start '%s': %s", h->argv[0], strerror(errno));
	environ = h->environment;
out:
	free(environment);
}

/* Opening the bind list, and moving from one list to another: at a reload from that of
 * before, after USR2 from that of the old master.
 *
 * At the start a busy address is tried five times, a second apart, since the
 * server that is to be replaced may take that long to leave.  A reload has no
 * time for this and no need: it is refused as a whole, and what was open stays.
 * Sockets that are in both lists keep their descriptor and so their backlog; the
 * others stay open until a worker serves at the new ones (former.c), while workers of
 * earlier generations go on accepting from their own copies until they leave.
 *
 * An address is the same one if it means the same: a path counts as it is from the root.  Sockets of systemd are its own affair, from the first to the last.
 *
 * With reuse_port each worker binds its TCP sockets by itself, and the kernel shares
 * connections out among these when they come, also to a worker that is busy or about
 * to leave: those that wait in its queue when it closes are reset.  Files of unix
 * sockets and descriptors from outside can be bound once only; they are shared as
 * ever.  The choice is made at start: a socket without SO_REUSEPORT in an old worker
 * would keep the address from the new ones. */
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ucorn/py/interp.h"
#include "ucorn/util/buf.h"
#include "ucorn/util/log.h"

enum { TRIES = 5 };

static void pause_a_second(void)
{
	struct timespec left = {.tv_sec = 1};

	gil_release();
	while (nanosleep(&left, &left) < 0 && errno == EINTR) {
	}
	gil_acquire();
}

static struct listener_options options_of(const struct settings *settings)
{
	return (struct listener_options){
		.backlog = settings->backlog,
		.umask = settings->umask,
		.has_owner = true,
		.uid = settings->user,
		.gid = settings->group,
	};
}

/* How a socket is opened; -1 with err, whose text is empty if the log was told. */
typedef int opener(struct listener *l, const struct addr *addr, const struct settings *settings,
		   bool apart, struct err *err);

static int open_once(struct listener *l, const struct addr *addr, const struct settings *settings,
		     bool apart, struct err *err)
{
	struct listener_options options = options_of(settings);
	bool busy;

	options.reuse_port = apart;
	return listener_open(l, addr, &options, &busy, err);
}

static int open_patiently(struct listener *l, const struct addr *addr,
			  const struct settings *settings, bool apart, struct err *err)
{
	struct listener_options options = options_of(settings);
	char repr[ADDR_REPR_MAX];

	options.reuse_port = apart;
	for (int i = 0; i < TRIES; i++) {
		bool busy = false;

		if (listener_open(l, addr, &options, &busy, err) == 0)
			return 0;
		log_error("%s", err->text);
		if (!busy)
			break;
		log_error("Retrying in 1 second.");
		pause_a_second();
	}
	addr_repr(addr, repr);
	log_error("Can't connect to %s", repr);
	return err_set(err, "%s", "");
}

/* Room for count; relative paths begin here. */
static int allocate(struct sockets *s, size_t count, struct err *err)
{
	*s = (struct sockets){.items = calloc(count ? count : 1, sizeof(*s->items))};
	if (!s->items)
		return err_set(err, "No memory for %zu listening sockets.", count);
	s->folder = getcwd(NULL, 0); /* NULL if it was removed: then nothing is relative to it */
	return 0;
}

/* Is it one that workers open by themselves? */
static bool is_apart(const struct sockets *s, const struct addr *addr)
{
	return s->tcp_apart && addr->kind == ADDR_TCP;
}

static bool holds(const struct sockets *s, int fd)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].fd == fd)
			return true;
	}
	return false;
}

/* A socket's file in the one spelling that all its names have in common: its folder is
 * absolute and without links.  NULL: no memory, or no such folder. */
static char *place_of(const char *folder, const char *path)
{
	char *whole = NULL, *real, *slash, *place = NULL;

	if (asprintf(&whole, "%s/%s", path[0] == '/' || !folder ? "" : folder, path) < 0)
		return NULL;
	slash = strrchr(whole, '/');
	*slash = '\0';
	real = realpath(*whole ? whole : "/", NULL);
	if (real && asprintf(&place, "%s/%s", real, slash + 1) < 0)
		place = NULL;
	free(real);
	free(whole);
	return place;
}

static bool same_place(const char *folder_a, const char *path_a, const char *folder_b,
		       const char *path_b)
{
	char *a = place_of(folder_a, path_a), *b = place_of(folder_b, path_b);
	bool same = a && b && strcmp(a, b) == 0;

	free(a);
	free(b);
	return same;
}

/* A listener of now that next has not taken over yet; two may have the same
 * address (port 0). */
static const struct listener *find_kept(const struct sockets *now, const struct sockets *next,
					const struct addr *addr)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct listener *l = &now->items[i];
		bool same =
			addr->kind == ADDR_UNIX && l->addr.kind == ADDR_UNIX
				? same_place(now->folder, l->addr.path, next->folder, addr->path)
				: addr_equal(&l->addr, addr);

		if (same && !holds(next, l->fd))
			return l;
	}
	return NULL;
}

bool sockets_outlive(const struct sockets *s)
{
	bool any = s->by_systemd;

	for (size_t i = 0; i < s->count; i++)
		any = any || s->items[i].addr.kind == ADDR_FD;
	return any;
}

static void close_missing(struct sockets *s, const struct sockets *kept, bool remove_files)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!holds(kept, s->items[i].fd))
			listener_close(&s->items[i], remove_files && !s->files_stay);
	}
	free(s->folder);
	free(s->items);
	*s = (struct sockets){0};
}

void sockets_drop(struct sockets *s, const struct sockets *kept)
{
	close_missing(s, kept, true);
}

void sockets_let_go(struct sockets *s, const struct sockets *kept)
{
	close_missing(s, kept, false);
}

/* Those of the list that are apart, or those that are not; what before has of them is
 * taken over. */
static int open_these(struct sockets *s, const struct sockets *before,
		      const struct settings *settings, bool apart, opener *open, struct err *err)
{
	const struct string_list *bind = &settings->bind;

	for (size_t i = 0; i < bind->count; i++) {
		const struct listener *kept;
		struct addr addr;

		if (addr_parse(bind->items[i], &addr, err) < 0)
			return -1;
		if (is_apart(s, &addr) != apart)
			continue;
		kept = find_kept(before, s, &addr);
		if (kept)
			s->items[s->count] = *kept;
		else if (open(&s->items[s->count], &addr, settings, apart, err) < 0)
			return -1;
		s->count++;
	}
	return 0;
}

/* What the process was started with, as sockets of before. */
static int inherit(struct sockets *s, const struct heritage *h, struct err *err)
{
	if (allocate(s, h->n_sockets, err) < 0)
		return -1;
	for (size_t i = 0; i < h->n_sockets; i++) {
		const struct heirloom *had = &h->sockets[i];

		if (listener_adopt(&s->items[i], had->fd, had->has_addr ? &had->addr : NULL, err) <
		    0) {
			sockets_let_go(s, &(struct sockets){0});
			return -1;
		}
		s->count++;
	}
	if (!h->bind_folder)
		return 0;
	free(s->folder);
	s->folder = strdup(h->bind_folder);
	return 0;
}

int sockets_open(struct sockets *s, const struct settings *settings, const struct heritage *h,
		 struct err *err)
{
	struct sockets before;
	int rc;

	if (inherit(&before, h, err) < 0)
		return -1;
	if (h->by_systemd) {
		*s = before;
		s->by_systemd = true;
		return 0;
	}
	rc = allocate(s, settings->bind.count, err);
	if (rc == 0) {
		s->tcp_apart = settings->reuse_port;
		rc = open_these(s, &before, settings, false, open_patiently, err);
	}
	sockets_drop(&before, s);
	if (rc < 0)
		sockets_close(s);
	return rc;
}

int sockets_open_apart(struct sockets *own, const struct sockets *s,
		       const struct settings *settings, struct err *err)
{
	if (allocate(own, s->count + settings->bind.count, err) < 0)
		return -1;
	free(own->folder);
	own->folder = NULL;
	own->tcp_apart = true;
	own->count = s->count;
	if (s->count > 0)
		memcpy(own->items, s->items, s->count * sizeof(*s->items));
	return open_these(own, &(struct sockets){0}, settings, true, open_patiently, err);
}

bool sockets_same(const struct sockets *a, const struct sockets *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->items[i].fd != b->items[i].fd)
			return false;
	}
	return true;
}

int sockets_succeed(struct sockets *next, const struct sockets *s, const struct settings *fresh,
		    struct err *err)
{
	if (allocate(next, s->by_systemd ? s->count : fresh->bind.count, err) < 0)
		return -1;
	next->tcp_apart = s->tcp_apart;
	next->files_stay = s->files_stay;
	next->by_systemd = s->by_systemd;
	if (s->by_systemd) {
		next->count = s->count;
		memcpy(next->items, s->items, s->count * sizeof(*s->items));
		return 0;
	}
	if (open_these(next, s, fresh, false, open_once, err) == 0)
		return 0;
	sockets_drop(next, s);
	return -1;
}

void sockets_own_files(struct sockets *s)
{
	for (size_t i = 0; i < s->count && !s->by_systemd; i++) {
		if (s->items[i].file_ino == 0)
			listener_own_file(&s->items[i]);
	}
}

void sockets_close(struct sockets *s)
{
	sockets_drop(s, &(struct sockets){0});
}

/* Who has made the others may use them when this server has gone.  Beside them none is deferred,
 * since a stop then drains none. */
void sockets_defer(const struct sockets *s, bool on)
{
	bool defers = on && !sockets_outlive(s);

	for (size_t i = 0; i < s->count && !s->by_systemd; i++) {
		if (s->items[i].addr.kind == ADDR_TCP)
			listener_defer(&s->items[i], defers);
	}
}

void sockets_turn_away(const struct sockets *s)
{
	for (size_t i = 0; i < s->count; i++)
		listener_turn_away(&s->items[i]);
}

bool sockets_have_half_open(const struct sockets *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (listener_has_half_open(&s->items[i]))
			return true;
	}
	return false;
}

void sockets_log(const struct sockets *s, pid_t pid)
{
	struct buf urls = {0};
	int error = 0;

	for (size_t i = 0; i < s->count && !error; i++)
		error = buf_append_fmt(&urls, "%s%s", i > 0 ? "," : "", s->items[i].url);

	const char *text = urls.base ? urls.base : "";

	if (pid)
		log_info("Listening at: %.*s (%d)", (int)urls.len, text, (int)pid);
	else
		log_info("Listening at: %.*s", (int)urls.len, text);
	buf_release(&urls);
}

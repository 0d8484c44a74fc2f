/* The way back from the threads of applications: a list with a lock, and a descriptor that
 * wakes the loop.
 *
 * Most connections come back with everything written, and nothing to do before their
 * client's next request.  That wakes the loop anyway, so waking it for their return as well
 * would be three system calls for nothing. */
#include "handback.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ucorn/util/fd.h"

int handback_init(struct handback *h)
{
	*h = (struct handback){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	pthread_mutex_init(&h->lock, NULL);
	list_init(&h->back);
	return h->fd < 0 ? -errno : 0;
}

void handback_release(struct handback *h)
{
	fd_close(&h->fd);
	pthread_mutex_destroy(&h->lock);
}

void handback_put(struct handback *h, struct conn *c, bool haste)
{
	const uint64_t one = 1;
	bool wake;

	pthread_mutex_lock(&h->lock);
	list_append(&h->back, &c->run);
	wake = (haste || h->awaited) && !h->waking;
	h->waking = h->waking || wake;
	pthread_mutex_unlock(&h->lock);
	/* It is far from full, so this cannot fail. */
	if (wake && write(h->fd, &one, sizeof(one)) < 0)
		return;
}

void handback_take(struct handback *h, struct list *list, bool awaited)
{
	pthread_mutex_lock(&h->lock);
	list_append_all(list, &h->back);
	h->awaited = awaited;
	pthread_mutex_unlock(&h->lock);
}

/* The read comes first: behind it nobody writes until `waking` is false again.  What is put
 * between the two wakes nobody and need not, since the loop takes all before it sleeps. */
void handback_woken(struct handback *h)
{
	uint64_t count;
	ssize_t n = read(h->fd, &count, sizeof(count));

	UNUSED(n); /* it may have been read already */
	pthread_mutex_lock(&h->lock);
	h->waking = false;
	pthread_mutex_unlock(&h->lock);
}

void handback_await(struct handback *h)
{
	pthread_mutex_lock(&h->lock);
	h->awaited = true;
	pthread_mutex_unlock(&h->lock);
}

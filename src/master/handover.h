/* From one master to the next: what the old one says to the program that it starts,
 * and starting it. */
#ifndef UCORN_MASTER_HANDOVER_H
#define UCORN_MASTER_HANDOVER_H

#include "ucorn/master/heritage.h"
#include "ucorn/net/listener.h"

/* What the old master hands over. */
struct handover {
	pid_t old_master;
	const struct listener *listeners;
	size_t n_listeners;
	const char *bind_folder; /* what relative paths among them begin at; or NULL */
};

/* The environment of the next program, whose process has the id self; one block, for
 * free().  NULL: no memory. */
MUST_CHECK char **handover_environment(const struct heritage *h, const struct handover *what,
				       pid_t self);

/* In the child: becomes the program that h was started as, with these sockets and the
 * standard streams as its only descriptors.  Comes back with err if that fails. */
void handover_exec(const struct heritage *h, const struct handover *what, struct err *err);

#endif

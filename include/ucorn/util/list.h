/* Intrusive doubly linked lists.  A list head is a node that points to itself
 * when the list is empty; so does a node that is on no list. */
#ifndef UCORN_UTIL_LIST_H
#define UCORN_UTIL_LIST_H

#include "ucorn/util/base.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *node)
{
	node->next = node->prev = node;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Takes node off its list; harmless when it is on none. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* node has to be on no list. */
static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Likewise. */
static inline void list_prepend(struct list *head, struct list *node)
{
	list_append(head->next, node);
}

/* Moves all nodes of from to the end of head. */
static inline void list_append_all(struct list *head, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	from->prev->next = head;
	head->prev->next = from->next;
	head->prev = from->prev;
	list_init(from);
}

static inline struct list *list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

#endif

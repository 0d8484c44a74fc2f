/* An application without Python: what the connection machine is tested and
 * benched with.  It answers with the request's method, target and body; the
 * target says how:
 *
 *   /fixed      13 bytes of text, whole body known
 *   /stream/N   N pieces "piece I\n", one per step
 *   /fail       fails before the head, /cut after it
 *   /borrow     three pieces of which the queue borrows one
 *   /file       a range of a file
 *   /status/N   status N, and the 13 bytes where N has a body
 *   /write      pieces that are flushed one by one, as WSGI's write() does
 *   any other   "METHOD TARGET\n" and the body, whole body known
 */
#ifndef UCORN_TESTS_ECHO_APP_H
#define UCORN_TESTS_ECHO_APP_H

#include "ucorn/conn/conn.h"

struct echo_app {
	struct app app;
	atomic_uint started, finished;
	atomic_uint borrowed, released; /* pieces lent to queues, and given back */
};

void echo_app_init(struct echo_app *echo);

#endif

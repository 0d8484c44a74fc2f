/* An application without Python: what the connection machine is tested and
 * benched with.  It answers with the request's method, target and body; the
 * target says how:
 *
 *   /fixed      13 bytes of text, whole body known
 *   /stream/N   N pieces "piece I\n", one per step
 *   /fail       fails before the head, /cut after it
 *   any other   "METHOD TARGET\n" and the body, whole body known
 */
#ifndef UCORN_TESTS_ECHO_APP_H
#define UCORN_TESTS_ECHO_APP_H

#include "ucorn/conn/conn.h"

struct echo_app {
	struct app app;
	unsigned started, finished;
};

void echo_app_init(struct echo_app *echo);

#endif

/* What the server calls itself, and where: "ucorn" to people and to what people
 * write for it, "gunicorn" to programs that others wrote and that look for it.
 * docs/gunicorn.md has the table with the reasons. */
#ifndef UCORN_UTIL_NAMES_H
#define UCORN_UTIL_NAMES_H

#define NAME_PROGRAM "ucorn" /* --version, `Starting ...`, process titles, usage */
#define NAME_SERVER  "ucorn" /* the field Server; gunicorn.SERVER */

#define NAME_GUNICORN "gunicorn" /* loggers, syslog tags, metrics, keys of environs */

/* The gunicorn whose behaviour is followed; gunicorn.__version__. */
#define NAME_GUNICORN_VERSION "26.1.0"

/* SERVER_SOFTWARE of environs and of the process's environment: a list of
 * products (RFC 3875 4.1.17), the one that libraries look for first. */
#define NAME_SOFTWARE NAME_GUNICORN "/" NAME_GUNICORN_VERSION " " NAME_PROGRAM "/" UCORN_VERSION

#endif

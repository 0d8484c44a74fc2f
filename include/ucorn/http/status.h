/* Status codes and their reasons (RFC 9110 15): one table. */
#ifndef UCORN_HTTP_STATUS_H
#define UCORN_HTTP_STATUS_H

/* The reason phrase, or "Unknown". */
const char *http_status_reason(unsigned status);

#endif

/* access_log_format = "json". */
#ifndef UCORN_LOG_ACCESS_JSON_H
#define UCORN_LOG_ACCESS_JSON_H

#include "ucorn/log/access.h"

struct access_json;

/* NULL when memory is short. */
struct access_json *access_json_new(void);
void access_json_free(struct access_json *json);

/* Appends the object without LF: 0, or -ENOMEM with out as it happens to be. */
MUST_CHECK int access_json_append(struct access_json *json, struct buf *scratch,
				  const struct access_record *r, struct buf *out);

#endif

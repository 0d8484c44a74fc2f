/* The environ keys of header fields: HTTP_ and the name in upper case.
 *
 * Kept by the field's raw name, so that a name that has come before costs no
 * conversion; of bounded size, so that clients cannot grow it. */
#include <ctype.h>
#include <stdlib.h>

#include "wsgi.h"

enum {
	NAME_MAX_BYTES = 48, /* longer field names are not cached */
	NAME_CACHE_SLOTS = 512,
	NAME_CACHE_PROBES = 8,
};

/* A field name as it was sent, and its environ key. */
struct name_entry {
	unsigned char len; /* 0: free */
	char name[NAME_MAX_BYTES];
	PyObject *key;
};

struct field_names {
	struct name_entry entries[NAME_CACHE_SLOTS];
};

struct field_names *field_names_new(void)
{
	return calloc(1, sizeof(struct field_names));
}

void field_names_free(struct field_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < NAME_CACHE_SLOTS; i++)
		Py_CLEAR(names->entries[i].key);
	free(names);
}

/* HTTP_ and the name in upper case, with '_' for '-'; interned. */
static PyObject *field_key_new(struct slice name)
{
	const struct slice prefix = SLICE("HTTP_");
	PyObject *key = PyUnicode_New((Py_ssize_t)(prefix.len + name.len), 127);
	char *at;

	if (!key)
		return NULL;
	at = (char *)PyUnicode_1BYTE_DATA(key);
	for (size_t i = 0; i < prefix.len; i++)
		*at++ = prefix.base[i];
	for (size_t i = 0; i < name.len; i++)
		*at++ = name.base[i] == '-' ? '_' : (char)toupper((unsigned char)name.base[i]);
	return key;
}

/* Of both ends and the length: names that differ only between them are few, and share the
 * places that are probed. */
static unsigned name_hash(struct slice name)
{
	uint64_t first = 0, last = 0, hash;
	size_t n = name.len < sizeof(first) ? name.len : sizeof(first);

	if (name.len >= sizeof(first)) {
		memcpy(&first, name.base, sizeof(first));
		memcpy(&last, name.base + name.len - sizeof(last), sizeof(last));
	} else {
		memcpy(&first, name.base, n);
	}
	hash = (first ^ (last << 1) ^ name.len) * UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(hash >> 48);
}

/* The environ key of a field name: a new reference. */
PyObject *field_names_key(struct field_names *names, struct slice name)
{
	unsigned hash = name_hash(name);
	struct name_entry *entry;
	PyObject *key;

	if (name.len > NAME_MAX_BYTES)
		return field_key_new(name);
	for (unsigned probe = 0; probe < NAME_CACHE_PROBES; probe++) {
		entry = &names->entries[(hash + probe) % NAME_CACHE_SLOTS];
		if (entry->len == name.len && memcmp(entry->name, name.base, name.len) == 0)
			return Py_NewRef(entry->key);
		if (entry->len != 0)
			continue;
		key = field_key_new(name);
		if (!key)
			return NULL;
		PyUnicode_InternInPlace(&key);
		if (entry->len != 0) /* by another thread, meanwhile */
			return key;
		entry->len = (unsigned char)name.len;
		memcpy(entry->name, name.base, name.len);
		entry->key = key;
		return Py_NewRef(key);
	}
	return field_key_new(name); /* the cache is full here */
}

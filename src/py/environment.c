/* Finds the user's environment by rules that do not depend on PATH: a
 * `python3` found there may be a shim or of another version.
 *
 * 1. The virtual environment that the ucorn binary itself lies in.
 * 2. VIRTUAL_ENV.
 * 3. The interpreter this program was built for.
 *
 * CPython would start in an environment of another minor version without a word
 * and then not find its packages; so pyvenv.cfg is read here first. */
#include "environment.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ucorn/py/pyapi.h"
#include "ucorn/util/log.h"
#include "ucorn/util/slice.h"

#define TEXT(x)	     #x
#define NUMBER(x)    TEXT(x)
#define PYTHON_MINOR NUMBER(PY_MAJOR_VERSION) "." NUMBER(PY_MINOR_VERSION)

static char executable[PATH_MAX];

/* The folder above the one this program lies in. */
static bool program_prefix(char prefix[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", prefix, PATH_MAX - 1);

	if (len <= 0)
		return false;
	prefix[len] = '\0';
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(prefix, '/');

		if (!slash)
			return false;
		*slash = '\0';
	}
	return true;
}

/* The value of a `key = value` line, if line is one of `version` (venv) or
 * `version_info` (virtualenv, uv). */
static bool version_line(const char *line, struct slice *version)
{
	const char *equals = strchr(line, '=');
	struct slice key;

	if (!equals)
		return false;
	key = slice_trim(slice_of(line, (size_t)(equals - line)));
	*version = slice_trim(slice_of(equals + 1, strcspn(equals + 1, "\r\n")));
	return slice_eq(key, SLICE("version")) || slice_eq(key, SLICE("version_info"));
}

/* "3.11" of "3.11.2.final.0". */
static struct slice minor_of(struct slice version)
{
	const char *dot = memchr(version.base, '.', version.len);
	size_t len = version.len;

	if (dot) {
		const char *rest = dot + 1;
		const char *second = memchr(rest, '.', version.len - (size_t)(rest - version.base));

		if (second)
			len = (size_t)(second - version.base);
	}
	return slice_of(version.base, len);
}

/* Reads folder/pyvenv.cfg.  0: it is there and of the right version (or does
 * not say); -ENOENT: there is none; -1 with err: it cannot be used. */
static int venv_check(const char *folder, struct err *err)
{
	char path[PATH_MAX + 16], line[1024];
	struct slice version, found;
	FILE *file;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/pyvenv.cfg", folder);
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return -ENOENT;
	if (!file)
		return err_set_exit(err, 3,
				    "Cannot read %s: %s. Make the virtual environment "
				    "readable for this user.",
				    path, strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), file)) {
		if (!version_line(line, &version))
			continue;
		found = minor_of(version);
		if (!slice_eq(found, SLICE(PYTHON_MINOR)))
			rc = err_set_exit(
				err, 3,
				"The virtual environment %s is for Python %.*s, but this ucorn "
				"embeds Python " PYTHON_MINOR ". Make the environment anew with "
				"python" PYTHON_MINOR ", or use a ucorn that was built for its "
				"version.",
				folder, (int)found.len, found.base);
	}
	fclose(file);
	return rc;
}

/* Absolute: the application may change the folder. */
static int make_absolute(struct err *err)
{
	char folder[PATH_MAX], path[PATH_MAX];
	int n;

	if (executable[0] == '/')
		return 0;
	if (!getcwd(folder, sizeof(folder)))
		return err_set(err, "Cannot find the current folder: %s", strerror(errno));
	n = snprintf(path, sizeof(path), "%s/%s", folder, executable);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(err, "The path of %s is too long.", executable);
	memcpy(executable, path, (size_t)n + 1);
	return 0;
}

static int choose_in_venv(const char *folder, struct err *err)
{
	static const char *const names[] = {"python3", "python"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int n = snprintf(executable, sizeof(executable), "%s/bin/%s", folder, names[i]);

		if (n > 0 && n < PATH_MAX && access(executable, X_OK) == 0)
			return make_absolute(err);
	}
	return err_set_exit(err, 3,
			    "The virtual environment %s has no bin/python3 that can be run: %s. "
			    "Make it anew, or unset VIRTUAL_ENV.",
			    folder, strerror(errno));
}

int environment_choose(struct err *err)
{
	char prefix[PATH_MAX];
	const char *candidates[2] = {program_prefix(prefix) ? prefix : NULL, getenv("VIRTUAL_ENV")};

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		int rc;

		if (!candidates[i] || !*candidates[i])
			continue;
		rc = venv_check(candidates[i], err);
		if (rc == 0)
			return choose_in_venv(candidates[i], err);
		if (rc != -ENOENT)
			return rc;
		if (i > 0)
			log_warning("VIRTUAL_ENV is %s, which is no virtual environment (it has no "
				    "pyvenv.cfg): using %s",
				    candidates[i], UCORN_PYTHON_EXECUTABLE);
	}
	environment_set(UCORN_PYTHON_EXECUTABLE);
	return 0;
}

void environment_set(const char *chosen)
{
	snprintf(executable, sizeof(executable), "%s", chosen);
}

const char *environment_executable(void)
{
	return executable;
}

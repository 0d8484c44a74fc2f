/* ucorn [OPTIONS] [APP_MODULE]: from the command line to a running master. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ucorn/config/cli.h"
#include "ucorn/master/master.h"
#include "ucorn/py/interp.h"
#include "ucorn/util/title.h"

struct arguments {
	int argc;
	char **argv;
	enum cli_action action;
};

/* Reads everything anew, from the defaults to the command line. */
static int read_settings(void *data, struct settings *s, struct err *err)
{
	struct arguments *a = data;

	if (settings_init(s, err) < 0)
		return -1;
	if (cli_parse(s, a->argc, a->argv, &a->action, err) < 0)
		goto failed;
	if (a->action == CLI_RUN && !s->wsgi_app) {
		err_set(err, "No application module specified.");
		goto failed;
	}
	return 0;
failed:
	settings_release(s);
	return -1;
}

/* chdir and sys.path: the application is imported from where it lies. */
static int enter_folder(const struct settings *s, struct err *err)
{
	char folder[4096], *list, *next, *name;
	int rc = 0;

	if (s->chdir && chdir(s->chdir) < 0)
		return err_set(err, "can't chdir to '%s': %s", s->chdir, strerror(errno));
	if (!getcwd(folder, sizeof(folder)))
		return err_set(err, "Cannot find the current folder: %s", strerror(errno));
	if (interp_path_insert(folder, err) < 0)
		return -1;
	if (!s->pythonpath)
		return 0;
	list = next = strdup(s->pythonpath);
	if (!list)
		return err_set(err, "Out of memory");
	while (rc == 0 && (name = strsep(&next, ",")))
		rc = interp_path_insert(name, err);
	free(list);
	return rc;
}

static int usage_error(const struct err *err)
{
	if (err->exit_code == 2) {
		cli_print_usage(stderr);
		fprintf(stderr, "ucorn: error: %s\n", err->text);
	} else {
		fprintf(stderr, "\nError: %s\n", err->text);
	}
	return err->exit_code;
}

static int run(struct arguments *a, struct settings *s)
{
	struct err err = {0};
	int code = 1;

	if (interp_start(a->argc, a->argv, &err) < 0)
		goto failed;
	if (enter_folder(s, &err) < 0)
		goto failed;
	code = master_run(s, read_settings, a);
	return interp_end(code);
failed:
	settings_release(s);
	return usage_error(&err);
}

int main(int argc, char **argv)
{
	struct arguments a = {argc, title_init(argc, argv), CLI_RUN};
	struct settings s;
	struct err err = {0};

	if (read_settings(&a, &s, &err) < 0)
		return usage_error(&err);
	switch (a.action) {
	case CLI_RUN:
		return run(&a, &s);
	case CLI_HELP:
		cli_print_help(stdout);
		break;
	case CLI_VERSION:
		printf("ucorn (version %s)\n", UCORN_VERSION);
		break;
	}
	settings_release(&s);
	return 0;
}

/* Runs a fuzz target over files, for compilers without libFuzzer: every seed and
 * every input that once failed is tried by every build.
 *
 * NAME.http is a request of the corpus: it gets control bytes of 0 before it.  Each
 * line of NAME.seeds is an input, with \r, \n, \\ and \xHH as escapes.  Any other file
 * is an input as it is; of a folder, all files are. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "require.h"

static unsigned inputs;

static struct buf file_read(const char *path)
{
	struct buf content = {0};
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t n;

	if (!file) {
		perror(path);
		exit(2);
	}
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		require(buf_append(&content, block, n) == 0, "there is memory");
	fclose(file);
	return content;
}

/* In memory of just its size, so that reading beyond it shows. */
static void run(struct slice prefix, struct slice input)
{
	size_t len = prefix.len + input.len;
	uint8_t *bytes = malloc(len > 0 ? len : 1);

	require(bytes != NULL, "there is memory");
	if (prefix.len > 0)
		memcpy(bytes, prefix.base, prefix.len);
	if (input.len > 0)
		memcpy(bytes + prefix.len, input.base, input.len);
	LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
	inputs++;
}

/* The escape behind a backslash at s, in place; gives what is behind it. */
static char *unescape(char *s, char *byte)
{
	char hex[3] = {0};

	switch (*s) {
	case 'n':
		*byte = '\n';
		return s + 1;
	case 'r':
		*byte = '\r';
		return s + 1;
	case 'x':
		memcpy(hex, s + 1, strnlen(s + 1, 2));
		*byte = (char)strtoul(hex, NULL, 16);
		return s + 1 + strlen(hex);
	default:
		*byte = '\\';
		return *s == '\\' ? s + 1 : s;
	}
}

static void run_line(char *line)
{
	char *to = line, *from = line;

	while (*from)
		if (*from == '\\')
			from = unescape(from + 1, to++);
		else
			*to++ = *from++;
	run(SLICE(""), slice_of(line, (size_t)(to - line)));
}

static void run_lines(struct buf *content)
{
	char *rest, *line;

	require(buf_append(content, "", 1) == 0, "there is memory");
	rest = content->base;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			run_line(line);
}

static void run_file(const char *path)
{
	static const char zeros[FUZZ_CONTROL_BYTES];
	const char *kind = strrchr(path, '.');
	struct buf content = file_read(path);

	if (kind && strcmp(kind, ".seeds") == 0)
		run_lines(&content);
	else if (kind && strcmp(kind, ".http") == 0)
		run(slice_of(zeros, sizeof(zeros)), buf_slice(&content));
	else
		run(SLICE(""), buf_slice(&content));
	buf_release(&content);
}

static void run_folder(const char *path, DIR *folder)
{
	struct dirent *entry;

	while ((entry = readdir(folder))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		run_file(name);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);

		if (folder)
			run_folder(argv[i], folder);
		else
			run_file(argv[i]);
		if (folder)
			closedir(folder);
	}
	printf("%u inputs\n", inputs);
	return inputs > 0 ? 0 : 2;
}

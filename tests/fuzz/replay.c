/* Runs a fuzz target over files, for compilers without libFuzzer: every seed and
 * every input that once failed is tried by every build. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "ucorn/util/buf.h"

static bool replay(const char *path)
{
	struct buf content = {0};
	FILE *file = fopen(path, "rb");
	char block[4096];
	bool ok = file != NULL;
	size_t n;

	while (ok && (n = fread(block, 1, sizeof(block), file)) > 0)
		ok = buf_append(&content, block, n) == 0;
	if (file)
		fclose(file);
	if (ok)
		LLVMFuzzerTestOneInput((const uint8_t *)content.base, content.len);
	else
		fprintf(stderr, "cannot read %s\n", path);
	buf_release(&content);
	return ok;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (!replay(argv[i]))
			return 1;
	printf("%d files\n", argc - 1);
	return 0;
}

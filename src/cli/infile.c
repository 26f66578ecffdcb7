/* SPDX-License-Identifier: MIT */
#include "cli/infile.h"

#include <errno.h>
#include <string.h>

static bool is_standard(const struct infile *f)
{
	return strcmp(f->path, "-") == 0;
}

const char *infile_name(const struct infile *f)
{
	return is_standard(f) ? "standard input" : f->path;
}

static bool read_stream(const struct infile *f, FILE *stream, struct text *ret, struct error *err)
{
	char bytes[16384];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), stream)) > 0) {
		if (memchr(bytes, '\0', n) != NULL)
			return error_set(err, "%s is not a text", infile_name(f));
		text_addn(ret, bytes, n);
		if (ret->len > f->max)
			return error_set(err, "%s is too long for %s", infile_name(f), f->what);
	}
	return !ferror(stream) || error_sys(err, errno, "%s", infile_name(f));
}

bool infile_read(const struct infile *f, const struct console *c, struct text *ret,
                 struct error *err)
{
	FILE *stream = is_standard(f) ? c->in : fopen(f->path, "re");
	bool ok;

	if (stream == NULL)
		return error_sys(err, errno, "%s", infile_name(f));
	ok = read_stream(f, stream, ret, err);
	if (!is_standard(f))
		fclose(stream);
	return ok;
}

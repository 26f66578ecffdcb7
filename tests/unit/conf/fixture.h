/* SPDX-License-Identifier: MIT */
#ifndef CONF_FIXTURE_H
#define CONF_FIXTURE_H

#include "base/text.h"
#include "conf/loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the tests of the conf layer share. */
#define CLUSTER  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); };"
#define SERVICES "services = ( { name = \"psql\"; bind = \":26257\"; } );"
#define BASE     CLUSTER SERVICES

/* All problem lines of a text, joined by newlines; "" and settings in *ret if it is valid. */
static inline char *problems_of(const char *text, struct settings **ret)
{
	struct loader_problems p;
	struct text t = { 0 };
	struct settings *s = loader_read_string("x.conf", text, &p);

	assert_int_equal(s == NULL, p.count != 0);
	for (size_t i = 0; i < p.count; i++)
		text_addf(&t, "%s%s", i ? "\n" : "", p.lines[i]);
	loader_problems_release(&p);
	if (ret)
		*ret = s;
	else
		settings_free(s);
	return text_take(&t);
}

static inline struct settings *valid(const char *text)
{
	struct settings *s = NULL;
	char *lines = problems_of(text, &s);

	assert_string_equal(lines, "");
	free(lines);
	assert_non_null(s);
	return s;
}

/* The text has exactly the problems `want`, one per line. */
static inline void expect_problems(const char *text, const char *want)
{
	char *lines = problems_of(text, NULL);

	assert_string_equal(lines, want);
	free(lines);
}

static inline char *read_whole(const char *path)
{
	FILE *f = fopen(path, "r");
	struct text t = { 0 };
	char buf[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&t, buf, n);
	fclose(f);
	return text_take(&t);
}

static inline void write_whole(const char *path, const char *s)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(s, 1, strlen(s), f), strlen(s));
	assert_int_equal(fclose(f), 0);
}

/* The file at `path` is `want`; with UPDATE=1 in the environment it becomes it. */
static inline void expect_file(const char *path, const char *want)
{
	const char *update = getenv("UPDATE");
	char *have;

	if (update && strcmp(update, "1") == 0)
		write_whole(path, want);
	have = read_whole(path);
	if (!have || strcmp(have, want) != 0)
		fail_msg("%s is not what the code writes: run this test with UPDATE=1", path);
	free(have);
}

/* What stands between those two lines of a manual page is what the code writes. */
static inline void expect_manual(const char *path, const char *begin_mark, const char *end_mark,
                                 void (*write)(struct text *out))
{
	char *page = read_whole(path);
	AUTO_TEXT want = { 0 };
	const char *begin;
	const char *end;

	assert_non_null(page);
	begin = strstr(page, begin_mark);
	end = strstr(page, end_mark);
	assert_true(begin && end && begin < end);
	text_addn(&want, page, (size_t)(begin - page) + strlen(begin_mark));
	write(&want);
	text_add(&want, end);
	expect_file(path, text_str(&want));
	free(page);
}

#endif

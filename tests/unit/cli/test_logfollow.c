/* SPDX-License-Identifier: MIT */
#include "cli/logfollow.h"

#include "fake.h"

#include <sys/stat.h>

struct place {
	char dir[64], path[96], old[96];
	struct logfollow log;
};

static void append(const char *path, const char *words)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(words, f);
	fclose(f);
}

static int open_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct error err;

	snprintf(p->dir, sizeof(p->dir), "/tmp/logfollow-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/log", p->dir);
	snprintf(p->old, sizeof(p->old), "%s/log.1", p->dir);
	append(p->path, "of yesterday\n");
	assert_true(logfollow_open(&p->log, p->path, &err));
	*state = p;
	return 0;
}

static int close_place(void **state)
{
	struct place *p = *state;

	logfollow_close(&p->log);
	unlink(p->path);
	unlink(p->old);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void expect(struct place *p, const char *want)
{
	const char *line = logfollow_next(&p->log);

	if (want == NULL) {
		assert_null(line);
	} else {
		assert_non_null(line);
		assert_string_equal(line, want);
	}
}

static void whole_lines_are_given_out_as_they_come(void **state)
{
	struct place *p = *state;

	expect(p, NULL);
	append(p->path, "a\nb");
	expect(p, "a");
	expect(p, NULL);
	append(p->path, "c\n\n");
	expect(p, "bc");
	expect(p, "");
	expect(p, NULL);
}

static void a_renamed_file_is_read_to_its_end_first(void **state)
{
	struct place *p = *state;

	append(p->path, "a\n");
	assert_int_equal(rename(p->path, p->old), 0);
	append(p->old, "b\n");
	expect(p, "a");
	expect(p, "b");
	expect(p, NULL);
	append(p->old, "c\n");
	append(p->path, "d\n");
	expect(p, "c");
	expect(p, "d");
	expect(p, NULL);
}

static void a_file_that_was_cut_off_is_read_from_its_beginning(void **state)
{
	struct place *p = *state;

	append(p->path, "long enough\n");
	expect(p, "long enough");
	assert_int_equal(truncate(p->path, 0), 0);
	append(p->path, "a\n");
	expect(p, "a");
	expect(p, NULL);
}

static void a_line_without_an_end_loses_its_beginning(void **state)
{
	struct place *p = *state;
	AUTO_TEXT line = { 0 };
	const char *got;

	for (int i = 0; i < 3 * LOGFOLLOW_LINE_MAX; i++)
		text_addc(&line, 'x');
	text_add(&line, "end\n");
	append(p->path, text_str(&line));
	got = logfollow_next(&p->log);
	assert_non_null(got);
	assert_true(strlen(got) <= 2 * LOGFOLLOW_LINE_MAX);
	assert_contains(got, "xend");
	expect(p, NULL);
}

static void what_is_no_file_is_refused(void **state)
{
	struct place *p = *state;
	struct logfollow log;
	struct error err;

	assert_false(logfollow_open(&log, p->old, &err));
	assert_contains(err.text, "cannot read");
	assert_false(logfollow_open(&log, p->dir, &err));
	assert_contains(err.text, "is not a file");
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, open_place, close_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(whole_lines_are_given_out_as_they_come),
		PLACE_TEST(a_renamed_file_is_read_to_its_end_first),
		PLACE_TEST(a_file_that_was_cut_off_is_read_from_its_beginning),
		PLACE_TEST(a_line_without_an_end_loses_its_beginning),
		PLACE_TEST(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

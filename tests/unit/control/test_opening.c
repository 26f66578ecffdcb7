/* SPDX-License-Identifier: MIT */
/* How many sessions the descriptors allow. */
#include "../../../src/control/opening.h"

#include "base/log.h"
#include "base/text.h"
#include "conf/lint.h"
#include "core/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OTHERS = 32 + 3 }; /* what is spare, and a worker's own; each further worker needs 3 more */

static uint32_t ask(uint64_t nofile, uint32_t threads, uint32_t maxconn)
{
	const struct settings set = { .threads = threads, .maxconn = maxconn };
	struct supervisor s = { .daemon = { .nofile = nofile } };

	return opening_maxconn(&s, &set);
}

/* With all of them open there is a descriptor for every pipe that the workers may want, too. */
static void all_sessions_and_all_pipes_have_their_descriptors(void **unused)
{
	static const uint64_t nofiles[] = { 2048, 4096, 20000, 65536, 200000, 1048576 };

	(void)unused;
	for (size_t i = 0; i < sizeof(nofiles) / sizeof(nofiles[0]); i++) {
		for (uint32_t threads = 1; threads <= 4; threads *= 2) {
			uint32_t n = ask(nofiles[i], threads, 0);
			uint64_t pipes = 2ULL * threads * descriptors_pipes(n);
			uint64_t used = 2ULL * n + pipes + OTHERS + 3ULL * (threads - 1);

			if (nofiles[i] >= 16384)
				used += 64 + 1;

			assert_in_range(used, nofiles[i] * 99 / 100, nofiles[i]);
		}
	}
}

/* Where there are few, most are for sessions all the same: pipes are given when one can be had. */
static void few_descriptors_are_for_sessions(void **unused)
{
	(void)unused;
	assert_int_equal(ask(128, 1, 0), (128 - OTHERS - 16) / 2);
	assert_int_equal(ask(256, 4, 0), (256 - OTHERS - 9 - 32) / 2);
	assert_int_equal(ask(10, 1, 0), 1);
}

static void what_is_asked_for_is_given_if_there_is_enough(void **unused)
{
	uint32_t most = ask(20000, 2, 0);

	(void)unused;
	assert_int_equal(ask(20000, 2, 100), 100);
	assert_int_equal(ask(20000, 2, most), most);
	assert_int_equal(ask(20000, 2, most + 1), most);
	assert_int_equal(ask(UINT64_MAX, 2, 0), 1048576);
}

/* --- lint --------------------------------------------------------------------------------- */

static void count_line(void *ctx, enum log_level level, const char *message)
{
	(void)level;
	(void)message;
	++*(unsigned int *)ctx;
}

static uint32_t open_with(const struct lintfile *file, uint64_t nofile, unsigned int *ret_warnings)
{
	struct supervisor s = { .daemon = { .nofile = nofile } };
	uint32_t maxconn;

	*ret_warnings = 0;
	log_set_sink(count_line, ret_warnings);
	maxconn = opening_maxconn(&s, lintfile_settings(file));
	log_set_sink(NULL, NULL);
	return maxconn;
}

/* 0: it has no cure to offer. */
static uint64_t prescribed(const struct lintfile *file, uint64_t nofile)
{
	static const char key[] = "nofile = ";
	const struct settings any = { 0 };
	struct lint_facts facts = { .nofile = nofile, .processors = opening_threads(&any) };
	struct lint l = { 0 };
	uint64_t ret = 0;

	lint_settings(&l, file, &facts);
	for (size_t i = 0; i < l.count; i++)
		if (l.findings[i].rule == LINT_MAXCONN_NOFILE) {
			assert_memory_equal(l.findings[i].cure, key, strlen(key));
			ret = strtoull(l.findings[i].cure + strlen(key), NULL, 10);
		}
	lint_release(&l);
	return ret;
}

static void expect_cured(uint32_t maxconn, uint32_t threads, uint64_t nofile)
{
	struct loader_problems problems = { 0 };
	unsigned int warnings;
	AUTO_TEXT text = { 0 };
	struct lintfile *file;
	uint64_t cure;

	text_addf(&text,
	          "maxconn = %u; threads = %u;\ncluster = {\n  nodes = ( { name = \"n1\"; host "
	          "= \"10.0.0.1\"; }, { name = \"n2\"; host = \"10.0.0.2\"; } );\n"
	          "  server = { warm = 3; };\n};\nservices = (\n"
	          "  { name = \"psql\"; bind = \":26257\"; protocol = \"pgwire\"; }\n);\n",
	          maxconn, threads);
	file = lintfile_read_string("x.conf", text_str(&text), &problems);
	if (!file)
		fail_msg("%s", problems.lines[0]);
	loader_problems_release(&problems);
	cure = prescribed(file, nofile);
	if (cure) {
		assert_true(open_with(file, nofile, &warnings) < maxconn);
		assert_int_equal(warnings, 1);
		nofile = cure;
	}
	assert_int_equal(open_with(file, nofile, &warnings), maxconn);
	assert_int_equal(warnings, 0);
	assert_int_equal(prescribed(file, nofile), 0);
	lintfile_free(file);
}

/* The nofile that lint prescribes is enough for all of maxconn, and it says nothing without need.
 */
static void what_lint_prescribes_cures(void **unused)
{
	static const uint32_t maxconns[] = { 100, 400, 5000, 8000, 8150, 20000, 500000 };
	static const uint32_t threads[] = { 0, 1, 2, 8, 64 };
	static const uint64_t nofiles[] = { 1024, 10400, 16384, 65536 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(maxconns); i++)
		for (size_t k = 0; k < ARRAY_LEN(threads); k++)
			for (size_t n = 0; n < ARRAY_LEN(nofiles); n++)
				expect_cured(maxconns[i], threads[k], nofiles[n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sessions_and_all_pipes_have_their_descriptors),
		cmocka_unit_test(few_descriptors_are_for_sessions),
		cmocka_unit_test(what_is_asked_for_is_given_if_there_is_enough),
		cmocka_unit_test(what_lint_prescribes_cures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

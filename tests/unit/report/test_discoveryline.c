/* SPDX-License-Identifier: MIT */
#include "report/discoveryline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

static void it_says_how_many_from_where_and_when(void **state)
{
	static const struct {
		struct statusjson_discovery d;
		const char *line;
	} cases[] = {
		{ { .on = true, .known = 5, .last_s = 3, .from = "http://n1:8080" },
		  "5 nodes from http://n1:8080, 3s ago" },
		{ { .on = true, .known = 5, .elsewhere = 2, .from = "http://n1:8080" },
		  "5 nodes (2 left out by locality) from http://n1:8080, 0s ago" },
		{ { .on = true, .known = 1, .elsewhere = 1, .from = "http://n1:8080" },
		  "1 node (1 left out by locality) from http://n1:8080, 0s ago" },
		{ { .on = true, .known = 1, .last_s = 7500 },
		  "1 node from a list that was kept, 2h05m old" },
		{ { .on = true, .last_s = -1, .error = "401" }, "no list of nodes yet" },
		{ { .on = true, .known = -1, .last_s = 0, .from = "x" }, "0 nodes from x, 0s ago" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_TEXT out = { 0 };

		discoveryline_add(&cases[i].d, &out);
		assert_string_equal(text_str(&out), cases[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_how_many_from_where_and_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_REPORT_DRILLHTMLCHECK_H
#define TESTS_UNIT_REPORT_DRILLHTMLCHECK_H

#include "drillfixture.h"

#include <stdio.h>

/* No attribute of a tag is a script. */
static inline void assert_no_handler(const char *tag, const char *end)
{
	bool quoted = false;

	for (const char *p = tag; p < end; p++) {
		quoted = quoted != (*p == '"');
		assert_false(!quoted && strncmp(p, " on", 3) == 0);
	}
	assert_false(quoted);
}

/* Every start tag has its end tag, in order; nothing runs and nothing comes from elsewhere. */
static inline void assert_sound_html(const char *html)
{
	char stack[32][16];
	size_t depth = 0;

	for (const char *p = strchr(html, '<'); p != NULL; p = strchr(p + 1, '<')) {
		char name[16] = "";
		const char *end = strchr(p, '>');

		assert_non_null(end);
		assert_no_handler(p, end);
		if (p[1] == '!')
			continue;
		if (p[1] == '/') {
			assert_int_equal(sscanf(p + 2, "%15[a-zA-Z0-9]", name), 1);
			assert_true(depth > 0);
			assert_string_equal(stack[--depth], name);
		} else if (end[-1] != '/') {
			assert_int_equal(sscanf(p + 1, "%15[a-zA-Z0-9]", name), 1);
			if (strcmp(name, "meta") == 0)
				continue;
			assert_true(depth < ARRAY_LEN(stack));
			memcpy(stack[depth++], name, sizeof(name));
		}
	}
	assert_int_equal(depth, 0);
	assert_has_not(html, "<script");
	assert_has_not(html, "://");
	assert_has_not(html, "@import");
	assert_has_not(html, "javascript:");
}

#endif

/* SPDX-License-Identifier: MIT */
#include "core/nodeguard.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST = 16 };

/* The first `count` nodes of a cluster; `host` is in all of them. */
struct list {
	struct settings_node nodes[MOST];
	char names[MOST][24];
	struct settings_nodes is;
};

static const struct settings_nodes *list(struct list *l, size_t count, const char *host)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(l->names[i], sizeof(l->names[i]), "n%zu", i + 1);
		l->nodes[i] = (struct settings_node){
			.name = l->names[i], .host = host, .sql_port = 26257, .http_port = 8080
		};
	}
	l->is = (struct settings_nodes){ l->nodes, count };
	return &l->is;
}

/* What a list of `told` nodes gets in that round while `known` are known. */
struct step {
	uint64_t round;
	size_t known, told;
	const char *host;
	enum nodeguard_verdict want;
};

static void expect(const struct step *steps, size_t count, uint32_t minimum)
{
	struct nodeguard g = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct list known;
		struct list told;
		enum nodeguard_verdict have =
		    nodeguard_judge(&g, steps[i].round, list(&known, steps[i].known, "k"),
		                    list(&told, steps[i].told, steps[i].host), minimum);

		if (have != steps[i].want)
			fail_msg("step %zu: %d", i, (int)have);
	}
}

#define EXPECT(minimum, ...)                                                                       \
	do {                                                                                       \
		static const struct step steps_[] = { __VA_ARGS__ };                               \
		expect(steps_, ARRAY_LEN(steps_), minimum);                                        \
	} while (0)

static void the_first_list_and_a_longer_one_are_believed(void **state)
{
	(void)state;
	EXPECT(1, { 1, 0, 1, "a", NODEGUARD_TAKE }, { 2, 1, 9, "a", NODEGUARD_TAKE });
}

static void half_of_what_is_known_is_enough(void **state)
{
	(void)state;
	EXPECT(1, { 1, 6, 3, "a", NODEGUARD_TAKE }, { 2, 5, 3, "a", NODEGUARD_TAKE },
	       { 3, 5, 2, "a", NODEGUARD_SHRUNK });
}

static void fewer_than_the_minimum_are_never_believed(void **state)
{
	(void)state;
	EXPECT(3, { 1, 0, 2, "a", NODEGUARD_FEW }, { 2, 0, 2, "a", NODEGUARD_FEW },
	       { 3, 0, 2, "a", NODEGUARD_FEW }, { 4, 0, 0, "a", NODEGUARD_FEW },
	       { 5, 0, 3, "a", NODEGUARD_TAKE });
}

static void a_small_list_counts_in_the_third_round_in_a_row(void **state)
{
	(void)state;
	EXPECT(1, { 1, 9, 2, "a", NODEGUARD_SHRUNK }, { 2, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 3, 9, 2, "a", NODEGUARD_TAKE }, { 4, 2, 2, "a", NODEGUARD_TAKE });
}

static void a_round_counts_once_however_many_say_it(void **state)
{
	(void)state;
	EXPECT(1, { 1, 9, 2, "a", NODEGUARD_SHRUNK }, { 1, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 1, 9, 2, "a", NODEGUARD_SHRUNK }, { 2, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 2, 9, 2, "a", NODEGUARD_SHRUNK }, { 3, 9, 2, "a", NODEGUARD_TAKE });
}

static void another_small_list_begins_anew(void **state)
{
	(void)state;
	EXPECT(1, { 1, 9, 2, "a", NODEGUARD_SHRUNK }, { 2, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 3, 9, 3, "a", NODEGUARD_SHRUNK }, { 4, 9, 3, "b", NODEGUARD_SHRUNK },
	       { 5, 9, 3, "b", NODEGUARD_SHRUNK }, { 6, 9, 3, "b", NODEGUARD_TAKE });
}

static void a_round_without_it_begins_anew(void **state)
{
	(void)state;
	EXPECT(1, { 1, 9, 2, "a", NODEGUARD_SHRUNK }, { 2, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 4, 9, 2, "a", NODEGUARD_SHRUNK }, { 5, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 6, 9, 2, "a", NODEGUARD_TAKE });
}

static void a_good_list_in_between_begins_anew(void **state)
{
	(void)state;
	EXPECT(1, { 1, 9, 2, "a", NODEGUARD_SHRUNK }, { 2, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 2, 9, 9, "a", NODEGUARD_TAKE }, { 3, 9, 2, "a", NODEGUARD_SHRUNK },
	       { 4, 9, 2, "a", NODEGUARD_SHRUNK }, { 5, 9, 2, "a", NODEGUARD_TAKE });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_list_and_a_longer_one_are_believed),
		cmocka_unit_test(half_of_what_is_known_is_enough),
		cmocka_unit_test(fewer_than_the_minimum_are_never_believed),
		cmocka_unit_test(a_small_list_counts_in_the_third_round_in_a_row),
		cmocka_unit_test(a_round_counts_once_however_many_say_it),
		cmocka_unit_test(another_small_list_begins_anew),
		cmocka_unit_test(a_round_without_it_begins_anew),
		cmocka_unit_test(a_good_list_in_between_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

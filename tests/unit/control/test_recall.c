/* SPDX-License-Identifier: MIT */
#include "control/recall.h"

#include "base/log.h"
#include "base/text.h"
#include "conf/loader.h"
#include "conf/nodeset.h"
#include "control/nodecache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[64];
static char path[96];
static struct text logged;

static void on_log(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	(void)level;
	text_addf(&logged, "%s\n", message);
}

static int begin(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/recall-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/nodes", directory);
	log_set_sink(on_log, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	text_release(&logged);
	unlink(path);
	return rmdir(directory);
}

/* Settings that keep their list in `path`, or that know no discovery. */
static struct settings *settings_of(bool discovers)
{
	struct loader_problems p;
	AUTO_TEXT conf = { 0 };
	struct settings *s;

	text_add(&conf, "cluster = { nodes = ( { name = \"a\"; host = \"10.0.0.99\"; } ); ");
	if (discovers)
		text_addf(&conf, "discover = { from = \"http://h:1\"; cache = \"%s\"; };", path);
	text_add(&conf, "}; services = ( { name = \"s\"; bind = \":1\"; } );");
	s = loader_read_string("x.conf", text_str(&conf), &p);
	loader_problems_release(&p);
	assert_non_null(s);
	return s;
}

/* n1, n2, ... with long localities; for as long as the arena is there. */
static struct settings_nodes nodes_of(size_t count, struct mem_arena *arena)
{
	struct settings_node *at = mem_arena_zalloc(arena, count * sizeof(*at));

	for (size_t i = 0; i < count; i++)
		at[i] = (struct settings_node){
			.name = mem_arena_printf(arena, "n%zu", i + 1),
			.host = mem_arena_printf(arena, "crdb-%zu.cluster.example.com", i + 1),
			.locality = "region=europe-west-1,zone=europe-west-1a,rack=17",
			.sql_port = 26257,
			.http_port = 8080
		};
	return (struct settings_nodes){ at, count };
}

static void a_list_that_was_kept_is_recalled(void **state)
{
	struct mem_arena arena = { 0 };
	struct settings_nodes nodes = nodes_of(3, &arena);
	struct settings *s = settings_of(true);
	struct error err;

	(void)state;
	assert_true(nodecache_write(path, &nodes, &err));
	s = recall_nodes(s, 0);
	assert_true(s->recalled);
	assert_true(nodeset_same(&s->found, &nodes));
	assert_int_equal(s->services[0].server_count, 4);
	assert_true(s->found_wall_ms > 0);
	assert_string_equal(text_str(&logged), "");
	settings_free(s);
	mem_arena_release(&arena);
}

static void without_a_list_settings_stay_what_they_are(void **state)
{
	struct settings *s = settings_of(true);

	(void)state;
	assert_ptr_equal(recall_nodes(s, 0), s);
	assert_false(s->recalled);
	assert_string_equal(text_str(&logged), "");
	settings_free(s);
	s = settings_of(false);
	assert_ptr_equal(recall_nodes(s, 0), s);
	settings_free(s);
}

static void a_kept_list_that_is_none_is_left_out_and_told(void **state)
{
	struct settings *s = settings_of(true);
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("n1 a b c d\n", f);
	fclose(f);
	assert_ptr_equal(recall_nodes(s, 0), s);
	assert_non_null(strstr(text_str(&logged), "the list of nodes that was kept is left out: "));
	settings_free(s);
}

/* The whole of a large list waits in the socket until the successor has started. */
static void a_list_is_handed_over_and_counts_more_than_the_one_that_was_kept(void **state)
{
	static const size_t counts[] = { 1, 5, NODESET_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct mem_arena arena = { 0 };
		struct settings *before = settings_of(true);
		struct settings *after = settings_of(true);
		struct settings_nodes kept = nodes_of(2, &arena);
		struct error err;
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
		assert_true(nodecache_write(path, &kept, &err));
		before->found = nodes_of(counts[i], &arena);
		before->found_wall_ms = 1234567;
		recall_hand_over(ends[0], before);
		after = recall_nodes(after, ends[1]);
		assert_true(nodeset_same(&after->found, &before->found));
		assert_int_equal(after->found_wall_ms, 1234567);
		assert_false(after->recalled);
		assert_int_equal(recv(ends[1], &err, sizeof(err), MSG_DONTWAIT), -1);
		settings_free(before);
		settings_free(after);
		mem_arena_release(&arena);
		close(ends[0]);
		close(ends[1]);
	}
}

static void a_predecessor_that_says_nothing_or_nonsense_is_no_trouble(void **state)
{
	static const char *const said[] = { NULL, "told 5", "told soon", "hello\ntold 7\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		struct settings *s = settings_of(true);
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
		if (said[i])
			assert_int_equal(send(ends[0], said[i], strlen(said[i]), 0),
			                 strlen(said[i]));
		assert_ptr_equal(recall_nodes(s, ends[1]), s);
		settings_free(s);
		close(ends[0]);
		close(ends[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_list_that_was_kept_is_recalled, begin, end),
		cmocka_unit_test_setup_teardown(without_a_list_settings_stay_what_they_are, begin,
		                                end),
		cmocka_unit_test_setup_teardown(a_kept_list_that_is_none_is_left_out_and_told,
		                                begin, end),
		cmocka_unit_test_setup_teardown(
		    a_list_is_handed_over_and_counts_more_than_the_one_that_was_kept, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_predecessor_that_says_nothing_or_nonsense_is_no_trouble, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

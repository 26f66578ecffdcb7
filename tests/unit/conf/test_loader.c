/* SPDX-License-Identifier: MIT */
#include "conf/loader.h"

#include "core/tiers.h"
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

struct bad_case {
	const char *text, *want;
};

#define UNCLEAR                                                                                    \
	"the line (or the end of the one before) cannot be understood: settings are written name " \
	"= "                                                                                       \
	"value; groups { } and lists ( ): "

static void syntax_errors_are_told_in_plain_words(void **state)
{
	static const struct bad_case cases[] = {
		{ "services = (\n { name = \"x\";\n",
		  "x.conf:2: the \"{\" that opens here is never closed" },
		{ "a = {\n b = (\n};", "x.conf:3: \"}\" does not close the \"(\" of line 2" },
		{ "a = 1;\n};", "x.conf:2: \"}\" closes nothing: take it out, or open it before" },
		{ "a = \"x\n\n",
		  "x.conf:1: the string that begins here has no end: write a closing \"" },
		{ "a = \"x\\",
		  "x.conf:1: the string that begins here has no end: write a closing \"" },
		{ "a = 1;\n/* x", "x.conf:2: the comment that begins here has no end: write */" },
		{ "a = \"}\"; # }\n// }\n/* } */ b c", "x.conf:3: " UNCLEAR "/* } */ b c" },
		{ "timeout = { connect = 2s; };",
		  "x.conf:1: 2s needs double quotes: write \"2s\"" },
		{ "balance = leastconn;",
		  "x.conf:1: leastconn needs double quotes: write \"leastconn\"" },
		{ "bind = :26257", "x.conf:1: :26257 needs double quotes: write \":26257\"" },
		{ "services 5;", "x.conf:1: " UNCLEAR "services 5;" },
		{ "a = 0x10 b", "x.conf:1: " UNCLEAR "a = 0x10 b" },
		{ "a = true b", "x.conf:1: " UNCLEAR "a = true b" },
		{ "a =\n", "x.conf:2: the text ends where a value should follow: settings are "
		           "written name = "
		           "value;" },
		{ "maxconn = 1;\nmaxconn = 2;",
		  "x.conf:2: a name is written twice in the same group: keep one of them" },
		{ "a = [ 1, \"x\" ];",
		  "x.conf:1: the elements of [ ] must be of one kind: use ( ) for a mixed list" },
		{ "maxconn = 4294967297;", "x.conf:1: the number 4294967297 is too large" },
		{ "maxconn = 99999999999999999999L;",
		  "x.conf:1: the number 99999999999999999999 is too large" },
		{ "maxconn = 0xffffffff;", "x.conf:1: the number 0xffffffff is too large" },
		{ "\x01", "x.conf:1: " UNCLEAR "\\x01" },
		{ "@include \"x",
		  "x.conf:1: write @include \"path\" on one line, without backslashes" },
		{ "\n@include \"/\"",
		  "x.conf:2: \"/\" is to be included: cannot be read: Is a directory" },
		{ "@include \"/no/such\"", "x.conf:1: \"/no/such\" is to be included: cannot be "
		                           "read: No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_problems(cases[i].text, cases[i].want);
}

static void a_comma_too_many_is_named(void **state)
{
	(void)state;
	expect_problems("cluster = { nodes = (\n{ name = \"n1\"; host = \"h\"; }, # last\n);};\n",
	                "x.conf:2: take away the comma before )");
	expect_problems("a = [ 1, ];\n", "x.conf:1: take away the comma before ]");
}

static void a_configuration_of_haproxy_is_known(void **state)
{
	static const char *const texts[] = {
		"global\n  maxconn 4096\n\ndefaults\n    mode tcp\n",
		"# ours\nlisten psql\n    bind :26257\n    server a 10.0.0.1:26257 check\n",
		"frontend a\n  acl x path_beg \"(\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		expect_problems(texts[i],
		                "x.conf:1: this looks like HAProxy's configuration: sluice "
		                "gen writes one of ours");
	expect_problems("listen = ;\n",
	                "x.conf:1: the line (or the end of the one before) cannot be understood: "
	                "settings are written name = value; groups { } and lists ( ): listen = ;");
}

static void brackets_cannot_be_nested_without_end(void **state)
{
	char text[200];

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	expect_problems(text, "x.conf:1: brackets are nested more than 64 deep");
}

static void all_problems_come_in_the_order_of_the_file(void **state)
{
	(void)state;
	expect_problems(
	    "threads = true;\n"
	    "cluster = { nodes = (\n"
	    "  { name = \"n1\"; host = \"10.0.134.300\"; },\n"
	    "  { name = \"n1\"; host = \"b\"; sqlport = 3; } );\n"
	    "  check = { inter = \"2 sec\"; };\n"
	    "};\n"
	    "services = (\n"
	    "  { name = \"psql\"; bind = \":26257\";\n"
	    "    blance = \"leastconn\"; },\n"
	    "  { name = \"psql\"; bind = \":26257\"; } );\n",
	    "x.conf:1: threads: true is not a whole number: write 0 to 1024 without quotes\n"
	    "x.conf:3: cluster.nodes[0] \"n1\": host: \"10.0.134.300\" is not an address: "
	    "write four numbers up to 255\n"
	    "x.conf:4: cluster.nodes[1] \"n1\": unknown key \"sqlport\"; did you mean "
	    "\"sql_port\"?\n"
	    "x.conf:4: cluster.nodes[1] \"n1\": name: the name \"n1\" is taken in line 3: "
	    "choose another\n"
	    "x.conf:5: cluster.check.inter: \"2 sec\" is not a duration: write \"2s\", "
	    "\"500ms\" or milliseconds\n"
	    "x.conf:9: services[0] \"psql\": unknown key \"blance\"; did you mean "
	    "\"balance\"?\n"
	    "x.conf:10: services[1] \"psql\": name: the name \"psql\" is taken in line 8: "
	    "choose another\n"
	    "x.conf:10: services[1] \"psql\": bind: \":26257\" is already listened on in line "
	    "8: choose another address or port");
}

static void endless_problems_are_counted(void **state)
{
	struct loader_problems p;
	AUTO_TEXT t = { 0 };

	(void)state;
	text_add(&t, BASE);
	for (int i = 0; i < 700; i++)
		text_addf(&t, "zzz%dzzz = 1;\n", i);
	assert_null(loader_read_string("x.conf", text_str(&t), &p));
	assert_int_equal(p.count, 501);
	assert_string_equal(p.lines[500], "x.conf: 200 more problems");
	loader_problems_release(&p);
	assert_int_equal(p.count, 0);
}

static char *one_problem(const char *path)
{
	struct loader_problems p;
	char *line;

	assert_null(loader_read_file(path, &p));
	assert_int_equal(p.count, 1);
	line = strdup(p.lines[0]);
	loader_problems_release(&p);
	return line;
}

static void files_that_cannot_be_read_are_told(void **state)
{
	char path[] = "/tmp/sluice-loader-XXXXXX";
	char want[128];
	char *line;
	int fd;

	(void)state;
	line = one_problem("/no/such.conf");
	assert_string_equal(line, "/no/such.conf: cannot be read: No such file or directory");
	free(line);
	line = one_problem("/tmp");
	assert_string_equal(line, "/tmp: cannot be read: Is a directory");
	free(line);

	fd = mkstemp(path);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	close(fd);
	line = one_problem(path);
	snprintf(want, sizeof(want), "%s: this is not a text file: it has a NUL byte", path);
	assert_string_equal(line, want);
	free(line);
	unlink(path);
}

static void included_files_are_found_beside_the_file(void **state)
{
	char dir[] = "/tmp/sluice-loader-XXXXXX";
	struct loader_problems p;
	struct settings *s;
	char main_path[64];
	char nodes_path[64];
	char want[256];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(main_path, sizeof(main_path), "%s/main.conf", dir);
	snprintf(nodes_path, sizeof(nodes_path), "%s/nodes.conf", dir);
	write_whole(main_path, "cluster = {\n@include \"nodes.conf\"\n};" SERVICES);
	write_whole(nodes_path, "nodes = ( { name = \"n1\"; host = \"h\"; } );\n");
	s = loader_read_file(main_path, &p);
	assert_non_null(s);
	assert_int_equal(p.count, 0);
	assert_string_equal(s->targets[0].name, "n1");
	assert_string_equal(s->file, main_path);
	loader_problems_release(&p);
	settings_free(s);

	write_whole(nodes_path, "nodes = (\n{ name = \"n1\"; host = 5; } );\n");
	assert_null(loader_read_file(main_path, &p));
	assert_int_equal(p.count, 1);
	snprintf(
	    want, sizeof(want),
	    "%s:2: cluster.nodes[0] \"n1\": host: 5 is not a string: write \"10.0.134.115\" in "
	    "double quotes",
	    nodes_path);
	assert_string_equal(p.lines[0], want);
	loader_problems_release(&p);

	write_whole(nodes_path, "\nnodes = x;\n");
	assert_null(loader_read_file(main_path, &p));
	snprintf(want, sizeof(want), "%s:2: x needs double quotes: write \"x\"", nodes_path);
	assert_string_equal(p.lines[0], want);
	loader_problems_release(&p);

	write_whole(nodes_path, "@include \"/etc/passwd\" # absolute\n");
	assert_null(loader_read_file(main_path, &p));
	snprintf(want, sizeof(want),
	         "%s:1: \"/etc/passwd\" is to be included: write a path relative to this "
	         "configuration's directory, %s",
	         nodes_path, dir);
	assert_string_equal(p.lines[0], want);
	loader_problems_release(&p);

	write_whole(nodes_path, "@include \"nodes.conf\"\n");
	assert_null(loader_read_file(main_path, &p));
	assert_non_null(strstr(p.lines[0], "files include each other more than 8 deep"));
	loader_problems_release(&p);
	unlink(nodes_path);

	assert_int_equal(mkfifo(nodes_path, 0600), 0);
	assert_null(loader_read_file(main_path, &p));
	assert_non_null(strstr(p.lines[0], "it is not a file"));
	loader_problems_release(&p);
	unlink(main_path);
	unlink(nodes_path);
	rmdir(dir);
}

/* conf/secure.conf names a CA file that only a real host has. */
static void check_example(const char *name)
{
	static const char ca[] = "\"/etc/sluice/ca.crt\"";
	AUTO_TEXT t = { 0 };
	struct settings *s;
	char path[512];
	char *text;
	const char *found;

	snprintf(path, sizeof(path), TEST_DATA "/../../conf/%s", name);
	text = read_whole(path);
	assert_non_null(text);
	found = strcmp(name, "secure.conf") == 0 ? strstr(text, ca) : NULL;
	if (found) {
		text_addn(&t, text, (size_t)(found - text));
		text_addf(&t, "\"%s\"%s", path, found + strlen(ca));
	} else {
		text_add(&t, text);
	}
	s = valid(text_str(&t));
	assert_true(s->service_count >= 1);
	settings_free(s);
	free(text);
}

static void every_example_is_valid(void **state)
{
	static const char *const names[] = { "single-region.conf", "one-host.conf",
		                             "multi-region.conf",  "secure.conf",
		                             "postgres.conf",      "reference.conf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		check_example(names[i]);
}

static void the_regional_example_has_its_region_in_the_first_tier(void **state)
{
	struct loader_problems p;
	struct settings *s = loader_read_file(TEST_DATA "/../../conf/multi-region.conf", &p);
	size_t near = 0;

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->target_count, 9);
	for (size_t i = 0; i < s->services[0].server_count; i++)
		near += tiers_shared(s->services[0].here, s->services[0].servers[i].locality);
	assert_int_equal(near, 3);
	assert_false(s->services[0].servers[8].backup);
	settings_free(s);
	loader_problems_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syntax_errors_are_told_in_plain_words),
		cmocka_unit_test(a_comma_too_many_is_named),
		cmocka_unit_test(a_configuration_of_haproxy_is_known),
		cmocka_unit_test(brackets_cannot_be_nested_without_end),
		cmocka_unit_test(all_problems_come_in_the_order_of_the_file),
		cmocka_unit_test(endless_problems_are_counted),
		cmocka_unit_test(files_that_cannot_be_read_are_told),
		cmocka_unit_test(included_files_are_found_beside_the_file),
		cmocka_unit_test(every_example_is_valid),
		cmocka_unit_test(the_regional_example_has_its_region_in_the_first_tier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

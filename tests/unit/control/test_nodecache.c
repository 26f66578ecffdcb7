/* SPDX-License-Identifier: MIT */
/* WRAP: write fsync rename */
#include "control/nodecache.h"

#include "base/text.h"
#include "base/tick.h"
#include "conf/nodeset.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *failing; /* the call that does, or NULL */

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

static bool fails(const char *call)
{
	if (!failing || strcmp(failing, call) != 0)
		return false;
	errno = ENOSPC;
	return true;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	return fails("write") ? -1 : __real_write(fd, bytes, len);
}

int __wrap_fsync(int fd)
{
	return fails("fsync") ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
	return fails("rename") ? -1 : __real_rename(from, to);
}

/* --- a directory of its own ----------------------------------------------------------------- */

static char directory[64];
static char path[96];

static int begin(void **state)
{
	(void)state;
	failing = NULL;
	snprintf(directory, sizeof(directory), "/tmp/nodecache-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/nodes", directory);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static size_t count_files(void)
{
	char pattern[96];
	glob_t found;
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s/*", directory);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	n = found.gl_pathc;
	globfree(&found);
	return n;
}

static void put(const char *bytes, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(__real_write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static const struct settings_node two[] = {
	{ .name = "n1",
	  .host = "10.0.0.1",
	  .locality = "region=a",
	  .sql_port = 26257,
	  .http_port = 8080 },
	{ .name = "n12", .host = "fd00::1", .sql_port = 1, .http_port = 2 },
};
static const struct settings_nodes list = { two, 2 };

static void expect_kept(const struct settings_nodes *want)
{
	struct mem_arena arena = { 0 };
	struct settings_nodes have;
	struct error err;
	int64_t ms;

	if (!nodecache_read(path, &arena, &have, &ms, &err))
		fail_msg("%s", err.text);
	assert_true(nodeset_same(&have, want));
	assert_in_range(ms, tick_wall_ms() - 20000, tick_wall_ms() + 20000);
	mem_arena_release(&arena);
}

static void expect_refused(const char *words)
{
	struct mem_arena arena = { 0 };
	struct settings_nodes have;
	struct error err;
	int64_t ms;

	assert_false(nodecache_read(path, &arena, &have, &ms, &err));
	if (!strstr(err.text, words))
		fail_msg("%s", err.text);
	mem_arena_release(&arena);
}

/* --- tests ---------------------------------------------------------------------------------- */

static void what_is_written_is_read_again_and_for_nobody_else(void **state)
{
	const struct settings_nodes one = { two, 1 };
	struct error err;
	struct stat st;

	(void)state;
	assert_true(nodecache_write(path, &list, &err));
	expect_kept(&list);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(nodecache_write(path, &one, &err));
	expect_kept(&one);
	assert_int_equal(count_files(), 1);
}

static void a_list_that_was_told_again_is_of_now(void **state)
{
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct mem_arena arena = { 0 };
	struct settings_nodes have;
	struct error err;
	int64_t ms;

	(void)state;
	assert_true(nodecache_write(path, &list, &err));
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_true(nodecache_read(path, &arena, &have, &ms, &err));
	assert_int_equal(ms, 1000000);
	mem_arena_release(&arena);
	assert_true(nodecache_touch(path));
	expect_kept(&list);
	/* Nor is it there for who has taken it away: it is to be written again. */
	assert_int_equal(unlink(path), 0);
	assert_false(nodecache_touch(path));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(count_files(), 0);
}

static void a_list_that_cannot_be_written_leaves_the_one_before(void **state)
{
	static const char *const calls[] = { "write", "fsync", "rename" };
	const struct settings_nodes one = { two, 1 };
	struct error err;

	(void)state;
	assert_true(nodecache_write(path, &list, &err));
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		failing = calls[i];
		assert_false(nodecache_write(path, &one, &err));
		assert_non_null(strstr(err.text, "No space left"));
		failing = NULL;
		expect_kept(&list);
		assert_int_equal(count_files(), 1);
	}
}

static void what_is_no_file_is_not_replaced(void **state)
{
	struct error err;
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(nodecache_write(path, &list, &err));
	assert_non_null(strstr(err.text, "is not a file"));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(nodecache_write(path, &list, &err));
	assert_int_equal(err.errnum, EISDIR);
	rmdir(path);
}

static void a_directory_that_is_not_there_is_told(void **state)
{
	struct error err;

	(void)state;
	assert_false(nodecache_write("/tmp/nodecache-none/none/nodes", &list, &err));
	assert_string_equal(err.text, "/tmp/nodecache-none/none/nodes: No such file or directory "
	                              "(make its folder, writable for sluice, or set "
	                              "cluster.discover.cache)");
}

static void the_folder_alone_is_made(void **state)
{
	char folder[] = "/tmp/nodecache-XXXXXX";
	AUTO_TEXT path_in = { 0 };
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(rmdir(folder), 0);
	text_addf(&path_in, "%s/nodes", folder);
	assert_true(nodecache_write(text_str(&path_in), &list, &err));
	assert_int_equal(unlink(text_str(&path_in)), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void a_file_of_strangers_is_refused(void **state)
{
	char *large = calloc(1, 2 << 20);

	(void)state;
	expect_refused("No such file");
	put("n1 a\n", 5, 0620);
	expect_refused("can be changed by others");
	put("n1 a\n", 5, 0602);
	expect_refused("chmod 600");
	put("", 0, 0600);
	expect_refused(path);
	put("n1 a\0n2 b\n", 10, 0600);
	expect_refused(path);
	put("n1 a\nn1 b\n", 10, 0600);
	expect_refused("is taken");
	assert_non_null(large);
	memset(large, '#', 2 << 20);
	put(large, 2 << 20, 0600);
	expect_refused("too large");
	free(large);
}

static void links_and_pipes_are_not_followed(void **state)
{
	(void)state;
	assert_int_equal(symlink("/etc/passwd", path), 0);
	expect_refused("Too many levels");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused("is not a file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read_again_and_for_nobody_else,
		                                begin, end),
		cmocka_unit_test_setup_teardown(a_list_that_was_told_again_is_of_now, begin, end),
		cmocka_unit_test_setup_teardown(a_list_that_cannot_be_written_leaves_the_one_before,
		                                begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_not_replaced, begin, end),
		cmocka_unit_test_setup_teardown(a_directory_that_is_not_there_is_told, begin, end),
		cmocka_unit_test_setup_teardown(the_folder_alone_is_made, begin, end),
		cmocka_unit_test_setup_teardown(a_file_of_strangers_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(links_and_pipes_are_not_followed, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* WRAP: fchmod write fsync rename */
#include "cli/outfile.h"

#include "fake.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

/* Names of the linker's --wrap: prototypes of the real functions and of what stands for them. */
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

static int calls_until_failure; /* 0: none fails */
static bool short_writes;

static bool fails(int errnum)
{
	if (calls_until_failure == 0 || --calls_until_failure > 0)
		return false;
	errno = errnum;
	return true;
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fails(EPERM) ? -1 : __real_fchmod(fd, mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	if (fails(ENOSPC))
		return -1;
	return __real_write(fd, bytes, short_writes && len > 1 ? 1 : len);
}

int __wrap_fsync(int fd)
{
	return fails(EIO) ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
	return fails(EACCES) ? -1 : __real_rename(from, to);
}

static char dir[64], path[96];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/sluice-out-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	calls_until_failure = 0;
	short_writes = false;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void expect_content(const char *expected)
{
	char bytes[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fread(bytes, 1, sizeof(bytes) - 1, f) < sizeof(bytes));
	fclose(f);
	assert_string_equal(bytes, expected);
}

static int files_in_dir(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int count = 0;

	while ((e = readdir(d)) != NULL)
		count += e->d_name[0] != '.';
	closedir(d);
	return count;
}

static void a_new_file_follows_the_umask(void **state)
{
	struct error err;
	struct stat st;
	mode_t old = umask(027);

	(void)state;
	short_writes = true;
	assert_true(outfile_replace(path, "hello", 5, &err));
	assert_int_equal(umask(old), 027);
	expect_content("hello");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(files_in_dir(), 1);
}

static void an_old_file_keeps_its_mode(void **state)
{
	struct error err;
	struct stat st;

	(void)state;
	assert_true(outfile_replace(path, "old", 3, &err));
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(outfile_replace(path, "new", 3, &err));
	expect_content("new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_failure_leaves_the_old_file_and_nothing_else(void **state)
{
	struct error err;
	int k = 1;

	(void)state;
	assert_true(outfile_replace(path, "old", 3, &err));
	for (;; k++) {
		calls_until_failure = k;
		if (outfile_replace(path, "new", 3, &err))
			break;
		assert_contains(err.text, "cannot write ");
		expect_content("old");
		assert_int_equal(files_in_dir(), 1);
	}
	assert_int_equal(k, 5);
	calls_until_failure = 0;
	expect_content("new");
}

static void a_link_stays_a_link(void **state)
{
	char link[96];
	struct error err;
	struct stat st;

	(void)state;
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_true(outfile_replace(path, "old", 3, &err));
	assert_int_equal(symlink("file", link), 0);
	assert_true(outfile_replace(link, "new", 3, &err));
	expect_content("new");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	unlink(link);
}

static void other_things_than_files_are_refused(void **state)
{
	struct error err;

	(void)state;
	assert_false(outfile_replace("/dev/null", "x", 1, &err));
	assert_string_equal(err.text, "/dev/null is not a regular file");
	assert_false(outfile_replace(dir, "x", 1, &err));
	assert_contains(err.text, "is not a regular file");
	assert_false(outfile_replace("/tmp/no-such-dir-of-sluice/x", "x", 1, &err));
	assert_contains(err.text, "cannot write /tmp/no-such-dir-of-sluice/x: No such file");
	assert_false(outfile_replace("/dev/null/x", "x", 1, &err));
	assert_contains(err.text, "Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_file_follows_the_umask, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_old_file_keeps_its_mode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_leaves_the_old_file_and_nothing_else,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_stays_a_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_things_than_files_are_refused, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

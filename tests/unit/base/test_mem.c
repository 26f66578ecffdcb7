/* SPDX-License-Identifier: MIT */
/* WRAP: calloc reallocarray strdup strndup */
#include "base/mem.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool no_memory;

void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t len);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t len);

void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return no_memory ? NULL : __real_reallocarray(p, count, size);
}

char *__wrap_strdup(const char *s)
{
	return no_memory ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t len)
{
	return no_memory ? NULL : __real_strndup(s, len);
}

static void assert_zeroed(const char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(p[i], 0);
}

static void heap_memory_is_zeroed_and_never_null(void **unused)
{
	char *p = mem_zalloc(100);
	char *nothing = mem_zalloc(0);
	char *s = mem_strdup("words");
	char *n = mem_strndup("words", 3);

	(void)unused;
	assert_zeroed(p, 100);
	memset(p, 'x', 100);
	p = mem_resize(p, 50, 4);
	assert_int_equal(p[99], 'x');
	p = mem_resize(p, 0, 4);
	assert_non_null(p);
	assert_non_null(nothing);
	assert_string_equal(s, "words");
	assert_string_equal(n, "wor");
	free(p);
	free(nothing);
	free(s);
	free(n);
}

static void arena_gives_zeroed_aligned_separate_pieces(void **unused)
{
	static const size_t sizes[] = { 1, 0, 7, 8, 31, 32, 33, 100, 8191, 8192, 8193, 100000, 3 };
	struct mem_arena a = { 0 };
	char *pieces[10 * ARRAY_LEN(sizes)];

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		size_t size = sizes[i % ARRAY_LEN(sizes)];

		pieces[i] = mem_arena_zalloc(&a, size);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		assert_zeroed(pieces[i], size);
		memset(pieces[i], (int)i + 1, size);
	}
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		for (size_t j = 0; j < sizes[i % ARRAY_LEN(sizes)]; j++)
			assert_int_equal((unsigned char)pieces[i][j], i + 1);
	mem_arena_release(&a);
	assert_null(a.chunks);
	mem_arena_release(&a);
}

static void arena_strings_are_copies(void **unused)
{
	struct mem_arena a = { 0 };
	char *big;

	(void)unused;
	assert_string_equal(mem_arena_strdup(&a, ""), "");
	assert_string_equal(mem_arena_strdup(&a, "node"), "node");
	assert_string_equal(mem_arena_strndup(&a, "node1:26257", 5), "node1");
	assert_string_equal(mem_arena_strndup(&a, "node", 100), "node");
	assert_string_equal(mem_arena_printf(&a, "%s:%d", "node", 26257), "node:26257");
	big = mem_arena_printf(&a, "%*d", 20000, 1);
	assert_int_equal(strlen(big), 20000);
	mem_arena_release(&a);
}

static void take_resize(void)
{
	free(mem_resize(NULL, 10, 10));
}

static void take_strdup(void)
{
	free(mem_strdup("x"));
}

static void take_strndup(void)
{
	free(mem_strndup("x", 1));
}

static void take_from_arena(void)
{
	struct mem_arena a = { 0 };

	mem_arena_zalloc(&a, 1);
}

static void take_too_much(void)
{
	struct mem_arena a = { 0 };

	no_memory = false;
	mem_arena_zalloc(&a, SIZE_MAX - 1);
}

static void end_of_memory_ends_the_process_with_a_message(void **unused)
{
	static void (*const takers[])(void) = { take_resize, take_strdup, take_strndup,
		                                take_from_arena, take_too_much };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(takers); i++) {
		char said[64] = "";
		int ends[2];
		int status;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (child == 0) {
			dup2(ends[1], STDERR_FILENO);
			no_memory = true;
			takers[i]();
			_exit(0);
		}
		close(ends[1]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
		assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
		assert_string_equal(said, "sluice: out of memory\n");
		close(ends[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_memory_is_zeroed_and_never_null),
		cmocka_unit_test(arena_gives_zeroed_aligned_separate_pieces),
		cmocka_unit_test(arena_strings_are_copies),
		cmocka_unit_test(end_of_memory_ends_the_process_with_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

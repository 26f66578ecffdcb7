/* SPDX-License-Identifier: MIT */
/* WRAP: posix_spawn posix_spawnattr_init posix_spawn_file_actions_init */
/* WRAP: posix_spawn_file_actions_addopen posix_spawn_file_actions_addclosefrom_np */
/* WRAP: posix_spawnattr_setflags posix_spawnattr_setsigdefault posix_spawnattr_setsigmask */
/* WRAP: pidfd_open waitpid */
#include "engine/program.h"

#include "base/tick.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The call that brings this to zero fails; of pidfd_open and waitpid it is their own count. */
static int calls_left, pidfds_left, waits_left;

static bool fails_now(int *left)
{
	return *left && --*left == 0;
}

#define WRAP(name, params, args)                                                                   \
	int __real_##name params;                                                                  \
	int __wrap_##name params;                                                                  \
	int __wrap_##name params                                                                   \
	{                                                                                          \
		return fails_now(&calls_left) ? ENOMEM : __real_##name args;                       \
	}

WRAP(posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *f,
      const posix_spawnattr_t *a, char *const argv[], char *const envp[]),
     (pid, path, f, a, argv, envp))
WRAP(posix_spawnattr_init, (posix_spawnattr_t * a), (a))
WRAP(posix_spawn_file_actions_init, (posix_spawn_file_actions_t * f), (f))
WRAP(posix_spawn_file_actions_addopen,
     (posix_spawn_file_actions_t * f, int fd, const char *path, int flags, mode_t mode),
     (f, fd, path, flags, mode))
WRAP(posix_spawn_file_actions_addclosefrom_np, (posix_spawn_file_actions_t * f, int fd), (f, fd))
WRAP(posix_spawnattr_setflags, (posix_spawnattr_t * a, short flags), (a, flags))
WRAP(posix_spawnattr_setsigdefault, (posix_spawnattr_t * a, const sigset_t *s), (a, s))
WRAP(posix_spawnattr_setsigmask, (posix_spawnattr_t * a, const sigset_t *s), (a, s))

int __real_pidfd_open(pid_t pid, unsigned int flags);
int __wrap_pidfd_open(pid_t pid, unsigned int flags);
int __wrap_pidfd_open(pid_t pid, unsigned int flags)
{
	if (fails_now(&pidfds_left)) {
		errno = EMFILE;
		return -1;
	}
	return __real_pidfd_open(pid, flags);
}

pid_t __real_waitpid(pid_t pid, int *status, int flags);
pid_t __wrap_waitpid(pid_t pid, int *status, int flags);
pid_t __wrap_waitpid(pid_t pid, int *status, int flags)
{
	if (fails_now(&waits_left)) {
		__real_waitpid(pid, status, 0);
		errno = ECHILD;
		return -1;
	}
	return __real_waitpid(pid, status, flags);
}

struct fixture {
	struct ev_loop *loop;
	ev_timer guard;
	int fds;
	char dir[32], script[64], out[64];
	struct settings_check check;
	struct program program;
	struct addr to;
	int told;
	struct probe_result result;
};

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void note(void *ctx, const struct probe_result *result)
{
	struct fixture *f = ctx;

	f->told++;
	f->result = *result;
	ev_break(f->loop, EVBREAK_ALL);
}

static void on_guard(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	fail_msg("nothing happened for too long");
}

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .dir = "/tmp/test_program.XXXXXX", .fds = open_fds() };
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.script, sizeof(f.script), "%s/check.sh", f.dir);
	snprintf(f.out, sizeof(f.out), "%s/out", f.dir);
	f.loop = ev_loop_new(EVFLAG_NOENV);
	ev_timer_init(&f.guard, on_guard, 20., 0.);
	ev_timer_start(f.loop, &f.guard);
	f.check = settings_check_default(SETTINGS_CHECK_EXTERNAL);
	f.check.command = f.script;
	f.check.search_path = "/usr/bin:/bin";
	f.check.timeout_ms = 5000;
	assert_true(addr_parse_ip("10.0.0.7", 26257, &f.to));
	program_init(&f.program, f.loop, &f.check, note, &f);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	program_release(&f->program);
	ev_loop_destroy(f->loop);
	unlink(f->script);
	unlink(f->out);
	rmdir(f->dir);
	assert_int_equal(open_fds(), f->fds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	return 0;
}

static void write_script(const struct fixture *f, const char *body)
{
	FILE *s = fopen(f->script, "we");

	assert_non_null(s);
	fprintf(s, "#!/bin/sh\nout=%s\n%s\n", f->out, body);
	fclose(s);
	assert_int_equal(chmod(f->script, 0700), 0);
}

static const struct probe_result *run(struct fixture *f, const struct program_facts *facts)
{
	static const struct program_facts none;
	int before = f->told;

	program_start(&f->program, facts ? facts : &none, &f->to);
	assert_int_equal(f->told, before);
	ev_run(f->loop, 0);
	assert_int_equal(f->told, before + 1);
	return &f->result;
}

static void read_file(const char *path, char *buf, size_t size)
{
	FILE *s = fopen(path, "re");
	size_t n;

	assert_non_null(s);
	n = fread(buf, 1, size - 1, s);
	buf[n] = '\0';
	fclose(s);
}

static void exit_code_is_the_verdict(void **state)
{
	static const struct {
		const char *body;
		enum probe_code code;
		uint16_t status;
	} cases[] = {
		{ "exit 0", PROBE_PROCOK, 0 },
		{ "exit 3", PROBE_PROCERR, 3 },
		{ "exit 255", PROBE_PROCERR, 255 },
		{ "kill -9 $$", PROBE_PROCERR, PROBE_KILLED },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_script(f, cases[i].body);
		run(f, NULL);
		assert_int_equal(f->result.code, cases[i].code);
		assert_int_equal(f->result.status, cases[i].status);
		assert_string_equal(f->result.info, "");
	}
}

static void program_is_told_what_haproxy_tells(void **state)
{
	static const struct program_facts facts = {
		.proxy_name = "be",
		.server_name = "s1",
		.proxy_addr = "127.0.0.1",
		.proxy_port = "80",
		.proxy_id = 4,
		.server_id = 2,
		.maxconn = 7,
		.curconn = 3,
		.server_port = 99,
	};
	struct fixture *f = *state;
	char text[1024];

	write_script(f, "echo \"$@\" > $out; env | grep -v PWD= | sort >> $out");
	assert_int_equal(run(f, NULL)->code, PROBE_PROCOK);
	read_file(f->out, text, sizeof(text));
	assert_memory_equal(text, "NOT_USED NOT_USED 10.0.0.7 26257\nHAPROXY_PROXY_ADDR=\n", 53);
	assert_int_equal(run(f, &facts)->code, PROBE_PROCOK);
	read_file(f->out, text, sizeof(text));
	if (strstr(text, "\n_="))
		memmove(strstr(text, "\n_="), strchr(strstr(text, "\n_=") + 1, '\n'),
		        strlen(strchr(strstr(text, "\n_=") + 1, '\n')) + 1);
	assert_string_equal(text, "127.0.0.1 80 10.0.0.7 99\n"
	                          "HAPROXY_PROXY_ADDR=127.0.0.1\n"
	                          "HAPROXY_PROXY_ID=4\n"
	                          "HAPROXY_PROXY_NAME=be\n"
	                          "HAPROXY_PROXY_PORT=80\n"
	                          "HAPROXY_SERVER_ADDR=10.0.0.7\n"
	                          "HAPROXY_SERVER_CURCONN=3\n"
	                          "HAPROXY_SERVER_ID=2\n"
	                          "HAPROXY_SERVER_MAXCONN=7\n"
	                          "HAPROXY_SERVER_NAME=s1\n"
	                          "HAPROXY_SERVER_PORT=99\n"
	                          "HAPROXY_SERVER_PROTO=tcp\n"
	                          "HAPROXY_SERVER_SSL=0\n"
	                          "PATH=/usr/bin:/bin\n");
	assert_true(addr_from_unix("/run/db", &f->to, NULL));
	assert_int_equal(run(f, &facts)->code, PROBE_PROCOK);
	read_file(f->out, text, sizeof(text));
	assert_memory_equal(text, "127.0.0.1 80 /run/db NOT_USED\n", 30);
	assert_non_null(strstr(text, "HAPROXY_SERVER_PORT=\n"));
}

static void program_gets_no_descriptors_and_no_signals(void **state)
{
	struct fixture *f = *state;
	char text[256];
	int extra = open("/dev/null", O_RDONLY); /* NOLINT: to be inherited */
	sigset_t usr1;

	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	write_script(f, "cd /proc/self/fd; echo [0-9]* > $out\n"
	                "grep -E 'Sig(Blk|Ign)' /proc/self/status >> $out; readlink 0 >> $out");
	assert_int_equal(run(f, NULL)->code, PROBE_PROCOK);
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	signal(SIGUSR2, SIG_DFL);
	read_file(f->out, text, sizeof(text));
	assert_memory_equal(text, "0 1 10 2 3\n", 11); /* 10 is the script, 3 the listing */
	assert_non_null(strstr(text, "SigBlk:\t0000000000000000"));
	assert_int_equal(strtoull(strstr(text, "SigIgn:") + 8, NULL, 16) & 0x7fffffff, 0);
	assert_non_null(strstr(text, "/dev/null"));
	close(extra);
}

static void time_that_is_up_ends_the_program(void **state)
{
	struct fixture *f = *state;
	int64_t before = tick_ms();

	f->check.timeout_ms = 100;
	write_script(f, "trap 'echo term > $out; exit 0' TERM; sleep 5 & wait");
	assert_int_equal(run(f, NULL)->code, PROBE_PROCTOUT);
	assert_in_range(tick_ms() - before, 95, 1500);
	assert_in_range(f->result.duration_ms, 95, 1500);
	while (f->program.phase == PROGRAM_DYING)
		ev_run(f->loop, EVRUN_ONCE);
	assert_int_equal(f->program.phase, PROGRAM_IDLE);
	assert_int_equal(access(f->out, F_OK), 0); /* it could say goodbye */
	assert_int_equal(f->told, 1);
}

static void program_that_does_not_listen_is_killed(void **state)
{
	struct fixture *f = *state;
	int64_t before = tick_ms();

	f->check.timeout_ms = 200;
	write_script(f, "trap '' TERM; sleep 10; sleep 10");
	assert_int_equal(run(f, NULL)->code, PROBE_PROCTOUT);
	while (f->program.phase == PROGRAM_DYING)
		ev_run(f->loop, EVRUN_ONCE);
	assert_in_range(tick_ms() - before, 1100, 4000);
	assert_int_equal(f->told, 1);
	f->check.timeout_ms = 100; /* the next one need not wait for that */
	assert_int_equal(run(f, NULL)->code, PROBE_PROCTOUT);
	write_script(f, "exit 0");
	f->check.timeout_ms = 5000;
	/* Where the machine is busy the killed one may need longer to go than is waited for it. */
	for (int i = 0; i < 20 && run(f, NULL)->code == PROBE_PROCTOUT; i++)
		;
	assert_int_equal(f->result.code, PROBE_PROCOK);
}

static void program_can_be_ended_at_any_time(void **state)
{
	static const struct program_facts none;
	struct fixture *f = *state;

	program_cancel(&f->program);
	write_script(f, "sleep 10");
	program_start(&f->program, &none, &f->to);
	program_cancel(&f->program);
	program_cancel(&f->program);
	while (f->program.phase == PROGRAM_DYING)
		ev_run(f->loop, EVRUN_ONCE);
	assert_int_equal(f->told, 0);
	program_start(&f->program, &none, &f->to);
	program_cancel(&f->program);
	write_script(f, "exit 4");
	assert_int_equal(run(f, NULL)->status, 4); /* at once after the other */
	f->check.command = "/nowhere";
	program_start(&f->program, &none, &f->to);
	program_cancel(&f->program);
	ev_run(f->loop, EVRUN_NOWAIT);
	assert_int_equal(f->told, 1);
	f->check.command = f->script;
	write_script(f, "sleep 10");
	program_start(&f->program, &none, &f->to); /* tear_down() releases it */
}

static void program_that_cannot_be_run_says_why(void **state)
{
	struct fixture *f = *state;

	run(f, NULL);
	assert_int_equal(f->result.code, PROBE_PROCERR);
	assert_int_equal(f->result.status, 255);
	assert_string_equal(f->result.info, "No such file or directory");
}

static void every_fault_ends_in_a_verdict(void **state)
{
	struct fixture *f = *state;
	int k;

	write_script(f, "exit 0");
	for (k = 1;; k++) {
		calls_left = k;
		run(f, NULL);
		if (calls_left)
			break;
		assert_int_equal(f->result.code, PROBE_UNKNOWN);
		assert_string_equal(f->result.info, "Cannot allocate memory");
	}
	calls_left = 0;
	assert_int_equal(k - 1, 8);
	assert_int_equal(f->result.code, PROBE_PROCOK);
	pidfds_left = 1;
	assert_int_equal(run(f, NULL)->code, PROBE_UNKNOWN);
	assert_string_equal(f->result.info, "Too many open files");
	waits_left = 1; /* somebody else waits for all children */
	assert_int_equal(run(f, NULL)->code, PROBE_PROCERR);
	assert_int_equal(f->result.status, PROBE_KILLED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exit_code_is_the_verdict),
		TEST(program_is_told_what_haproxy_tells),
		TEST(program_gets_no_descriptors_and_no_signals),
		TEST(time_that_is_up_ends_the_program),
		TEST(program_that_does_not_listen_is_killed),
		TEST(program_can_be_ended_at_any_time),
		TEST(program_that_cannot_be_run_says_why),
		TEST(every_fault_ends_in_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* WRAP: gethostname */
#include "net/logsink.h"

#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static char dir[] = "/tmp/test_logsink.XXXXXX";
static char socket_path[64], file_path[64], old_path[64];

int __wrap_gethostname(char *name, size_t size);

/* A full name, of which rsyslog's format takes the first part. */
int __wrap_gethostname(char *name, size_t size)
{
	snprintf(name, size, "proxy1.example.com");
	return 0;
}

/* 2026-11-20 12:12:44.851 and 2026-11-02 03:04:05, UTC (the test sets TZ). */
static const int64_t day20_ms = 1795176764851;
static const int64_t day2_ms = 1793588645000;

static struct logsink *must_open(const struct logsink_options *o)
{
	struct error err = { 0 };
	struct logsink *s = NULL;

	if (!logsink_open(o, &s, &err))
		fail_msg("%s", err.text);
	return s;
}

/* What has arrived on a datagram socket, a pipe or a stream socket. */
static const char *receive(int fd)
{
	static char buf[2 * LOGSINK_LINE_MAX];
	ssize_t n;

	wait_for(fd, POLLIN);
	n = read(fd, buf, sizeof(buf) - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	return buf;
}

static const char *content(const char *path)
{
	static char buf[4 * LOGSINK_LINE_MAX];
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	buf[n] = '\0';
	return buf;
}

static const char *framed(const char *before, const char *after)
{
	static char buf[256];

	snprintf(buf, sizeof(buf), "%s[%d]: %s", before, (int)getpid(), after);
	return buf;
}

static int bind_datagram(const struct addr *at)
{
	int fd = socket(at->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, &at->sa, at->len), 0);
	return fd;
}

static int bind_syslog(void)
{
	struct addr at;

	assert_true(addr_from_unix(socket_path, &at, NULL));
	return bind_datagram(&at);
}

static void udp_line_is_haproxys_local_format(void **unused)
{
	static const struct {
		int facility;
		enum log_level level;
		bool day2;
		const char *begin;
	} cases[] = {
		{ 16, LOG_LEVEL_INFO, false, "<134>Nov 20 12:12:44 haproxy" },
		{ 16, LOG_LEVEL_ALERT, true, "<129>Nov  2 03:04:05 haproxy" },
		{ 0, LOG_LEVEL_EMERG, false, "<0>Nov 20 12:12:44 haproxy" },
		{ 23, LOG_LEVEL_DEBUG, false, "<191>Nov 20 12:12:44 haproxy" },
	};
	const char *hosts[] = { "127.0.0.1", "::1" };

	(void)unused;
	for (size_t h = 0; h < (has_ipv6() ? 2 : 1); h++) {
		struct addr at = ip(hosts[h], 0);
		int server = bind_datagram(&at);

		assert_true(sock_local(server, &at));
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct logsink *s = must_open(&(struct logsink_options){
			    .kind = LOGSINK_UDP,
			    .framing = LOGSINK_LOCAL,
			    .addr = at,
			    .facility = cases[i].facility,
			    .tag = "haproxy",
			});

			logsink_write(s, cases[i].level, cases[i].day2 ? day2_ms : day20_ms,
			              "Server psql/n1 is UP");
			assert_string_equal(receive(server),
			                    framed(cases[i].begin, "Server psql/n1 is UP\n"));
			assert_true(logsink_reopen(s, NULL));
			assert_int_equal(logsink_dropped(s), 0);
			logsink_close(s);
		}
		close(server);
	}
}

static void syslog_daemon_may_come_late_and_be_restarted(void **unused)
{
	const struct logsink_options o = { LOGSINK_SYSLOG, LOGSINK_LOCAL, .path = socket_path,
		                           .facility = 3 };
	struct logsink *s = must_open(&o);

	(void)unused;
	logsink_write(s, LOG_LEVEL_NOTICE, day2_ms, "nobody hears this");
	assert_int_equal(logsink_dropped(s), 1);
	for (int i = 0; i < 2; i++) {
		int server = bind_syslog();

		logsink_write(s, LOG_LEVEL_NOTICE, day2_ms, "hello");
		assert_string_equal(receive(server),
		                    framed("<29>Nov  2 03:04:05 sluice", "hello\n"));
		close(server);
		unlink(socket_path);
	}
	assert_int_equal(logsink_dropped(s), 1);
	logsink_write(s, LOG_LEVEL_NOTICE, day2_ms, "gone again");
	assert_int_equal(logsink_dropped(s), 2);
	logsink_close(s);
}

static void full_syslog_queue_drops_and_does_not_block(void **unused)
{
	const struct logsink_options o = { LOGSINK_SYSLOG, LOGSINK_LOCAL, .path = socket_path };
	int server = bind_syslog();
	struct logsink *s = must_open(&o);
	int n = 0;

	(void)unused;
	for (; !logsink_dropped(s) && n < 100000; n++)
		logsink_write(s, LOG_LEVEL_INFO, day2_ms, "line");
	assert_int_equal(logsink_dropped(s), 1);
	for (int i = 0; i < n - 1; i++)
		receive(server);
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "room again");
	assert_non_null(strstr(receive(server), "room again\n"));
	logsink_close(s);
	close(server);
	unlink(socket_path);
}

static void file_is_appended_to_and_reopened(void **unused)
{
	const struct logsink_options o = { LOGSINK_FILE, .path = file_path };
	struct logsink *s = must_open(&o);
	struct error err = { 0 };
	struct stat st;

	(void)unused;
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "one");
	logsink_close(s);
	s = must_open(&o);
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "two");
	assert_int_equal(rename(file_path, old_path), 0);
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "three");
	assert_true(logsink_reopen(s, NULL));
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "four");
	assert_string_equal(content(old_path), "one\ntwo\nthree\n");
	assert_string_equal(content(file_path), "four\n");
	assert_int_equal(stat(file_path, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);

	/* A reopening that fails keeps what there is. */
	assert_int_equal(rename(file_path, old_path), 0);
	assert_int_equal(mkdir(file_path, 0700), 0);
	assert_false(logsink_reopen(s, &err));
	assert_int_equal(err.errnum, EISDIR);
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "five");
	assert_string_equal(content(old_path), "four\nfive\n");
	logsink_close(s);
	rmdir(file_path);
	unlink(old_path);
}

static void stamped_file_reads_as_rsyslog_wrote_it(void **unused)
{
	const struct logsink_options o = { LOGSINK_FILE, .path = file_path, .tag = "haproxy",
		                           .framing = LOGSINK_STAMPED };
	struct logsink *s = must_open(&o);

	(void)unused;
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "hello");
	assert_string_equal(content(file_path),
	                    framed("Nov  2 03:04:05 proxy1 haproxy", "hello\n"));
	logsink_close(s);
	unlink(file_path);
}

/* HAProxy configuration manual 4.2 "log": each framing, byte for byte as 2.6 sends it. */
static void each_framing_is_haproxys(void **unused)
{
	static const struct {
		enum logsink_framing framing;
		enum log_level level;
		const char *host, *line; /* "%d" is the process */
	} cases[] = {
		{ LOGSINK_PLAIN, LOG_LEVEL_INFO, NULL, "MSG\n" },
		{ LOGSINK_STAMPED, LOG_LEVEL_INFO, NULL,
		  "Nov 20 12:12:44 proxy1 haproxy[%d]: MSG\n" },
		{ LOGSINK_STAMPED, LOG_LEVEL_INFO, "a.b",
		  "Nov 20 12:12:44 a.b haproxy[%d]: MSG\n" },
		{ LOGSINK_LOCAL, LOG_LEVEL_INFO, NULL, "<158>Nov 20 12:12:44 haproxy[%d]: MSG\n" },
		{ LOGSINK_RFC3164, LOG_LEVEL_INFO, NULL,
		  "<158>Nov 20 12:12:44 proxy1.example.com haproxy[%d]: MSG\n" },
		{ LOGSINK_RFC3164, LOG_LEVEL_ALERT, "a.b.c",
		  "<153>Nov 20 12:12:44 a.b.c haproxy[%d]: MSG\n" },
		{ LOGSINK_RFC5424, LOG_LEVEL_INFO, "-",
		  "<158>1 2026-11-20T12:12:44.851000+00:00 - haproxy %d - - MSG\n" },
		{ LOGSINK_PRIORITY, LOG_LEVEL_INFO, NULL, "<158>MSG\n" },
		{ LOGSINK_SHORT, LOG_LEVEL_INFO, NULL, "<6>MSG\n" },
		{ LOGSINK_TIMED, LOG_LEVEL_INFO, NULL,
		  "<6>2026-11-20T12:12:44.851000+00:00 MSG\n" },
		{ LOGSINK_ISO, LOG_LEVEL_INFO, NULL, "2026-11-20T12:12:44.851000+00:00 MSG\n" },
		{ LOGSINK_RAW, LOG_LEVEL_INFO, NULL, "MSG\n" },
		{ LOGSINK_CONSOLE, LOG_LEVEL_ALERT, NULL, "[ALERT]    (%d) : MSG\n" },
		{ LOGSINK_CONSOLE, LOG_LEVEL_ERROR, NULL, "[ALERT]    (%d) : MSG\n" },
		{ LOGSINK_CONSOLE, LOG_LEVEL_WARN, NULL, "[WARNING]  (%d) : MSG\n" },
		{ LOGSINK_CONSOLE, LOG_LEVEL_NOTICE, NULL, "[NOTICE]   (%d) : MSG\n" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct logsink_options o = { LOGSINK_FD, cases[i].framing, .facility = 19,
			                     .tag = "haproxy", .host = cases[i].host };
		const char *pid = strstr(cases[i].line, "%d");
		char expected[200];
		struct logsink *s;
		int ends[2];

		snprintf(expected, sizeof(expected), "%.*s", pid ? (int)(pid - cases[i].line) : 200,
		         cases[i].line);
		if (pid)
			snprintf(expected + strlen(expected), 100, "%d%s", (int)getpid(), pid + 2);
		assert_int_equal(pipe(ends), 0);
		o.fd = ends[1];
		s = must_open(&o);
		logsink_write(s, cases[i].level, day20_ms, "MSG");
		assert_string_equal(receive(ends[0]), expected);
		logsink_close(s);
		/* It is somebody else's. */
		assert_int_equal(close(ends[1]), 0);
		close(ends[0]);
	}
}

static void times_have_the_local_offset(void **unused)
{
	const struct logsink_options o = { LOGSINK_FILE, LOGSINK_ISO, .path = file_path };
	struct logsink *s = must_open(&o);

	(void)unused;
	setenv("TZ", "NST3:30", 1);
	tzset();
	logsink_write(s, LOG_LEVEL_INFO, day20_ms, "west");
	setenv("TZ", "IST-5:30", 1);
	tzset();
	logsink_write(s, LOG_LEVEL_INFO, day20_ms, "east");
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(content(file_path), "2026-11-20T08:42:44.851000-03:30 west\n"
	                                        "2026-11-20T17:42:44.851000+05:30 east\n");
	logsink_close(s);
	unlink(file_path);
}

static void a_line_has_the_length_that_was_asked_for(void **unused)
{
	static const struct {
		enum logsink_kind kind;
		uint32_t len;
		size_t sent; /* with the LF */
	} cases[] = {
		{ LOGSINK_UDP, 80, 81 },     { LOGSINK_UDP, 1024, 1025 },
		{ LOGSINK_UDP, 8000, 8001 }, { LOGSINK_UDP, 0, LOGSINK_LINE_MAX },
		{ LOGSINK_FILE, 100, 101 },  { LOGSINK_FILE, 8000, LOGSINK_LINE_MAX },
	};
	struct addr at = ip("127.0.0.1", 0);
	int server = bind_datagram(&at);
	char line[9000];

	(void)unused;
	assert_true(sock_local(server, &at));
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct logsink *s = must_open(
		    &(struct logsink_options){ cases[i].kind, LOGSINK_PRIORITY, .path = file_path,
		                               .addr = at, .len = cases[i].len });
		bool file = cases[i].kind == LOGSINK_FILE;
		static char got[10000];

		logsink_write(s, LOG_LEVEL_INFO, day20_ms, line);
		if (file) {
			snprintf(got, sizeof(got), "%s", content(file_path));
		} else {
			wait_for(server, POLLIN);
			got[read(server, got, sizeof(got) - 1)] = '\0';
		}
		assert_int_equal(strlen(got), cases[i].sent);
		assert_memory_equal(got, "<6>xxx", 6);
		assert_int_equal(got[cases[i].sent - 1], '\n');
		memset(got, 0, sizeof(got));
		logsink_close(s);
		unlink(file_path);
	}
	close(server);
}

static void a_prefix_longer_than_the_line_is_cut(void **unused)
{
	const struct logsink_options o = { LOGSINK_FILE, LOGSINK_RFC3164, .path = file_path,
		                           .len = 20,    .facility = 16,  .host = "far.too.long" };
	struct logsink *s = must_open(&o);

	(void)unused;
	logsink_write(s, LOG_LEVEL_INFO, day20_ms, "\xa9\xa9");
	assert_string_equal(content(file_path), "<134>Nov 20 12:12:44\n");
	logsink_close(s);
	unlink(file_path);
}

static void message_cannot_break_out_of_its_line(void **unused)
{
	const struct logsink_options o = { LOGSINK_FILE, .path = file_path };
	struct logsink *s = must_open(&o);

	(void)unused;
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "a\nb\r\x1b[31mc\td\x7f \xc3\xa9");
	assert_string_equal(content(file_path), "a?b??[31mc\td? \xc3\xa9\n");
	logsink_close(s);
	unlink(file_path);
}

static void long_line_is_cut_between_characters(void **unused)
{
	static const struct {
		const char *unit;
		size_t len;
	} cases[] = { { "x", 4095 },
		      { "\xc3\xa9", 4094 },
		      { "\xe2\x82\xac", 4095 },
		      { "\xf0\x9f\x90\x98", 4092 },
		      { "\x80", 4092 } };
	const struct logsink_options o = { LOGSINK_FILE, .path = file_path };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct logsink *s = must_open(&o);
		char line[3 * LOGSINK_LINE_MAX];
		const char *got;

		line[0] = '\0';
		for (size_t len = 0; len < 2 * LOGSINK_LINE_MAX; len += strlen(cases[i].unit))
			strcpy(line + len, cases[i].unit);
		logsink_write(s, LOG_LEVEL_INFO, day2_ms, line);
		got = content(file_path);
		assert_int_equal(strlen(got), cases[i].len + 1);
		assert_memory_equal(got, line, cases[i].len);
		assert_int_equal(got[cases[i].len], '\n');
		assert_int_equal(logsink_dropped(s), 0);
		logsink_close(s);
		unlink(file_path);
	}
}

static void line_after_a_torn_one_begins_a_line(void **unused)
{
	const struct logsink_options o = { LOGSINK_FILE, .path = file_path };
	struct logsink *s = must_open(&o);
	struct rlimit saved;
	struct rlimit little;

	(void)unused;
	/* A file size limit stands for a full disk: both take a part of the line. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	little = (struct rlimit){ 10, saved.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "longer than ten");
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "lost");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(logsink_dropped(s), 2);
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "next");
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "last");
	assert_string_equal(content(file_path), "longer tha\nnext\nlast\n");
	logsink_close(s);
	unlink(file_path);
}

static void pipe_without_room_or_reader_drops(void **unused)
{
	const struct logsink_options o = { LOGSINK_FILE, .path = file_path };
	struct error err = { 0 };
	struct logsink *s = NULL;
	int reader;

	(void)unused;
	assert_int_equal(mkfifo(file_path, 0600), 0);
	assert_false(logsink_open(&o, &s, &err));
	assert_int_equal(err.errnum, ENXIO);
	reader = open(file_path, O_RDONLY | O_NONBLOCK);
	s = must_open(&o);
	for (int i = 0; !logsink_dropped(s) && i < 1000000; i++)
		logsink_write(s, LOG_LEVEL_INFO, day2_ms, "line");
	assert_int_equal(logsink_dropped(s), 1);
	close(reader);
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "no SIGPIPE");
	assert_int_equal(logsink_dropped(s), 2);
	logsink_close(s);
	unlink(file_path);
}

static void stdout_has_lines_without_priorities(void **unused)
{
	int saved = dup(STDOUT_FILENO);
	struct logsink *s;
	int ends[2];

	(void)unused;
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	s = must_open(&(struct logsink_options){ .kind = LOGSINK_STDOUT });
	logsink_write(s, LOG_LEVEL_INFO, day2_ms, "hello");
	logsink_close(s);
	dup2(saved, STDOUT_FILENO);
	assert_string_equal(receive(ends[0]), "hello\n");
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

/* Writes `line` with stderr being `fd`, which is closed. */
static uint64_t say_on_stderr(int fd, const char *journal, const char *line)
{
	const struct logsink_options o = { .kind = LOGSINK_STDERR };
	int saved = dup(STDERR_FILENO);
	struct logsink *s;
	uint64_t dropped;

	if (journal)
		setenv("JOURNAL_STREAM", journal, 1);
	dup2(fd, STDERR_FILENO);
	close(fd);
	s = must_open(&o);
	logsink_write(s, LOG_LEVEL_WARN, day2_ms, line);
	dropped = logsink_dropped(s);
	logsink_close(s);
	dup2(saved, STDERR_FILENO);
	close(saved);
	unsetenv("JOURNAL_STREAM");
	return dropped;
}

static void stderr_has_a_priority_only_under_journald(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++) {
		bool journal = i & 1;
		bool socket_pair = i & 2;
		char stream[64];
		struct stat st;
		int ends[2];

		if (socket_pair)
			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		else
			assert_int_equal(pipe(ends), 0);
		assert_int_equal(fstat(ends[1], &st), 0);
		snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
		         (uintmax_t)st.st_ino + !journal);
		assert_int_equal(say_on_stderr(ends[1], i ? stream : NULL, "hello"), 0);
		assert_string_equal(receive(ends[0]), journal ? "<4>hello\n" : "hello\n");
		close(ends[0]);
	}
}

static void stderr_that_nobody_reads_drops(void **unused)
{
	int ends[2];

	(void)unused;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(say_on_stderr(ends[1], NULL, "no SIGPIPE"), 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	close(ends[0]);
	assert_int_equal(say_on_stderr(ends[1], NULL, "no SIGPIPE"), 1);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], "xxxxxxxx", 8) == 8)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	assert_int_equal(say_on_stderr(ends[1], NULL, "does not block"), 1);
	close(ends[0]);
}

static void what_cannot_be_opened_is_told(void **unused)
{
	const struct {
		const char *path;
		enum logsink_kind kind;
		const char *text;
	} cases[] = {
		{ "/nonexistent/log", LOGSINK_FILE,
		  "cannot log to /nonexistent/log: No such file or directory" },
		{ "/tmp", LOGSINK_FILE, "cannot log to /tmp: Is a directory" },
		{ "", LOGSINK_SYSLOG, "\"\": a socket path has 1 to 107 characters" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct logsink_options o = { cases[i].kind, .path = cases[i].path };
		struct logsink *s = NULL;
		struct error err = { 0 };

		assert_false(logsink_open(&o, &s, &err));
		assert_null(s);
		assert_string_equal(err.text, cases[i].text);
	}
	logsink_close(NULL);
}

static int set_up(void **unused)
{
	(void)unused;
	setenv("TZ", "UTC", 1);
	tzset();
	unsetenv("JOURNAL_STREAM");
	if (!mkdtemp(dir))
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/log", dir);
	snprintf(file_path, sizeof(file_path), "%s/file", dir);
	snprintf(old_path, sizeof(old_path), "%s/file.1", dir);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_line_is_haproxys_local_format),
		cmocka_unit_test(syslog_daemon_may_come_late_and_be_restarted),
		cmocka_unit_test(full_syslog_queue_drops_and_does_not_block),
		cmocka_unit_test(file_is_appended_to_and_reopened),
		cmocka_unit_test(stamped_file_reads_as_rsyslog_wrote_it),
		cmocka_unit_test(each_framing_is_haproxys),
		cmocka_unit_test(times_have_the_local_offset),
		cmocka_unit_test(a_line_has_the_length_that_was_asked_for),
		cmocka_unit_test(a_prefix_longer_than_the_line_is_cut),
		cmocka_unit_test(message_cannot_break_out_of_its_line),
		cmocka_unit_test(long_line_is_cut_between_characters),
		cmocka_unit_test(line_after_a_torn_one_begins_a_line),
		cmocka_unit_test(pipe_without_room_or_reader_drops),
		cmocka_unit_test(stdout_has_lines_without_priorities),
		cmocka_unit_test(stderr_has_a_priority_only_under_journald),
		cmocka_unit_test(stderr_that_nobody_reads_drops),
		cmocka_unit_test(what_cannot_be_opened_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

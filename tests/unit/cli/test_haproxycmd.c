/* SPDX-License-Identifier: MIT */
#include "cli/haproxycmd.h"

#include "core/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMEOUTS                                                                                   \
	"defaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n"
#define LISTEN "listen a\n bind 127.0.0.1:1\n server s 127.0.0.1:2\n"

/* A run on a file with that text: what was said on each of the two streams. */
struct run {
	struct console console;
	struct haproxyargs args;
	char path[64];
	char *out, *err;
	size_t out_len, err_len;
};

static void begin(struct run *r, const char *text)
{
	FILE *f;
	int fd;

	*r = (struct run){ 0 };
	strcpy(r->path, "/tmp/test_haproxycmd.XXXXXX");
	fd = mkstemp(r->path);
	assert_true(fd != -1);
	f = fdopen(fd, "w");
	fputs(text, f);
	fclose(f);
	r->args.files[0] = r->path;
	r->args.file_count = 1;
	r->console.out = open_memstream(&r->out, &r->out_len);
	r->console.err = open_memstream(&r->err, &r->err_len);
}

static void look(struct run *r)
{
	fflush(r->console.out);
	fflush(r->console.err);
}

static void end(struct run *r)
{
	fclose(r->console.out);
	fclose(r->console.err);
	free(r->out);
	free(r->err);
	unlink(r->path);
}

static void a_good_file_is_valid(void **state)
{
	struct run r;

	(void)state;
	begin(&r, TIMEOUTS LISTEN);
	assert_int_equal(haproxycmd_check(&r.console, &r.args), 0);
	look(&r);
	assert_string_equal(r.out, "Configuration file is valid\n");
	assert_string_equal(r.err, "");
	end(&r);
}

static void quiet_says_nothing(void **state)
{
	struct run r;

	(void)state;
	begin(&r, LISTEN);
	r.args.quiet = true;
	assert_int_equal(haproxycmd_check(&r.console, &r.args), 0);
	look(&r);
	assert_int_equal(r.out_len + r.err_len, 0);
	end(&r);
}

static void an_error_is_an_alert_with_its_place(void **state)
{
	char expected[128];
	struct run r;

	(void)state;
	begin(&r, TIMEOUTS LISTEN " foo bar\n");
	assert_int_equal(haproxycmd_check(&r.console, &r.args), 1);
	look(&r);
	snprintf(expected, sizeof(expected),
	         "[ALERT]    (%d) : config : parsing [%s:9] : ", getpid(), r.path);
	assert_ptr_equal(strstr(r.err, "[NOTICE]   ("), r.err);
	assert_non_null(strstr(r.err, expected));
	assert_non_null(strstr(r.err, "Fatal errors found in configuration."));
	assert_string_equal(r.out, "");
	end(&r);
}

static void a_warning_is_an_error_if_asked_for(void **state)
{
	struct run r;

	(void)state;
	begin(&r, LISTEN);
	assert_int_equal(haproxycmd_check(&r.console, &r.args), 0);
	look(&r);
	assert_string_equal(r.out, "Warnings were found.\nConfiguration file is valid\n");
	assert_non_null(strstr(r.err, "missing timeouts for proxy 'a'"));
	end(&r);
	begin(&r, LISTEN);
	r.args.strict = true;
	assert_int_equal(haproxycmd_check(&r.console, &r.args), 1);
	end(&r);
}

static void without_a_listener_it_does_not_start(void **state)
{
	struct run r;

	(void)state;
	begin(&r, TIMEOUTS "backend b\n server s 127.0.0.1:2\n");
	assert_int_equal(haproxycmd_check(&r.console, &r.args), 2);
	assert_null(haproxycmd_load(&r.console, &r.args));
	look(&r);
	assert_non_null(strstr(r.err, "No enabled listener found"));
	end(&r);
}

static void a_control_socket_alone_is_a_listener(void **state)
{
	struct settings *s;
	struct run r;

	(void)state;
	begin(&r, "global\n stats socket /tmp/x.sock mode 660 level admin\n" TIMEOUTS);
	assert_int_equal(haproxycmd_check(&r.console, &r.args), 0);
	look(&r);
	assert_string_equal(r.out, "Configuration file is valid\n");
	s = haproxycmd_load(&r.console, &r.args);
	assert_non_null(s);
	assert_int_equal(s->socket_count, 1);
	settings_free(s);
	end(&r);
}

static void the_command_line_goes_into_the_settings(void **state)
{
	struct settings *s;
	struct run r;

	(void)state;
	begin(&r, "global\n daemon\n maxconn 9\n pidfile /x\n" TIMEOUTS LISTEN);
	r.args.maxconn = 77;
	r.args.pidfile = "/run/h.pid";
	s = haproxycmd_load(&r.console, &r.args);
	assert_non_null(s);
	assert_true(s->haproxy);
	assert_int_equal(s->maxconn, 77);
	assert_string_equal(s->pidfile, "/run/h.pid");
	assert_true(r.args.background);
	assert_int_equal(s->log_count, 0); /* nobody looks at a daemon's terminal */
	settings_free(s);
	end(&r);
}

static void in_the_foreground_the_terminal_is_a_log(void **state)
{
	struct settings *s;
	struct run r;

	(void)state;
	begin(&r, "global\n daemon\n" TIMEOUTS LISTEN);
	r.args.foreground = true;
	s = haproxycmd_load(&r.console, &r.args);
	assert_false(r.args.background);
	assert_int_equal(s->log_count, 1);
	assert_int_equal(s->logs[0].framing, SETTINGS_LOG_CONSOLE);
	assert_false(s->logs[0].sessions);
	settings_free(s);
	end(&r);
}

static void a_refused_connect_goes_elsewhere_unless_the_file_says_no(void **state)
{
	struct settings *s;
	struct run r;

	(void)state;
	begin(&r, TIMEOUTS LISTEN "listen b\n bind 127.0.0.1:3\n no option redispatch\n");
	s = haproxycmd_load(&r.console, &r.args);
	assert_true(s->services[0].redispatch);
	assert_false(s->services[1].redispatch);
	settings_free(s);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_valid),
		cmocka_unit_test(quiet_says_nothing),
		cmocka_unit_test(an_error_is_an_alert_with_its_place),
		cmocka_unit_test(a_warning_is_an_error_if_asked_for),
		cmocka_unit_test(without_a_listener_it_does_not_start),
		cmocka_unit_test(a_control_socket_alone_is_a_listener),
		cmocka_unit_test(the_command_line_goes_into_the_settings),
		cmocka_unit_test(in_the_foreground_the_terminal_is_a_log),
		cmocka_unit_test(a_refused_connect_goes_elsewhere_unless_the_file_says_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

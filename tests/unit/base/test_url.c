/* SPDX-License-Identifier: MIT */
#include "base/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void urls_have_host_port_and_path(void **state)
{
	static const struct {
		const char *url;
		bool secure;
		const char *host;
		unsigned int port;
		const char *path, *authority;
	} cases[] = {
		{ "http://n1", false, "n1", 80, "", "n1" },
		{ "HTTPS://n1", true, "n1", 443, "", "n1" },
		{ "http://n1:8080", false, "n1", 8080, "", "n1:8080" },
		{ "https://n1:443/", true, "n1", 443, "/", "n1" },
		{ "http://n1:443", false, "n1", 443, "", "n1:443" },
		{ "https://10.0.0.1:8080/_status/nodes", true, "10.0.0.1", 8080, "/_status/nodes",
		  "10.0.0.1:8080" },
		{ "http://[fd00::1]", false, "fd00::1", 80, "", "[fd00::1]" },
		{ "http://[fd00::1]:8080/a?b=c%20d", false, "fd00::1", 8080, "/a?b=c%20d",
		  "[fd00::1]:8080" },
		{ "http://h/a@b", false, "h", 80, "/a@b", "h" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char authority[URL_AUTHORITY_MAX];
		struct error err;
		struct url u;

		assert_true(url_parse(cases[i].url, &u, &err));
		assert_int_equal(u.secure, cases[i].secure);
		assert_string_equal(u.host, cases[i].host);
		assert_int_equal(u.port, cases[i].port);
		assert_string_equal(u.path, cases[i].path);
		assert_string_equal(url_authority(&u, authority), cases[i].authority);
	}
}

static void other_urls_are_refused_with_the_cure(void **state)
{
#define PORT "a port is a number from 1 to 65535"
#define ODD  "a URL has no spaces, control or non-ASCII characters"
	static const struct {
		const char *url, *error;
	} cases[] = {
		{ "", "\"\": write http://host:port or https://host:port" },
		{ "n1:8080", "\"n1:8080\": write http://host:port or https://host:port" },
		{ "ftp://n1", "\"ftp://n1\": write http://host:port or https://host:port" },
		{ "http://", "\"http://\": there is no host" },
		{ "http:///x", "\"http:///x\": there is no host" },
		{ "http://:80", "\"http://:80\": there is no host" },
		{ "http://[]", "\"http://[]\": there is no host" },
		{ "http://[::1", "\"http://[::1\": write an IPv6 address as [address]:port" },
		{ "http://[::1]x", "\"http://[::1]x\": after the host comes :port or /path" },
		{ "http://::1", "\"http://::1\": there is no host" },
		{ "http://fd00::1", "\"http://fd00::1\": " PORT },
		{ "http://h:", "\"http://h:\": " PORT },
		{ "http://h:0", "\"http://h:0\": " PORT },
		{ "http://h:65536", "\"http://h:65536\": " PORT },
		{ "http://h:123456789",
		  "\"http://h:123456789\": after the host comes :port or /path" },
		{ "http://u:secret@h", "a URL with a user in it: write http://host:port; to log in "
		                       "there is --session" },
		{ "https://u@h/",
		  "a URL with a user in it: write https://host:port; to log in there "
		  "is --session" },
		{ "http://h/#x", "\"http://h/#x\": leave out what follows the '#'" },
		{ "http://h?x", "\"http://h?x\": a path has to come before the '?'" },
		{ "http://h/a b", "\"http://h/a?b\": " ODD },
		{ "http://h/\x1b[0m", "\"http://h/?[0m\": " ODD },
		{ "http://h\r\nX: y", "\"http://h??X:?y\": " ODD },
		{ "http://\xc3\xa4", "\"http://??\": " ODD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct url u = { .port = 7 };
		struct error err;

		assert_false(url_parse(cases[i].url, &u, &err));
		assert_string_equal(err.text, cases[i].error);
		assert_int_equal(u.port, 7);
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	char s[2000] = "http://";
	struct url u;

	(void)state;
	memset(s + 7, 'h', 255);
	assert_true(url_parse(s, &u, NULL));
	s[7 + 255] = 'h';
	assert_false(url_parse(s, &u, NULL));
	memcpy(s + 7, "h/", 2);
	memset(s + 9, 'p', URL_PATH_MAX - 2);
	s[9 + URL_PATH_MAX - 2] = '\0';
	assert_true(url_parse(s, &u, NULL));
	assert_int_equal(strlen(u.path), URL_PATH_MAX - 1);
	strcat(s, "p");
	assert_false(url_parse(s, &u, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_have_host_port_and_path),
		cmocka_unit_test(other_urls_are_refused_with_the_cure),
		cmocka_unit_test(what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* WRAP: tick_us crypt_r */
#include "control/webauth.h"

#include "base/error.h"
#include "base/text.h"
#include "base/tick.h"

#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Stands still but while a hash is made, which takes so long; 0: it is a real one. */
static int64_t now_us = 100000000;
static int64_t cost_us;
static unsigned int hashes;

int64_t __wrap_tick_us(void);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);
char *__real_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

int64_t __wrap_tick_us(void)
{
	return now_us;
}

char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	if (!cost_us)
		return __real_crypt_r(phrase, setting, data);
	now_us += cost_us;
	hashes++;
	return NULL;
}

static struct httphead_string string(const char *s)
{
	return (struct httphead_string){ .at = s, .len = s ? strlen(s) : 0 };
}

static void users_are_known_by_password_or_hash(void **state)
{
	struct settings_user users[] = {
		{ "admin", "pw" },
		{ "hashed", NULL },
		{ "empty", "" },
	};
	static const struct {
		const char *field;
		enum webauth_verdict want;
	} cases[] = {
		{ "Basic YWRtaW46cHc=", WEBAUTH_OK },         /* admin:pw */
		{ "basic   YWRtaW46cHc=", WEBAUTH_OK },       /* the same */
		{ "Basic aGFzaGVkOmdlaGVpbQ==", WEBAUTH_OK }, /* hashed:geheim */
		{ "Basic aGFzaGVkOmdlaGVpbQ==", WEBAUTH_OK }, /* remembered */
		{ "Basic ZW1wdHk6", WEBAUTH_OK },             /* empty: */
		{ "Basic YWRtaW46cHd4", WEBAUTH_REFUSED },    /* admin:pwx */
		{ "Basic YWRtaW46cA==", WEBAUTH_REFUSED },    /* admin:p */
		{ "Basic YWRtaW46", WEBAUTH_REFUSED },        /* admin: */
		{ "Basic YWRtaW4=", WEBAUTH_REFUSED },        /* admin */
		{ "Basic aGFzaGVkOnB3", WEBAUTH_REFUSED },    /* hashed:pw */
		{ "Basic Om5vYm9keQ==", WEBAUTH_REFUSED },    /* :nobody */
		{ "Basic !!!!", WEBAUTH_REFUSED },
		{ "Basic ", WEBAUTH_REFUSED },
		{ "Bearer YWRtaW46cHc=", WEBAUTH_REFUSED },
		{ "", WEBAUTH_REFUSED },
		{ NULL, WEBAUTH_REFUSED },
	};
	struct crypt_data crypt = { 0 };
	struct webauth *a;

	(void)state;
	users[1].password = crypt_r("geheim", "$5$rounds=1000$salt$", &crypt);
	assert_non_null(users[1].password);
	a = webauth_new(users, ARRAY_LEN(users));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(webauth_check(a, string(cases[i].field)), cases[i].want);
	webauth_free(a);
	assert_null(webauth_new(users, 0));
	webauth_free(NULL);
}

static void who_it_says_it_is_is_told_without_a_password(void **state)
{
	static const struct {
		const char *field, *name;
	} cases[] = {
		{ "Basic YWRtaW46cHc=", "admin" },
		{ "basic  ZW1wdHk6", "empty" },
		{ "Basic Om5vYm9keQ==", "" },
		{ "Basic YWRtaW4=", NULL },
		{ "Bearer YWRtaW46cHc=", NULL },
		{ "Basic !!!!", NULL },
		{ NULL, NULL },
	};
	char name[WEBAUTH_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool known = webauth_name(string(cases[i].field), name);

		assert_int_equal(known, cases[i].name != NULL);
		if (known)
			assert_string_equal(name, cases[i].name);
	}
}

static void guessing_hashes_is_slowed_down(void **state)
{
	const struct settings_user users[] = { { "u", "$5$rounds=1000$salt$x" } };
	struct webauth *a = webauth_new(users, 1);
	size_t busy = 0;

	(void)state;
	for (size_t i = 0; i < 3 * (size_t)WEBAUTH_HASHES_PER_SECOND; i++)
		busy += webauth_check(a, string("Basic dTp4")) == WEBAUTH_BUSY;
	assert_int_equal(busy, 2 * WEBAUTH_HASHES_PER_SECOND);
	webauth_free(a);
}

/* Somebody tries 1000 times a second for 20 s. */
static void hashes_that_take_long_are_fewer(void **state)
{
	static const struct {
		int64_t cost_us;
		unsigned int least, most;
	} cases[] = {
		{ 1000, 190, 210 },                     /* ten a second */
		{ 20000, 95, 106 },                     /* a tenth of the time */
		{ 50000, 38, 43 },  { 250000, 15, 17 }, /* one, and a second without */
		{ 2000000, 6, 8 },
	};
	const struct settings_user users[] = { { "u", "$2b$12$x" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct webauth *a = webauth_new(users, 1);
		int64_t end_us = now_us + 20000000;

		cost_us = cases[i].cost_us;
		for (hashes = 0; now_us < end_us; now_us += 1000)
			webauth_check(a, string("Basic dTp4"));
		assert_in_range(hashes, cases[i].least, cases[i].most);
		/* Who waited a second is looked at. */
		now_us += 1000000;
		hashes = 0;
		assert_int_equal(webauth_check(a, string("Basic dTp4")), WEBAUTH_REFUSED);
		assert_int_equal(webauth_check(a, string("Basic eDp4")), WEBAUTH_REFUSED);
		assert_int_equal(hashes, 1);
		webauth_free(a);
	}
	cost_us = 0;
}

static void other_sites_change_nothing(void **state)
{
	static const struct {
		const char *fields;
		bool want;
	} cases[] = {
		{ "Host: a:1\r\n", true },
		{ "Host: a:1\r\nOrigin: http://a:1\r\n", true },
		{ "Host: a:1\r\nOrigin: https://A:1\r\n", true },
		{ "Host: a:1\r\nOrigin: http://a:12\r\n", false },
		{ "Host: a:1\r\nOrigin: http://a\r\n", false },
		{ "Host: a:1\r\nOrigin: http://evil\r\n", false },
		{ "Host: a:1\r\nOrigin: null\r\n", false },
		{ "Host: a:1\r\nOrigin:\r\n", false },
		{ "Origin: http://a\r\n", false },
		{ "Host: a:1\r\nReferer: http://a:1/stats\r\n", true },
		{ "Host: a:1\r\nReferer: http://evil/a:1/\r\n", false },
		{ "Host: a:1\r\nReferer: http://a:1.evil/\r\n", false },
		{ "Host: a:1\r\nOrigin: http://evil\r\nReferer: http://a:1/\r\n", false },
		{ "Host: a:1\r\nSec-Fetch-Site: cross-site\r\n", false },
		{ "Host: a:1\r\nSec-Fetch-Site: same-site\r\n", false },
		{ "Host: a:1\r\nSec-Fetch-Site: same-origin\r\n", true },
		{ "Host: a:1\r\nSec-Fetch-Site: none\r\n", true },
		{ "Host: a:1\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://evil\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct httphead_request r;
		AUTO_TEXT head = { 0 };

		text_addf(&head, "POST / HTTP/1.1\r\n%s\r\n", cases[i].fields);
		assert_int_equal(httphead_parse_request(head.data, head.len, &r), HTTPHEAD_OK);
		if (webauth_is_same_origin(&r) != cases[i].want)
			fail_msg("%s", cases[i].fields);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_known_by_password_or_hash),
		cmocka_unit_test(who_it_says_it_is_is_told_without_a_password),
		cmocka_unit_test(guessing_hashes_is_slowed_down),
		cmocka_unit_test(hashes_that_take_long_are_fewer),
		cmocka_unit_test(other_sites_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* WRAP: daemon_snapshot */
#include "httpscene.h"

struct snapshot *__wrap_daemon_snapshot(struct daemon *d);

struct snapshot *__wrap_daemon_snapshot(struct daemon *d)
{
	(void)d;
	return scene_snapshot();
}

static const char policy[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

static const struct settings_admin plain = { 0 };

static void each_part_has_its_type_and_may_be_kept(void **state)
{
	static const struct {
		const char *target, *type;
	} cases[] = {
		{ "/ui/page.css", "Content-Type: text/css; charset=utf-8\r\n" },
		{ "/ui/app.js", "Content-Type: text/javascript; charset=utf-8\r\n" },
		{ "/ui/app.js?x", "Content-Type: text/javascript; charset=utf-8\r\n" },
	};
	struct scene s;

	(void)state;
	scene_open(&s, &plain);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *answer = scene_get(&s, cases[i].target);

		scene_expect(answer, "HTTP/1.1 200 OK\r\n");
		scene_expect(answer, cases[i].type);
		scene_expect(answer, "Cache-Control: no-cache\r\n");
		scene_expect(answer, "\r\nETag: \"");
		scene_expect(answer, "X-Content-Type-Options: nosniff\r\n");
		scene_expect(answer, "\r\n\r\n/* SPDX-License-Identifier: MIT */\n");
	}
	scene_close(&s);
}

static void who_has_it_already_does_not_get_it_again(void **state)
{
	char fields[96];
	char tag[24] = "";
	struct scene s;

	(void)state;
	scene_open(&s, &plain);
	assert_int_equal(sscanf(strstr(scene_get(&s, "/ui/dom.js"), "ETag: "), "ETag: %23s", tag),
	                 1);
	snprintf(fields, sizeof(fields), "If-None-Match: \"old\", W/%s\r\n", tag);
	scene_ask(&s, "GET", "/ui/dom.js", fields, NULL);
	scene_expect(text_str(&s.answer), "HTTP/1.1 304 Not Modified\r\n");
	scene_expect(text_str(&s.answer), tag);
	assert_null(strstr(text_str(&s.answer), "Content-Length"));
	assert_string_equal(strstr(text_str(&s.answer), "\r\n\r\n"), "\r\n\r\n");
	snprintf(fields, sizeof(fields), "If-None-Match: \"old\"\r\n");
	scene_ask(&s, "GET", "/ui/dom.js", fields, NULL);
	scene_expect(text_str(&s.answer), "HTTP/1.1 200 OK\r\n");
	scene_close(&s);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const targets[] = { "/ui/",          "/ui/none.js",     "/ui/x/app.js",
		                               "/ui/../app.js", "/ui/app.js/",     "/ui/%61pp.js",
		                               "/ui",           "/v1/ui/page.css", "/uix/app.js" };
	struct scene s;

	(void)state;
	scene_open(&s, &plain);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		scene_expect(scene_get(&s, targets[i]), "HTTP/1.1 404 Not Found\r\n");
	scene_close(&s);
}

/* HAProxy's page has its style inside and forms that post; ours has neither. */
static void only_haproxys_page_has_another_policy(void **state)
{
	static const char *const own[] = { "/",        "/stats",   "/ui/app.js",
		                           "/ui/none", "/healthz", "/nowhere" };
	const char *answer;
	struct scene s;

	(void)state;
	scene_open(&s, &plain);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		answer = scene_get(&s, own[i]);
		scene_expect(answer, policy);
		scene_expect(answer, "Referrer-Policy: no-referrer\r\n");
	}
	answer = scene_get(&s, "/haproxy?stats");
	assert_null(strstr(answer, policy));
	scene_expect(answer, "style-src 'unsafe-inline'; img-src data:; form-action 'self'; ");
	scene_expect(answer, "Referrer-Policy: same-origin\r\n");
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_has_its_type_and_may_be_kept),
		cmocka_unit_test(who_has_it_already_does_not_get_it_again),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(only_haproxys_page_has_another_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* WRAP: daemon_snapshot roster_order roster_drain roster_set_weight faults_put */
/* WRAP: daemon_end_sessions daemon_kill orders_come_from rosterlog_mark */
#include "httpscene.h"

#include "control/faults.h"

struct snapshot *__wrap_daemon_snapshot(struct daemon *d);
void __wrap_roster_order(struct roster *r, struct topology_server *s, enum roster_order order);
void __wrap_roster_drain(struct roster *r, struct topology_server *s, uint32_t deadline_ms);
void __wrap_roster_set_weight(struct roster *r, struct topology_server *s, uint32_t weight);
void __wrap_faults_put(struct faults *f, struct topology_server *s, struct fault fault,
                       uint64_t for_ms);
bool __wrap_daemon_end_sessions(struct daemon *d, const struct topology_server *s);
bool __wrap_daemon_kill(struct daemon *d, uint64_t id);
void __wrap_orders_come_from(struct roster *r, const char *who);
void __wrap_rosterlog_mark(struct roster *r, int level, const char *text);

struct snapshot *__wrap_daemon_snapshot(struct daemon *d)
{
	(void)d;
	return scene_snapshot();
}

void __wrap_roster_order(struct roster *r, struct topology_server *s, enum roster_order order)
{
	(void)r;
	scene_note("order", s, (int)order);
}

void __wrap_roster_drain(struct roster *r, struct topology_server *s, uint32_t deadline_ms)
{
	(void)r;
	scene_note("drain", s, (int)deadline_ms);
}

void __wrap_roster_set_weight(struct roster *r, struct topology_server *s, uint32_t weight)
{
	(void)r;
	scene_note("weight", s, (int)weight);
}

void __wrap_faults_put(struct faults *f, struct topology_server *s, struct fault fault,
                       uint64_t for_ms)
{
	(void)f;
	scene_note("fault", s, (int)(fault.amount + for_ms));
}

bool __wrap_daemon_end_sessions(struct daemon *d, const struct topology_server *s)
{
	(void)d;
	scene_note("end", s, 0);
	return true;
}

bool __wrap_daemon_kill(struct daemon *d, uint64_t id)
{
	(void)d;
	text_addf(&scene_now->orders, "kill %d;", (int)id);
	return id != 404;
}

/* Who orders is noted before the order, what was marked after it. */
void __wrap_orders_come_from(struct roster *r, const char *who)
{
	(void)r;
	if (who)
		text_addf(&scene_now->orders, "%s: ", who);
}

void __wrap_rosterlog_mark(struct roster *r, int level, const char *text)
{
	(void)r;
	(void)level;
	text_addf(&scene_now->orders, " [%s]", text);
}

/* --- asking ------------------------------------------------------------------------------- */

static const struct settings_user users[] = { { "ops", "pw" } };
#define OPS  "Authorization: Basic b3BzOnB3\r\n"
#define TYPE "Content-Type: application/x-www-form-urlencoded\r\n"

/* The token that GET gives, as a field. */
static void read_token(struct scene *s, const char *fields, char ret[static 64])
{
	const char *answer = scene_ask(s, "GET", "/v1/act", fields, NULL);
	const char *at = strstr(answer, "\"token\": \"");

	assert_non_null(at);
	snprintf(ret, 64, "X-Sluice-Token: %.32s\r\n", at + strlen("\"token\": \""));
}

static const char *post(struct scene *s, const char *fields, const char *form)
{
	text_clear(&s->orders);
	return scene_ask(s, "POST", "/v1/act", fields, form);
}

static const struct settings_admin open_to_users = { .users = users,
	                                             .user_count = 1,
	                                             .writable = true };

enum { FIELDS = 256 };

/* With users; `fields` are those of a form that one of them sends. */
static void open_to_ops(struct scene *s, char fields[FIELDS])
{
	char token[64];

	scene_open(s, &open_to_users);
	read_token(s, OPS, token);
	snprintf(fields, FIELDS, OPS TYPE "%s", token);
}

static void forms_become_commands_and_the_journal_has_who(void **state)
{
	static const struct {
		const char *form, *answer, *orders;
	} cases[] = {
		{ "action=drain&server=both/a",
		  "200 OK\r\n|\"said\": \"both/a gets no new sessions",
		  "ops at 127.0.0.1: drain both/a 0;" },
		{ "server=both%2Fa&deadline=30s&action=drain", "what is left ends in 30s",
		  "ops at 127.0.0.1: drain both/a 30000;" },
		{ "action=maint&server=be/x", "\"be/x is under maintenance\"",
		  "ops at 127.0.0.1: order be/x 2;" },
		{ "action=ready&server=be/x", "be/x is in use again",
		  "ops at 127.0.0.1: order be/x 0;" },
		{ "action=weight&server=both/a&value=256", "both/a has the weight 256",
		  "ops at 127.0.0.1: weight both/a 256; [weight both/a 256, by ops at "
		  "127.0.0.1]" },
		{ "action=weight&server=both/a&value=50%25", "both/a has the weight 50%",
		  "ops at 127.0.0.1: weight both/a 5; [weight both/a 50%, by ops at 127.0.0.1]" },
		{ "action=kill&server=both/a", "ended",
		  "ops at 127.0.0.1: end both/a 0; [kill both/a, by ops at 127.0.0.1]" },
		{ "action=kill&id=17", "session 17 ended",
		  "ops at 127.0.0.1: kill 17; [kill session 17, by ops at 127.0.0.1]" },
		{ "action=kill&id=0x11", "session 0x11 ended",
		  "ops at 127.0.0.1: kill 17; [kill session 0x11, by ops at 127.0.0.1]" },
		{ "action=kill&id=404", "404 Not Found\r\n|No such session",
		  "ops at 127.0.0.1: kill 404;" },
		{ "action=fault&server=be/x&value=delay+200ms+for+3s",
		  "\"said\": \"be/x: delay 200ms for 3s\"}",
		  "ops at 127.0.0.1: fault be/x 3200; [fault be/x delay 200ms for 3s, by ops at "
		  "127.0.0.1]" },
		{ "action=fault&server=be/x&value=none", "be/x: no fault",
		  "ops at 127.0.0.1: fault be/x 0; [fault be/x none, by ops at 127.0.0.1]" },
		{ "action=fault&server=be/x&value=delay+soon",
		  "400 Bad request\r\n|{\"error\": ", "ops at 127.0.0.1: " },
	};
	struct scene s;
	char fields[FIELDS];

	(void)state;
	open_to_ops(&s, fields);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *bar = strchr(cases[i].answer, '|');
		char first[128] = "Content-Type: application/json";

		if (bar)
			snprintf(first, sizeof(first), "%.*s", (int)(bar - cases[i].answer),
			         cases[i].answer);
		scene_expect(post(&s, fields, cases[i].form), first);
		scene_expect(text_str(&s.answer), bar ? bar + 1 : cases[i].answer);
		assert_string_equal(text_str(&s.orders), cases[i].orders);
	}
	scene_close(&s);
}

static bool has_handed_over(void *ctx)
{
	(void)ctx;
	return true;
}

static void after_a_hand_over_nothing_is_done(void **state)
{
	struct scene s;
	char fields[FIELDS];

	(void)state;
	open_to_ops(&s, fields);
	s.daemon.upgrade.has_handed_over = has_handed_over;
	scene_expect(post(&s, fields, "action=drain&server=both/a"), "409 Conflict\r\n");
	scene_expect(text_str(&s.answer), "{\"error\": \"an upgrade is under way: try again\"}");
	assert_string_equal(text_str(&s.orders), "");
	scene_close(&s);
}

static void a_form_that_is_wrong_is_told_what_and_the_cure(void **state)
{
	static const struct {
		int status;
		const char *form, *answer;
	} cases[] = {
		{ 400, "", "action is missing: there are drain, maint" },
		{ 400, "action=", "is unknown: there are drain" },
		{ 400, "action=drian&server=be/x", "did you mean \\\"drain\\\"?" },
		{ 400, "action=halt&server=be/x", "is unknown: there are drain" },
		{ 400, "action=drain&sever=be/x", "did you mean \\\"server\\\"?" },
		{ 400, "action=drain&server=be/x&csrf_token=1", "there are action, server, id" },
		{ 400, "action=drain&server=be/x&action=kill", "action is there twice" },
		{ 400, "action=drain", "server is missing: write SERVICE/NAME, as psql/n1\"" },
		{ 400, "action=kill", "or the id of a session" },
		{ 400, "action=kill&id=1&server=be/x", "server and id are both there" },
		{ 400, "action=kill&id=abc", "id is no number of a session" },
		{ 400, "action=kill&id=1%3Bquit", "id is no number of a session" },
		{ 400, "action=kill&id=0x", "id is no number of a session" },
		{ 400, "action=kill&id=", "id is no number of a session" },
		{ 404, "action=kill&id=0", "Session pointer expected" },
		{ 400, "action=drain&id=1", "drain takes no id: leave it out" },
		{ 400, "action=drain&server=be/x&value=1", "drain takes no value" },
		{ 400, "action=maint&server=be/x&deadline=1s", "maint takes no deadline" },
		{ 400, "action=drain&server=x", "server is \\\"x\\\": write SERVICE/NAME" },
		{ 400, "action=drain&server=/x", "write SERVICE/NAME" },
		{ 400, "action=drain&server=be/", "write SERVICE/NAME" },
		{ 400, "action=drain&server=be/x%0Aquit", "a character that no name has" },
		{ 400, "action=drain&server=be/x%3Bquit", "a character that no name has" },
		{ 400, "action=drain&server=be/x+deadline", "a character that no name has" },
		{ 400, "action=drain&server=be/%5Cx", "a character that no name has" },
		{ 404, "action=drain&server=be/xx", "did you mean \\\"be/x\\\"?" },
		{ 404, "action=drain&server=other/thing", "`sluice status` shows them" },
		{ 400, "action=drain&server=be/x&deadline=30", "write it with its unit, as 30s" },
		{ 400, "action=drain&server=be/x&deadline=soon", "write it with its unit" },
		{ 400, "action=drain&server=be/x&deadline=0s", "write it with its unit" },
		{ 400, "action=drain&server=be/x&deadline=", "write it with its unit" },
		{ 400, "action=drain&server=be/x&deadline=1s%0A", "write it with its unit" },
		{ 400, "action=weight&server=be/x", "value is missing: weight takes one, as 50%" },
		{ 400, "action=weight&server=be/x&value=", "value is missing" },
		{ 400, "action=weight&server=be/x&value=500", "write 0 to 256, or a percentage" },
		{ 400, "action=weight&server=be/x&value=-1", "\\\"-1\\\" is no weight" },
		{ 400, "action=weight&server=be/x&value=2x", "is no weight" },
		{ 400, "action=weight&server=be/x&value=50%25%25", "is no weight" },
		{ 400, "action=weight&server=be/x&value=%25", "is no weight" },
		{ 400, "action=weight&server=be/x&value=99999999999999999999", "is no weight" },
		{ 400, "action=fault&server=be/x", "as \\\"delay 200ms\\\"" },
		{ 400, "action=fault&server=be/x&value=none%3Bquit", "that no fault has" },
		{ 400, "action=fault&server=be/x&value=none%0Aquit", "that no fault has" },
	};
	struct scene s;
	char fields[FIELDS];

	(void)state;
	open_to_ops(&s, fields);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char status[32];

		snprintf(status, sizeof(status), "HTTP/1.1 %d ", cases[i].status);
		scene_expect(post(&s, fields, cases[i].form), status);
		scene_expect(text_str(&s.answer), "{\"error\": \"");
		scene_expect(text_str(&s.answer), cases[i].answer);
		assert_null(strchr(text_str(&s.orders), '['));
	}
	scene_close(&s);
}

static void only_the_page_of_this_address_may_act(void **state)
{
	static const char form[] = "action=maint&server=be/x";
	/* What is put before a token that is right. */
	static const struct {
		const char *fields, *answer;
	} cases[] = {
		{ OPS TYPE, "200 OK" },
		{ OPS TYPE "Origin: http://proxy:80\r\n", "200 OK" },
		{ OPS TYPE "Origin: http://proxy:80\r\nSec-Fetch-Site: same-origin\r\n", "200 OK" },
		{ OPS "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n",
		  "200 OK" },
		{ TYPE, "401 Unauthorized" },
		{ OPS TYPE "Origin: http://evil\r\n", "403 Forbidden" },
		{ OPS TYPE "Origin: http://proxy:8000\r\n", "403 Forbidden" },
		{ OPS TYPE "Origin: http://proxy\r\n", "403 Forbidden" },
		{ OPS TYPE "Origin: null\r\n", "403 Forbidden" },
		{ OPS TYPE "Sec-Fetch-Site: cross-site\r\n", "for another site" },
		{ OPS TYPE "Sec-Fetch-Site: same-site\r\n", "for another site" },
		{ OPS TYPE "Sec-Fetch-Site: none\r\n", "for another site" },
		{ OPS, "400 Bad request" },
		{ OPS "Content-Type: text/plain\r\n", "send a form" },
		{ OPS "Content-Type: multipart/form-data\r\n", "send a form" },
	};
	struct scene s;
	char token[64];
	char fields[320];

	(void)state;
	scene_open(&s, &open_to_users);
	read_token(&s, OPS, token);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool fine = strstr(cases[i].answer, "200") != NULL;

		snprintf(fields, sizeof(fields), "%s%s", cases[i].fields, token);
		scene_expect(post(&s, fields, form), cases[i].answer);
		assert_string_equal(text_str(&s.orders),
		                    fine ? "ops at 127.0.0.1: order be/x 2;" : "");
	}
	scene_expect(post(&s, OPS TYPE, form), "403 Forbidden");
	scene_expect(text_str(&s.answer), "send the token of GET /v1/act");
	scene_expect(post(&s, OPS TYPE "X-Sluice-Token: no\r\n", form), "token is not right");
	scene_expect(post(&s, OPS TYPE "X-Sluice-Token: \r\n", form), "token is not right");
	token[20] ^= 1;
	snprintf(fields, sizeof(fields), OPS TYPE "%s", token);
	scene_expect(post(&s, fields, form), "token is not right");
	scene_close(&s);
}

static void who_may_not_is_told_what_to_write(void **state)
{
	static const struct {
		bool writable, users;
		const char *why;
	} cases[] = {
		{ false, false, "write users and writable = true in the group admin" },
		{ false, true, "write writable = true in the group admin" },
		{ true, false, "nobody could tell who it was: write users in the group admin" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct settings_admin settings = { .writable = cases[i].writable,
			                                 .users = users,
			                                 .user_count = cases[i].users };
		struct scene s;

		scene_open(&s, &settings);
		scene_expect(scene_ask(&s, "GET", "/v1/act", OPS, NULL), "200 OK");
		scene_expect(text_str(&s.answer), "{\"writable\": false, \"why\": \"");
		scene_expect(text_str(&s.answer), cases[i].why);
		scene_expect(text_str(&s.answer),
		             cases[i].users ? "\"user\": \"ops\"" : "\"user\": null");
		assert_null(strstr(text_str(&s.answer), "token"));
		scene_expect(post(&s, OPS TYPE, "action=maint&server=be/x"), "403 Forbidden");
		scene_expect(text_str(&s.answer), cases[i].why);
		assert_string_equal(text_str(&s.orders), "");
		scene_close(&s);
	}
}

/* One request with that Host; `rest`: further fields, the empty line, a form. */
static const char *ask_as(struct scene *s, const char *method, const char *host, const char *rest)
{
	AUTO_TEXT request = { 0 };
	int fd = scene_join(s);

	text_addf(&request, "%s /v1/act HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s", method,
	          host, rest);
	text_clear(&s->answer);
	scene_send(s, fd, request.data, request.len);
	scene_read(s, fd, NULL);
	sock_close(fd);
	return text_str(&s->answer);
}

static void where_loopback_is_trusted_only_its_own_names_count(void **state)
{
	static const struct {
		const char *host;
		bool fine;
	} cases[] = {
		{ "127.0.0.1:8404", true },
		{ "127.0.0.1", true },
		{ "[::1]:8404", true },
		{ "localhost:8404", true },
		{ "LocalHost", true },
		{ "rebound.example", false },
		{ "proxy:8404", false },
		{ "localhost.x", false },
		{ "", false },
		{ ":8404", false },
		{ "*", false },
		{ "127.0.0.1.x:1", false },
		{ "127.0.0.1:x", false },
		{ "localhost:1:2", false },
	};
	const struct settings_admin settings = { 0 };
	struct scene s;

	(void)state;
	scene_open(&s, &settings);
	s.daemon.trusted = true;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char rest[512];
		const char *token;

		scene_expect(ask_as(&s, "GET", "localhost", "\r\n"), "\"user\": null");
		token = strstr(text_str(&s.answer), "\"token\": \"") + strlen("\"token\": \"");
		snprintf(rest, sizeof(rest),
		         TYPE "X-Sluice-Token: %.32s\r\nContent-Length: 24\r\n\r\n"
		              "action=maint&server=be/x",
		         token);
		scene_expect(ask_as(&s, "GET", cases[i].host, "\r\n"),
		             cases[i].fine ? "\"token\": " : "open this page by its address");
		text_clear(&s.orders);
		scene_expect(ask_as(&s, "POST", cases[i].host, rest),
		             cases[i].fine ? "200 OK" : "403 Forbidden");
		assert_string_equal(text_str(&s.orders),
		                    cases[i].fine ? "somebody at 127.0.0.1: order be/x 2;" : "");
	}
	scene_close(&s);
}

static void other_methods_and_long_forms_are_refused(void **state)
{
	struct scene s;
	AUTO_TEXT large = { 0 };
	char fields[FIELDS];

	(void)state;
	open_to_ops(&s, fields);
	scene_expect(scene_ask(&s, "PUT", "/v1/act", fields, "action=maint&server=be/x"),
	             "405 Method Not Allowed");
	scene_expect(text_str(&s.answer), "Allow: GET, HEAD, POST\r\n");
	scene_expect(scene_ask(&s, "HEAD", "/v1/act", OPS, NULL), "200 OK");
	assert_null(strstr(text_str(&s.answer), "token"));
	text_add(&large, "action=maint&server=be/x");
	while (large.len < 17000) {
		text_add(&large, "&x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
		if (large.len > 4096 && large.len < 4130)
			scene_expect(post(&s, fields, text_str(&large)), "the form is too long");
	}
	scene_expect(post(&s, fields, text_str(&large)), "400 Bad request");
	scene_expect(text_str(&s.answer), "{\"error\": \"the form is too long");
	scene_expect(post(&s, TYPE, text_str(&large)), "401 Unauthorized");
	assert_string_equal(text_str(&s.orders), "");
	scene_close(&s);
}

static void haproxys_sections_have_no_such_path(void **state)
{
	struct settings_admin settings = open_to_users;
	struct scene s;

	(void)state;
	settings.stats_only = true;
	scene_open(&s, &settings);
	scene_expect(scene_ask(&s, "GET", "/v1/act", OPS, NULL), "503 Service Unavailable");
	scene_expect(post(&s, OPS TYPE, "action=maint&server=be/x"), "503 Service Unavailable");
	scene_close(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_become_commands_and_the_journal_has_who),
		cmocka_unit_test(after_a_hand_over_nothing_is_done),
		cmocka_unit_test(a_form_that_is_wrong_is_told_what_and_the_cure),
		cmocka_unit_test(only_the_page_of_this_address_may_act),
		cmocka_unit_test(who_may_not_is_told_what_to_write),
		cmocka_unit_test(where_loopback_is_trusted_only_its_own_names_count),
		cmocka_unit_test(other_methods_and_long_forms_are_refused),
		cmocka_unit_test(haproxys_sections_have_no_such_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

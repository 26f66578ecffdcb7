/* SPDX-License-Identifier: MIT */
/* What HAProxy 2.6.12 sends, and what it makes of the same answers (measured). */
#include "core/probe.h"

#include "answers.h"

#define EMPTY(n) "TCPCHK got an empty response at step " #n

#define GREETING                                                                                   \
	"\x1b\0\0\0\x0a"                                                                           \
	"8.0.1\0xxxxxxxxxxxxxxxxxxxx"
#define REFUSAL "\x13\0\0\0\xff\x15\x04#28000No entry!!"

static void mysql_reads_the_greeting(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER(GREETING), OPEN, PROBE_L7OK, 0, "" },
		{ ANSWER("\x0b\0\0\0\xff\x15\x04No entry"), OPEN, PROBE_L7STS, 1045, "No entry" },
		{ ANSWER("\x01\0\0\0\xff"), OPEN, PROBE_L7STS, 0, "" },
		{ ANSWER("\0\0\0\0"), OPEN, PROBE_L7OK, 0, "" },
		{ ANSWER("\x1b\0\0\0\x0a"
		         "8.0"),
		  OPEN, WAIT, 0, "" },
		{ ANSWER("\x1b\0\0\0\x0a"
		         "8.0"),
		  CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER("\x1b\0"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, EMPTY(2) },
		{ ANSWER(""), OPEN, WAIT, 0, "" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_MYSQL);

	(void)unused;
	answers_expect_request(&check, "", 0);
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

static void mysql_with_a_user_logs_in(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER(GREETING "\x07\0\0\2\0\0\0\2\0\0\0"), OPEN, PROBE_L7OK, 0, "" },
		{ ANSWER(GREETING REFUSAL), OPEN, PROBE_L7STS, 1045, "#28000No entry!!" },
		{ ANSWER(REFUSAL), OPEN, PROBE_L7STS, 1045, "#28000No entry!!" },
		{ ANSWER(GREETING), OPEN, WAIT, 0, "" },
		{ ANSWER(GREETING), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, EMPTY(3) },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_MYSQL);

	(void)unused;
	check.user = "bob";
	answers_expect_request(&check, ANSWER("\x25\0\0\1\0\x82\0\0\0\x80\0\1\x21"
	                                      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	                                      "bob\0\0\1\0\0\0\1"));
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

static void redis_answers_a_ping(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("+PONG\r\n"), OPEN, PROBE_L7OK, 0, "Redis server is ok" },
		{ ANSWER("-NOAUTH Authentication required.\r\n"), OPEN, WAIT, 0, "" },
		{ ANSWER("-NO\r\nx"), CLOSED, PROBE_L7STS, 0, "-NO" },
		{ ANSWER(""), CLOSED, PROBE_L7STS, 0, EMPTY(2) },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_REDIS);

	(void)unused;
	answers_expect_request(&check, ANSWER("*1\r\n$4\r\nPING\r\n"));
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

#define NO_LDAP "Not LDAPv3 protocol"
#define SEE_RFC "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"

static void ldap_takes_an_anonymous_bind(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("\x30\x0c\2\1\1\x61\x07\x0a\1\0\4\0\4\0"), OPEN, PROBE_L7OK, 0, "" },
		{ ANSWER("\x30\x0c\2\1\1\x61\x07\x0a\1\x35\4\0\4\0"), OPEN, PROBE_L7STS, 53,
		  SEE_RFC },
		{ ANSWER("\x30\x84\0\0\0\x10\2\1\1\x61\x84\0\0\0\x07\x0a\1\0\4\0\4\0"), OPEN,
		  PROBE_L7OK, 0, "" },
		{ ANSWER("\x30\x82\0\x0c\2\1\1\x61\x07\x0a\1\0\4\0\4\0"), OPEN, PROBE_L7OK, 0, "" },
		{ ANSWER("\x30\x81\x0c\2\1\1\x61\x07\x0a\1\0\4\0\4\0"), OPEN, PROBE_L7RSP, 0,
		  NO_LDAP },
		{ ANSWER("\x30\x0c\2\1\2\x61\x07\x0a\1\0\4\0\4\0"), OPEN, PROBE_L7RSP, 0, NO_LDAP },
		{ ANSWER("\x30\x0c\2\1\1\x61\x07\x0b\1\0\4\0\4\0"), OPEN, PROBE_L7RSP, 0, NO_LDAP },
		{ ANSWER("\x30\x7c\2\1\1\x61\x07\x0a\1\0\4\0\4\0"), OPEN, WAIT, 0, "" },
		{ ANSWER("\x30\x0c\2\1\1"), OPEN, WAIT, 0, "" },
		{ ANSWER("\x30\x0c\2\1\1"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER("\x30\x00"), CLOSED, PROBE_L7RSP, 0, NO_LDAP },
		{ ANSWER("\x30"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, EMPTY(2) },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_LDAP);
	struct answer garbage = { ANSWER("HTTP/1.0 400 Bad Request\r\n"), CLOSED, PROBE_L7RSP, 0,
		                  NO_LDAP };

	(void)unused;
	answers_expect_request(&check, ANSWER("\x30\x0c\2\1\1\x60\7\2\1\3\4\0\x80\0"));
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
	answers_expect_all(&check, &garbage, 1);
}

static void smtp_says_hello_and_goodbye(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("554 go away\r\n"), OPEN, PROBE_L7STS, 554, "go away" },
		{ ANSWER("554 go away"), CLOSED, PROBE_L7STS, 554, "go away" },
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, EMPTY(2) },
		{ ANSWER("22"), OPEN, WAIT, 0, "" },
	};
	static const struct {
		const char *greeting, *hello, *farewell;
		enum probe_code code;
		unsigned int status;
		const char *info, *sent;
	} talks[] = {
		{ "220 hi\r\n", "250 there\r\n", "221 bye  bye\r\n", PROBE_L7OK, 221, "bye  bye",
		  "HELO localhost\r\nQUIT\r\n" },
		{ "220 hi\r\n", "250-me\r\n250-X\r\n250 OK\r\n", "221   bye\r\n", PROBE_L7OK, 221,
		  "bye", "HELO localhost\r\nQUIT\r\n" },
		{ "hello you\r\n", NULL, NULL, PROBE_L7RSP, 0, "hello you", "" },
		{ "220-hi\r\n220 x\r\n", NULL, NULL, PROBE_L7RSP, 0, "220-hi", "" },
		{ "220 hi\r\n", "502 no helo\r\n", NULL, PROBE_L7STS, 502, "no helo",
		  "HELO localhost\r\n" },
		{ "220 hi\r\n", NULL, NULL, PROBE_L7STS, 0, EMPTY(5), "HELO localhost\r\n" },
		{ "220 hi\r\n", "250 h\r\n", "500 what\r\n", PROBE_L7STS, 500, "what",
		  "HELO localhost\r\nQUIT\r\n" },
		{ "220 hi\r\n", "250 h\r\n", NULL, PROBE_L7STS, 0, EMPTY(7),
		  "HELO localhost\r\nQUIT\r\n" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_SMTP);
	struct probe_plan *plan = answers_plan(&check);

	(void)unused;
	answers_expect_request(&check, "", 0);
	for (size_t i = 0; i < 2; i++)
		answers_expect_verdict(&check, &answers[i], answers[i].len, 1);
	answers_expect_all(&check, answers + 2, 2);
	for (size_t i = 0; i < ARRAY_LEN(talks); i++) {
		const char *const said[] = { talks[i].greeting, talks[i].hello, talks[i].farewell };
		AUTO_TEXT sent = { 0 };
		struct probe p;
		enum probe_act act = answers_begin(&p, plan, &sent);

		for (size_t k = 0; k < ARRAY_LEN(said) && said[k]; k++)
			act = answers_serve(&p, probe_feed(&p, said[k], strlen(said[k])), &sent);
		while (act == PROBE_RECEIVE)
			act = answers_serve(&p, probe_eof(&p), &sent);
		assert_string_equal(probe_verdict(&p)->info, talks[i].info);
		assert_int_equal(probe_verdict(&p)->code, talks[i].code);
		assert_int_equal(probe_verdict(&p)->status, talks[i].status);
		assert_string_equal(text_str(&sent), talks[i].sent);
		probe_release(&p);
	}
	probe_plan_free(plan);
}

static void ssl_hello_takes_a_handshake_or_an_alert(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("\x16\3\0\0\2\2\x28"), OPEN, PROBE_L6OK, 0, "" },
		{ ANSWER("\x15\3\0\0\2\2\x28"), OPEN, PROBE_L6OK, 0, "" },
		{ ANSWER("\x15\3\0\0"), OPEN, WAIT, 0, "" },
		{ ANSWER("\x15"), CLOSED, PROBE_L6OK, 0, "" },
		{ ANSWER("HTTP/1.0 400 Bad\r\n"), OPEN, PROBE_L6RSP, 0, "" },
		{ ANSWER(""), CLOSED, PROBE_L6RSP, 0, EMPTY(2) },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_SSL_HELLO);
	struct probe_plan *plan = answers_plan(&check);
	AUTO_TEXT sent = { 0 };
	struct probe p;

	(void)unused;
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
	answers_begin(&p, plan, &sent);
	assert_int_equal(sent.len, 5 + 0x79);
	assert_memory_equal(sent.data,
	                    "\x16\3\0\0\x79\1\0\0\x75\3\0\1\2\3\4HAPROXYSSLCHK\nHAPROXYSSLCHK\n"
	                    "\0\0\x4e\0\1\0\2",
	                    5 + 4 + 2 + 4 + 28 + 3 + 4);
	assert_memory_equal(sent.data + sent.len - 10, "\0\x37\0\x38\0\x39\0\x3a\1\0", 10);
	assert_int_equal(probe_expired(&p, PROBE_ESTABLISHED), PROBE_DONE);
	assert_int_equal(probe_verdict(&p)->code, PROBE_L6TOUT);
	probe_release(&p);
	probe_plan_free(plan);
}

static void an_agent_says_a_line(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("up\n"), OPEN, PROBE_L7OK, 0, "via agent : up" },
		{ ANSWER("up 50%\r\nrest"), OPEN, PROBE_L7OK, 0, "via agent : up" },
		{ ANSWER("down # because\n"), OPEN, PROBE_L7STS, 0, "via agent : down (because)" },
		{ ANSWER("drain\n"), OPEN, PROBE_CHECKED, 0, "" },
		{ ANSWER("hello\n"), OPEN, PROBE_CHECKED, 0, "agent reports an error : hello" },
		{ ANSWER("\n"), OPEN, PROBE_CHECKED, 0, "" },
		{ ANSWER("up"), OPEN, WAIT, 0, "" },
		{ ANSWER("up"), CLOSED, PROBE_L7TOUT, 0, "Ignoring incomplete line from agent" },
		{ ANSWER("up\0\n"), CLOSED, PROBE_L7TOUT, 0,
		  "Ignoring incomplete line from agent" },
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, EMPTY(2) },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_AGENT);
	struct answer a = { ANSWER("drain 50%,maxconn:3\r\n"), OPEN, 0, 0, "" };
	struct probe_result r;
	char longer[400];

	(void)unused;
	answers_expect_request(&check, "", 0);
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
	check.agent_send = "hello\n";
	answers_expect_request(&check, ANSWER("hello\n"));
	answers_feed(&check, &a, 100, 1, &r);
	assert_string_equal(r.agent, "drain 50%,maxconn:3");
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "ready 10% ", 10);
	longer[sizeof(longer) - 1] = '\n';
	a = (struct answer){ longer, sizeof(longer), OPEN, 0, 0, "" };
	answers_feed(&check, &a, 1000, 1, &r);
	assert_string_equal(r.agent, "ready 10%");
}

static void what_an_agent_is_sent_can_change(void **unused)
{
	struct settings_check check = settings_check_default(SETTINGS_CHECK_AGENT);
	struct probe_plan *plan;
	struct probe p;

	(void)unused;
	check.agent_send = "old\n";
	plan = answers_plan(&check);
	probe_begin(&p, plan, &(struct probe_given){ .agent_send = "new\n" });
	assert_int_equal(probe_connected(&p), PROBE_SEND);
	assert_string_equal(text_str(probe_output(&p)), "new\n");
	probe_release(&p);
	probe_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mysql_reads_the_greeting),
		cmocka_unit_test(mysql_with_a_user_logs_in),
		cmocka_unit_test(redis_answers_a_ping),
		cmocka_unit_test(ldap_takes_an_anonymous_bind),
		cmocka_unit_test(smtp_says_hello_and_goodbye),
		cmocka_unit_test(ssl_hello_takes_a_handshake_or_an_alert),
		cmocka_unit_test(an_agent_says_a_line),
		cmocka_unit_test(what_an_agent_is_sent_can_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

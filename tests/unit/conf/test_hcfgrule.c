/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_first_check(struct text *t, const struct settings *s)
{
	show_check(t, &s->targets[0].check);
}

static const struct show_case rules_of_tcp_checks_are_steps_cases[] = {
	{ "\n", "", " tcp" },
	{ "tcp-check connect\n", "", " tcp" },
	{ "tcp-check connect port 9 addr 10.0.0.3 send-proxy alpn h2\n", "",
	  " tcp port=9 addr=10.0.0.3 alpn=h2 proxy=1" },
	{ "tcp-check connect addr 10.0.0.3:9\n", "", " tcp port=9 addr=10.0.0.3" },
	{ "tcp-check connect addr 10.0.0.3:9 port 10\n", "", " tcp port=10 addr=10.0.0.3" },
	{ "tcp-check connect port 10 addr 10.0.0.3:9 linger\n", "",
	  " tcp; connect port=10 addr=10.0.0.3 linger" },
	{ "tcp-check connect addr [fd00::3]:9 linger\n", "",
	  " tcp; connect port=9 addr=fd00::3 linger" },
	{ "tcp-check connect addr unix@/x\n",
	  "h.cfg:5: not carried over: \"tcp-check connect\": \"unix@/x\": checks go to a"
	  " host\n",
	  " tcp" },
	{ "tcp-check connect addr 10.0.0.3:1-2\n",
	  "h.cfg:5: \"tcp-check connect\": \"10.0.0.3:1-2\": write a single port\n", NULL },
	{ "tcp-check connect addr db:9\n", "", " tcp port=9 addr=db" },
	{ "tcp-check connect addr db:9 linger\ntcp-check send x\n", "",
	  " tcp addr=db; connect port=9 linger; send bytes=x" },
	{ "tcp-check connect addr db:9\ntcp-check connect addr db:10\n", "",
	  " tcp addr=db; connect port=9; connect port=10" },
	{ "tcp-check connect port 9\ntcp-check connect addr db:10\n",
	  "h.cfg:6: not carried over: \"addr db\": a name, where other rules connect elsewhere;"
	  " sluice connects to the check's address: write a numeric one\n",
	  " tcp; connect port=9; connect port=10" },
	{ "tcp-check connect addr db\ntcp-check connect addr 10.0.0.3\n",
	  "h.cfg:5: not carried over: \"addr db\": a name, where other rules connect elsewhere;"
	  " sluice connects to the check's address: write a numeric one\n",
	  " tcp; connect; connect addr=10.0.0.3" },
	{ "tcp-check connect default\n", "", " tcp" },
	{ "tcp-check connect linger\n", "", " tcp; connect linger" },
	{ "tcp-check connect port 9\ntcp-check connect port 10\n", "",
	  " tcp; connect port=9; connect port=10" },
	{ "tcp-check send PING\\r\\n\ntcp-check expect string +PONG\n", "",
	  " tcp; send bytes=PING\\0d\\0a; expect string bytes=+PONG" },
	{ "tcp-check send-binary 50494E47 comment hello\ntcp-check expect binary 2b\n", "",
	  " tcp; send bytes=PING comment=hello; expect binary bytes=+" },
	{ "tcp-check send-lf 100%%\ntcp-check send-lf %[src]\n",
	  "h.cfg:6: not carried over: \"tcp-check send-lf\": samples in what is sent:"
	  " sluice sends fixed bytes; the connection alone is checked\n",
	  " tcp" },
	{ "tcp-check send-binary-lf 50\n", "", " tcp; send bytes=P" },
	{ "tcp-check comment x\ntcp-check send x\n", "", " tcp; send bytes=x" },
	{ "tcp-check send x\ntcp-check connect\n",
	  "h.cfg:6: \"tcp-check connect\": where there is a connect, the first step must"
	  " be one, too\n",
	  NULL },
	{ "tcp-check connect port var(x)\n",
	  "h.cfg:5: not carried over: \"tcp-check connect\": port var(x): a check has a"
	  " fixed port\n",
	  " tcp" },
	{ "tcp-check set-var(check.x) int(1)\n",
	  "h.cfg:5: not carried over: \"tcp-check set-var\": a variable for checks, which"
	  " sluice does not have\n",
	  " tcp" },
	{ "tcp-check send x y\n", "h.cfg:5: \"tcp-check send\": unexpected \"y\"\n", NULL },
	{ "tcp-check send-binary 5\n",
	  "h.cfg:5: \"tcp-check send-binary\": \"5\": an even number of digits is"
	  " expected\n",
	  NULL },
};

static void rules_of_tcp_checks_are_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules_of_tcp_checks_are_steps_cases); i++)
		expect_shown(&rules_of_tcp_checks_are_steps_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5 check\noption tcp-check\n",
		             show_first_check);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_tcp_checks_are_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

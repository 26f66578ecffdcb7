/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_all_logs(struct text *t, const struct settings *s)
{
	show_logs(t, false, s->logs, s->log_count);
	text_addc(t, '\n');
	for (size_t i = 0; i < s->service_count; i++)
		show_service(t, &s->services[i]);
}

static const struct show_case log_lines_have_targets_and_forms_cases[] = {
	{ "/dev/log local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n", "",
	  " {syslog:local0@/dev/log facility=16 level=6 sessions}\na id=1 [:1 id=1]" },
	{ "10.0.0.1 local0 info err\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n", "",
	  " {udp://local0@10.0.0.1:514 facility=16 level=6 min=3 sessions}\na id=1 [:1"
	  " id=1]" },
	{ "10.0.0.1:99 len 200 format rfc3164 local3 debug\nlisten a\nlog global\nbind"
	  " :1\nserver s 10.0.0.1:5\n",
	  "",
	  " {udp://local3@10.0.0.1:99 facility=19 framing=2 level=6 len=200 sessions "
	  "hostname=localhost}\na"
	  " id=1 [:1 id=1]" },
	{ "[fd00::1]:9 local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n", "",
	  " {udp://local0@[fd00::1]:9 facility=16 level=6 sessions}\na id=1 [:1 id=1]" },
	{ "stdout local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n", "",
	  " {stdout facility=16 framing=1 level=6 sessions}\na id=1 [:1 id=1]" },
	{ "stderr format raw daemon notice\nlisten a\nlog global\nbind :1\nserver s"
	  " 10.0.0.1:5\n",
	  "", " {stderr facility=3 framing=8 level=5}\na id=1 [:1 id=1]" },
	{ "fd@1 local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n", "",
	  " {stdout facility=16 framing=1 level=6 sessions}\na id=1 [:1 id=1]" },
	{ "fd@7 format short local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n", "",
	  " {fd:7 fd=7 facility=16 framing=5 level=6 sessions}\na id=1 [:1 id=1]" },
	{ "stdout sample 1,3-4:10 local0\nlisten a\nlog global\nbind :1\nserver s"
	  " 10.0.0.1:5\n",
	  "",
	  " {stdout facility=16 framing=1 level=6 sessions sample=1-1 sample=3-4 of=10}\na"
	  " id=1 [:1 id=1]" },
	{ "stdout sample 1:0 local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": \"0\" is not a number from 1 to 1000\n", NULL },
	{ "stdout sample 11:10 local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": sample 11:10: \"11\" is not a number up to 10\n", NULL },
	{ "stdout sample 1 local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": sample 1: write RANGES:SIZE\n", NULL },
	{ "ring@x local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: not carried over: \"log\": \"ring@x\": lines can go to stdout, stderr,"
	  " a syslog socket, UDP or a file\n",
	  "\na id=1 [:1 id=1]" },
	{ "host local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: not carried over: \"log\": \"host\" is a name: log targets have"
	  " numeric addresses; write it and import again\n",
	  "\na id=1 [:1 id=1]" },
	{ "stdout format odd local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": unknown format \"odd\"\n", NULL },
	{ "stdout len 10 local0\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": \"10\" is not a number from 80 to 65535\n", NULL },
	{ "stdout odd\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": unknown facility \"odd\"\n", NULL },
	{ "stdout local0 loud\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": unknown level \"loud\"\n", NULL },
	{ "stdout local0 info loud\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": unknown level \"loud\"\n", NULL },
	{ "stdout local0 info err x\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": unexpected \"x\"\n", NULL },
	{ "stdout\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "h.cfg:2: \"log\": a facility is missing: local0, daemon, ...\n", NULL },
};

static void log_lines_have_targets_and_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(log_lines_have_targets_and_forms_cases); i++)
		expect_shown(&log_lines_have_targets_and_forms_cases[i], "global\nlog ",
		             show_all_logs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_lines_have_targets_and_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

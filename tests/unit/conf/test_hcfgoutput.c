/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_all_logs(struct text *t, const struct settings *s)
{
	show_logs(t, false, s->logs, s->log_count);
	text_addc(t, '\n');
	for (size_t i = 0; i < s->service_count; i++)
		show_service(t, &s->services[i]);
}

static const struct show_case each_section_logs_where_it_says_cases[] = {
	{ "listen a\nbind :1\nserver s 10.0.0.1:5\n", "", "\na id=1 [:1 id=1]" },
	{ "global\nlog /dev/log local0\nlisten a\nbind :1\nserver s 10.0.0.1:5\n", "",
	  " {syslog:local0@/dev/log facility=16 level=6 sessions}\na id=1 [:1 id=1]"
	  " own_logs" },
	{ "global\nlog /dev/log local0\nlisten a\nlog global\nbind :1\nserver s"
	  " 10.0.0.1:5\n",
	  "", " {syslog:local0@/dev/log facility=16 level=6 sessions}\na id=1 [:1 id=1]" },
	{ "global\nlog /dev/log local0\nlisten a\nlog global\nlog 10.0.0.1 local1"
	  " notice\nbind :1\nserver s 10.0.0.1:5\n",
	  "",
	  " {syslog:local0@/dev/log facility=16 level=6 sessions}\na id=1 [:1 id=1]"
	  " own_logs {syslog:local0@/dev/log facility=16 level=6 sessions}"
	  " {udp://local1@10.0.0.1:514 facility=17 level=5}" },
	{ "global\nlog /dev/log local0\nlisten a\nlog global\nlog-tag x\nbind :1\nserver s"
	  " 10.0.0.1:5\n",
	  "",
	  " {syslog:local0@/dev/log facility=16 level=6 sessions}\na id=1 [:1 id=1]"
	  " own_logs {syslog:local0@/dev/log facility=16 level=6 sessions tag=x}" },
	{ "global\nlog /dev/log local0\ndefaults\nlog global\nfrontend f\nbind"
	  " :1\ndefault_backend b\nbackend b\nno log\nserver s 10.0.0.1:5\n",
	  "",
	  " {syslog:local0@/dev/log facility=16 level=6 sessions}\nb id=2 own_logs <f id=1"
	  " [:1 id=1]>" },
	{ "global\nlog-send-hostname h\nlog-tag t\nlog 10.0.0.1 local2\nlog 10.0.0.1"
	  " format rfc5424 local2\nlisten a\nlog global\nbind :1\nserver s 10.0.0.1:5\n",
	  "",
	  " {udp://local2@10.0.0.1:514 facility=18 framing=2 level=6 sessions tag=t"
	  " hostname=h} {udp://local2@10.0.0.1:514 facility=18 framing=3 level=6 sessions"
	  " tag=t hostname=h}\na id=1 [:1 id=1]" },
};

static void each_section_logs_where_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(each_section_logs_where_it_says_cases); i++)
		expect_shown(&each_section_logs_where_it_says_cases[i], "", show_all_logs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_section_logs_where_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_first_check(struct text *t, const struct settings *s)
{
	show_check(t, &s->targets[0].check);
}

static const struct show_case options_name_the_type_of_check_cases[] = {
	{ "option pgsql-check user u\n", "", " pgsql user=u" },
	{ "option mysql-check\n", "", " mysql" },
	{ "option mysql-check user u\n", "", " mysql user=u" },
	{ "option mysql-check user u post-41\n", "", " mysql user=u" },
	{ "option mysql-check user u pre-41\n",
	  "h.cfg:6: not carried over: \"option mysql-check\": pre-41: the login of MySQL"
	  " before 4.1; sluice sends that of 4.1\n",
	  " mysql user=u" },
	{ "option redis-check\n", "", " redis" },
	{ "option ldap-check\n", "", " ldap" },
	{ "option smtpchk\n", "", " smtp hello=HELO localhost" },
	{ "option smtpchk EHLO x.org\n", "", " smtp hello=EHLO x.org" },
	{ "option smtpchk X y\n",
	  "h.cfg:6: note: \"option smtpchk\": without HELO or EHLO and a domain it is"
	  " \"HELO localhost\"\n",
	  " smtp hello=HELO localhost" },
	{ "option ssl-hello-chk\n",
	  "h.cfg:6: note: \"option ssl-hello-chk\": servers of today refuse the SSLv3"
	  " hello that it sends; write check-ssl on the server lines instead\n",
	  " ssl-hello" },
	{ "option spop-check\n",
	  "h.cfg:6: not carried over: \"option spop-check\": the connection alone is"
	  " checked\n",
	  " tcp" },
	{ "option external-check\nexternal-check command /bin/true\nexternal-check path"
	  " /bin:/usr/bin\n",
	  "", " external command=/bin/true search=/bin:/usr/bin" },
	{ "option external-check\n",
	  "h.cfg:6: \"option external-check\" needs \"external-check command\"\n", NULL },
	{ "option redis-check\noption tcp-check\n", "", " tcp" },
	{ "timeout check 3s\noption redis-check\n", "", " redis timeout=3000" },
	{ "option mysql-check user\n",
	  "h.cfg:6: \"option mysql-check\": write: option mysql-check user NAME\n", NULL },
};

static void options_name_the_type_of_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(options_name_the_type_of_check_cases); i++)
		expect_shown(
		    &options_name_the_type_of_check_cases[i],
		    "global\nexternal-check\nlisten a\nbind :1\nserver s 10.0.0.1:5 check\n",
		    show_first_check);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_name_the_type_of_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_first_check(struct text *t, const struct settings *s)
{
	show_check(t, &s->targets[0].check);
}

static const struct show_case expectations_are_steps_cases[] = {
	{ "string x\n", "", " tcp; expect string bytes=x" },
	{ "! string x\n", "", " tcp; expect !string bytes=x" },
	{ "rstring ^a.*b$\n", "", " tcp; expect regex bytes=^a.*b$" },
	{ "rstring \\\\d\n",
	  "h.cfg:5: not carried over: \"tcp-check expect\": \"\\d\": sluice has POSIX"
	  " expressions, without \\d\nh.cfg:5: not carried over: \"tcp-check expect\":"
	  " rstring of this form: the connection alone is checked\n",
	  " tcp" },
	{ "rstring (a{999}){999}\n",
	  "h.cfg:5: not carried over: \"tcp-check expect\": \"(a{999}){999}\": the"
	  " expression is too large\nh.cfg:5: not carried over: \"tcp-check expect\":"
	  " rstring of this form: the connection alone is checked\n",
	  " tcp" },
	{ "rbinary ^2B\n", "", " tcp; expect binregex bytes=^2B" },
	{ "binary 00ff\n", "", " tcp; expect binary bytes=\\00\\ff" },
	{ "binary-lf 00\n", "", " tcp; expect binary bytes=\\00" },
	{ "string-lf x\n", "", " tcp; expect string bytes=x" },
	{ "string-lf %[src]\n",
	  "h.cfg:5: not carried over: \"tcp-check expect\": string-lf of this form: the"
	  " connection alone is checked\n",
	  " tcp" },
	{ "min-recv 5 comment c ok-status L7OKC error-status L4CON tout-status L6TOUT"
	  " on-success s on-error e string x\n",
	  "",
	  " tcp; expect string bytes=x min_recv=5 ok=L7OKC error=L4CON timeout=L6TOUT"
	  " on_success=s on_error=e comment=c" },
	{ "on-error %[src] string x\n",
	  "h.cfg:5: not carried over: \"tcp-check expect\": on-error with samples: the"
	  " usual words are shown\n",
	  " tcp; expect string bytes=x" },
	{ "status-code int(1) string x\n",
	  "h.cfg:5: not carried over: \"tcp-check expect\": status-code: the code that is"
	  " shown is that of the answer\n",
	  " tcp; expect string bytes=x" },
	{ "ok-status L7RSP string x\n",
	  "h.cfg:5: \"tcp-check expect\": ok-status L7RSP: write one of L7OK, L7OKC, L6OK\n",
	  NULL },
	{ "status 200\n", "h.cfg:5: \"tcp-check expect\": unknown pattern \"status\"\n", NULL },
	{ "string\n",
	  "h.cfg:5: \"tcp-check expect\": write what to expect: string TEXT or binary HEX\n",
	  NULL },
	{ "string x y\n", "h.cfg:5: \"tcp-check expect\": unexpected \"y\" after the pattern\n",
	  NULL },
};

static void expectations_are_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expectations_are_steps_cases); i++)
		expect_shown(
		    &expectations_are_steps_cases[i],
		    "listen a\nbind :1\nserver s 10.0.0.1:5 check\noption tcp-check\ntcp-check"
		    " expect ",
		    show_first_check);
}

static const struct show_case expectations_of_http_checks_are_keys_or_steps_cases[] = {
	{ "status 200,300-399\n", "", " http GET /x 1.1 statuses=200-200 statuses=300-399" },
	{ "! status 500-599\n", "", " http GET /x 1.1 statuses=100-499" },
	{ "status 99\n", "",
	  " http; send method=GET path=/x version=1.1; expect status statuses=99-99" },
	{ "string x\n", "", " http GET /x 1.1 statuses=100-599 string=x" },
	{ "rstring ^x\n", "", " http GET /x 1.1 statuses=100-599 regex=^x" },
	{ "! string x\n", "",
	  " http; send method=GET path=/x version=1.1; expect !string bytes=x" },
	{ "! rstring x\n", "",
	  " http; send method=GET path=/x version=1.1; expect !regex bytes=x" },
	{ "rstatus ^2\n", "",
	  " http; send method=GET path=/x version=1.1; expect rstatus bytes=^2" },
	{ "hdr name x\n", "", " http; send method=GET path=/x version=1.1; expect header name=x" },
	{ "hdr name -m str x value -m str y\n", "",
	  " http; send method=GET path=/x version=1.1; expect header name=x bytes=y" },
	{ "hdr name -m beg x\n",
	  "h.cfg:5: not carried over: \"http-check expect\": hdr of this form: an answer"
	  " of status 200 to 399 is good\n",
	  " http GET /x 1.1 statuses=200-399" },
	{ "fhdr name x value y\n", "",
	  " http; send method=GET path=/x version=1.1; expect header name=x bytes=y" },
	{ "comment c status 200\n", "",
	  " http; send method=GET path=/x version=1.1; expect status statuses=200-200"
	  " comment=c" },
	{ "status 200\nhttp-check expect string x\n", "",
	  " http GET /x 1.1 statuses=200-200 string=x" },
	{ "string x\nhttp-check expect status 200\n", "",
	  " http; send method=GET path=/x version=1.1; expect string bytes=x; expect"
	  " status statuses=200-200" },
	{ "binary 00\n", "h.cfg:5: \"http-check expect\": unknown pattern \"binary\"\n", NULL },
	{ "status x\n",
	  "h.cfg:5: \"http-check expect\": \"x\" is not a status or a range of them\n", NULL },
};

static void expectations_of_http_checks_are_keys_or_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expectations_of_http_checks_are_keys_or_steps_cases); i++)
		expect_shown(&expectations_of_http_checks_are_keys_or_steps_cases[i],
		             "listen a\nbind :1\nserver s 10.0.0.1:5 check verify none\noption "
		             "httpchk GET /x"
		             " HTTP/1.1\nhttp-check expect ",
		             show_first_check);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expectations_are_steps),
		cmocka_unit_test(expectations_of_http_checks_are_keys_or_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

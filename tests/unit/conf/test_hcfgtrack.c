/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_structure(struct text *t, const struct settings *s)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *v = &s->services[i];

		text_addf(t, "%s%s %u:", i ? "; " : "", v->name, v->id);
		for (size_t k = 0; k < v->frontend_count; k++)
			text_addf(t, " <%s %u>", v->frontends[k].name, v->frontends[k].id);
		for (size_t k = 0; k < v->server_count; k++) {
			text_addf(t, " %s=%u", v->servers[k].name, v->servers[k].id);
			show_text(t, "track", v->servers[k].track);
			if (v->servers[k].agent)
				show_check(t, &s->targets[v->servers[k].agent - 1].check);
		}
	}
}

static const struct show_case servers_that_track_name_whose_health_they_have_cases[] = {
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 check\nserver t 10.0.0.1:6 track s\n", "",
	  "a 1: s=1 t=2 track=a/s" },
	{ "backend b\nserver s 10.0.0.1:5 check\nlisten a\nbind :1\nserver t 10.0.0.1:6"
	  " track b/s\n",
	  "", "b 1: s=1; a 2: t=1 track=b/s" },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5\nserver t 10.0.0.1:6 track s\n",
	  "h.cfg:4: \"track s\": \"server s\" is not checked\n", NULL },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 track t\nserver t 10.0.0.1:6 track s\n",
	  "h.cfg:3: \"track t\": it ends in a circle\nh.cfg:4: \"track s\": it ends in a"
	  " circle\n",
	  NULL },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 track s\n",
	  "h.cfg:3: \"track s\": it ends in a circle\n", NULL },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 track x\n",
	  "h.cfg:3: \"track x\": there is no such server\n", NULL },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 track x/y\n",
	  "h.cfg:3: \"track x/y\": there is no such backend\n", NULL },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 check\nserver t 10.0.0.1:6 check track"
	  " s\n",
	  "h.cfg:4: \"server\": check and track exclude each other\n", NULL },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 check\nserver t 10.0.0.1:6 track"
	  " s\nserver u 10.0.0.1:6 track t\n",
	  "", "a 1: s=1 t=2 track=a/s u=3 track=a/t" },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5 track t\nserver t 10.0.0.1:6 track"
	  " u\nserver u 10.0.0.1:6 track v\nserver v 10.0.0.1:6 track u\n",
	  "h.cfg:3: \"track t\": it ends in a circle\nh.cfg:4: \"track u\": it ends in a"
	  " circle\nh.cfg:5: \"track v\": it ends in a circle\nh.cfg:6: \"track u\": it"
	  " ends in a circle\n",
	  NULL },
};

static void servers_that_track_name_whose_health_they_have(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers_that_track_name_whose_health_they_have_cases); i++)
		expect_shown(&servers_that_track_name_whose_health_they_have_cases[i], "",
		             show_structure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_that_track_name_whose_health_they_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

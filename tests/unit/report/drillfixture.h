/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_REPORT_DRILLFIXTURE_H
#define TESTS_UNIT_REPORT_DRILLFIXTURE_H

#include "base/text.h"
#include "core/expectation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/*
 * A small record: service "psql" with n1 and n2, ten seconds, an interval a second; n2 is down from
 * 3.2 s to 6 s.  The names may be anything.
 */
enum { FIXTURE_FROM = 1795176721, FIXTURE_SAMPLES = 10 };

struct drillfixture {
	struct drill *drill;
	struct drillfacts facts;
	struct expectation_verdict verdict;
	struct drill_service service;
	struct drill_server servers[2];
	struct drill_event events[5];
};

/* What a name may hold at worst. */
#define DRILLFIXTURE_HOSTILE                                                                       \
	"<script>alert(1)</script>&\"'|`*_[x](y)\\\n\033[31m\xff\xc2\x9b~\xe2\x82\xac"

static inline void drillfixture_begin(struct drillfixture *f, const char *service,
                                      const char *server, const char *text)
{
	static const uint32_t connected[][FIXTURE_SAMPLES] = { { 5, 5, 5, 9, 9, 9, 5, 5, 5, 5 },
		                                               { 5, 5, 5, 1, 0, 0, 5, 5, 5, 5 } };
	static const uint32_t sessions[][FIXTURE_SAMPLES] = { { 4, 4, 4, 8, 8, 8, 6, 5, 4, 4 },
		                                              { 4, 4, 4, 0, 0, 0, 2, 3, 4, 4 } };
	static const uint32_t cut[FIXTURE_SAMPLES] = { [3] = 4 };
	static const uint32_t failed[FIXTURE_SAMPLES] = { [3] = 2 };
	static const uint32_t none[FIXTURE_SAMPLES];
	static const uint32_t held[FIXTURE_SAMPLES] = { [4] = 3, [5] = 1 };
	int64_t from = (int64_t)FIXTURE_FROM * 1000;
	struct error err;

	memset(f, 0, sizeof(*f));
	f->drill = drill_new();
	f->drill->name = text;
	f->drill->source = "sluice 0.1.0";
	f->drill->from_ms = from;
	f->drill->to_ms = from + 10000;
	f->drill->samples_from_ms = from;
	f->drill->every_ms = 1000;
	f->drill->samples = FIXTURE_SAMPLES;
	f->drill->services = &f->service;
	f->drill->service_count = 1;
	f->drill->events = f->events;
	f->drill->event_count = ARRAY_LEN(f->events);
	f->service =
	    (struct drill_service){ .name = service, .servers = f->servers, .server_count = 2 };
	f->service.at[DRILL_SERIES_FAILED] = none;
	f->service.at[DRILL_SERIES_HELD] = held;
	for (size_t i = 0; i < 2; i++) {
		f->servers[i] = (struct drill_server){ .name = i == 0 ? "n1" : server,
			                               .first = DRILL_UP,
			                               .began_with = -1 };
		f->servers[i].at[DRILL_SERIES_CONNECTED] = connected[i];
		f->servers[i].at[DRILL_SERIES_SESSIONS] = sessions[i];
		f->servers[i].at[DRILL_SERIES_CUT] = i == 1 ? cut : none;
		f->servers[i].at[DRILL_SERIES_FAILED] = i == 1 ? failed : none;
	}
	f->events[0] =
	    (struct drill_event){ from + 3000, DRILL_FAULT, 0, 1, DRILL_UP, false, 0, text };
	f->events[1] =
	    (struct drill_event){ from + 3100, DRILL_CHECK, 0, 1, DRILL_UP, false, 0, text };
	f->events[2] =
	    (struct drill_event){ from + 3200, DRILL_STATE, 0, 1, DRILL_DOWN, false, 4, text };
	f->events[3] =
	    (struct drill_event){ from + 6000, DRILL_STATE, 0, 1, DRILL_UP, true, 0, "" };
	f->events[4] = (struct drill_event){ from + 8000, DRILL_MARK, SIZE_MAX, SIZE_MAX,
		                             DRILL_UP,    false,      0,        text };
	drillfacts_find(f->drill, &f->facts);
	assert_true(expectation_parse("detect<1s,cut=0,moved<9", &f->verdict, &err));
	expectation_judge(&f->facts, &f->verdict);
}

static inline void drillfixture_end(struct drillfixture *f)
{
	drillfacts_release(&f->facts);
	drill_free(f->drill);
}

/* Nothing that moves a cursor, forges a line or is not UTF-8's own C1. */
static inline void assert_printable(const char *s)
{
	for (; *s != '\0'; s++) {
		assert_true((unsigned char)*s >= ' ' || *s == '\n');
		assert_true(*s != 0x7f);
		assert_false((unsigned char)*s == 0xc2 && (unsigned char)s[1] < 0xa0);
	}
}

#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		if (strstr(text, part) == NULL)                                                    \
			fail_msg("\"%s\" is not in \"%s\"", part, text);                           \
	} while (0)
#define assert_has_not(text, part)                                                                 \
	do {                                                                                       \
		if (strstr(text, part) != NULL)                                                    \
			fail_msg("\"%s\" is in \"%s\"", part, text);                               \
	} while (0)

#endif

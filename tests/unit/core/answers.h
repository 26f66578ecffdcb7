/* SPDX-License-Identifier: MIT */
#ifndef TEST_ANSWERS_H
#define TEST_ANSWERS_H

#include "base/error.h"
#include "core/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* An answer, whether the peer closes after it, and the verdict; WAIT: none yet. */
enum { WAIT = -1 };
enum { OPEN, CLOSED };

struct answer {
	const char *bytes;
	size_t len;
	int end;
	int code;
	unsigned int status;
	const char *info;
};

#define ANSWER(s) s, sizeof(s) - 1

/* A plan that must be all right. */
static inline struct probe_plan *answers_plan(const struct settings_check *check)
{
	struct probe_plan *plan;
	struct error err = { 0 };

	if (!probe_plan_new(check, &plan, &err))
		fail_msg("%s", err.text);
	return plan;
}

/* Connects and sends whatever is wanted; what was sent is added to `sent` unless that is NULL. */
static inline enum probe_act answers_serve(struct probe *p, enum probe_act act, struct text *sent)
{
	for (;;) {
		switch (act) {
		case PROBE_CONNECT:
			act = probe_connected(p);
			break;
		case PROBE_SEND:
			if (sent)
				text_addn(sent, text_str(probe_output(p)), probe_output(p)->len);
			act = probe_sent(p);
			break;
		case PROBE_RECEIVE:
		case PROBE_DONE:
			return act;
		}
	}
}

static inline enum probe_act answers_begin(struct probe *p, const struct probe_plan *plan,
                                           struct text *sent)
{
	static const struct probe_given given = { .authority = "10.0.0.1:8080",
		                                  .now_s = 0x01020304 };

	assert_int_equal(probe_begin(p, plan, &given), PROBE_CONNECT);
	return answers_serve(p, PROBE_CONNECT, sent);
}

/* Feeds pieces of `first` bytes and then of `rest` bytes each. */
static inline enum probe_act answers_feed(const struct settings_check *check,
                                          const struct answer *a, size_t first, size_t rest,
                                          struct probe_result *ret)
{
	struct probe_plan *plan = answers_plan(check);
	struct probe p;
	enum probe_act act = answers_begin(&p, plan, NULL);
	size_t done = 0;

	for (size_t n = first; act == PROBE_RECEIVE && done < a->len; n = rest) {
		if (n > a->len - done)
			n = a->len - done;
		act = answers_serve(&p, probe_feed(&p, a->bytes + done, n), NULL);
		done += n;
	}
	while (act == PROBE_RECEIVE && a->end == CLOSED)
		act = answers_serve(&p, probe_eof(&p), NULL);
	*ret = *probe_verdict(&p);
	probe_release(&p);
	probe_plan_free(plan);
	return act;
}

static inline void answers_expect_verdict(const struct settings_check *check,
                                          const struct answer *a, size_t first, size_t rest)
{
	struct probe_result r = { 0 };
	enum probe_act act = answers_feed(check, a, first, rest, &r);

	if ((act == PROBE_DONE) != (a->code != WAIT))
		print_message("answer: %s\n", a->bytes);
	assert_int_equal(act, a->code == WAIT ? PROBE_RECEIVE : PROBE_DONE);
	if (a->code == WAIT)
		return;
	if (r.code != (enum probe_code)a->code || strcmp(r.info, a->info) != 0)
		print_message("answer: %s\n", a->bytes);
	assert_int_equal(r.code, a->code);
	assert_int_equal(r.status, a->status);
	assert_string_equal(r.info, a->info);
	assert_int_equal(r.duration_ms, 0);
}

/* Whole, byte by byte, and split in two at every byte. */
static inline void answers_expect_all(const struct settings_check *check,
                                      const struct answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct answer *a = &answers[i];

		answers_expect_verdict(check, a, a->len ? a->len : 1, 1);
		answers_expect_verdict(check, a, 1, 1);
		for (size_t k = 1; k < a->len; k++)
			answers_expect_verdict(check, a, k, a->len);
	}
}

/* All that is sent before the first answer. */
static inline void answers_expect_request(const struct settings_check *check, const char *want,
                                          size_t len)
{
	struct probe_plan *plan = answers_plan(check);
	AUTO_TEXT out = { 0 };
	struct probe p;

	answers_begin(&p, plan, &out);
	if (out.len != len || memcmp(text_str(&out), want, len) != 0)
		print_message("sent: %s\n", text_str(&out));
	assert_int_equal(out.len, len);
	assert_memory_equal(text_str(&out), want, len);
	probe_release(&p);
	probe_plan_free(plan);
}

#endif

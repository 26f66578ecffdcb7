/* SPDX-License-Identifier: MIT */
#ifndef TEST_ANSWERS_H
#define TEST_ANSWERS_H

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

/* Feeds pieces of `first` bytes and then of `rest` bytes each. */
static inline enum probe_step answers_feed(const struct settings_check *check,
                                           const struct answer *a, size_t first, size_t rest,
                                           struct probe_result *ret)
{
	enum probe_step step = PROBE_MORE;
	struct probe p;
	size_t done = 0;

	probe_init(&p, check);
	for (size_t n = first; step == PROBE_MORE && done < a->len; n = rest) {
		if (n > a->len - done)
			n = a->len - done;
		step = probe_feed(&p, a->bytes + done, n, ret);
		done += n;
	}
	if (step == PROBE_MORE && a->end == CLOSED) {
		probe_eof(&p, ret);
		step = PROBE_DONE;
	}
	probe_release(&p);
	return step;
}

static inline void answers_expect_verdict(const struct settings_check *check,
                                          const struct answer *a, size_t first, size_t rest)
{
	struct probe_result r = { 0 };
	enum probe_step step = answers_feed(check, a, first, rest, &r);

	assert_int_equal(step, a->code == WAIT ? PROBE_MORE : PROBE_DONE);
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

static inline void answers_expect_request(const struct settings_check *check, const char *want,
                                          size_t len)
{
	AUTO_TEXT out = { 0 };
	struct probe p;

	probe_init(&p, check);
	probe_request(&p, "10.0.0.1:8080", &out);
	assert_int_equal(out.len, len);
	assert_memory_equal(text_str(&out), want, len);
	probe_release(&p);
}

#endif

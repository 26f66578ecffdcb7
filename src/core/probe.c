/* SPDX-License-Identifier: MIT */
#include "core/probe.h"

#include "probes.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *words;
	int number;
	char meaning;
} table[] = {
#define X(name_, code_, words_, number_, meaning_)                                                 \
	[PROBE_##name_] = {                                                                        \
		.name = (code_), .words = (words_), .number = (number_), .meaning = (meaning_)     \
	},
	PROBE_CODE_TABLE(X)
#undef X
};

const char *probe_code_name(enum probe_code c)
{
	return table[c].name;
}

const char *probe_code_words(enum probe_code c)
{
	return table[c].words;
}

int probe_code_number(enum probe_code c)
{
	return table[c].number;
}

bool probe_code_passed(enum probe_code c)
{
	return table[c].meaning == 'P';
}

/* A reason phrase is ASCII (RFC 9112, 4); what could spoil a log line or a terminal becomes '?'. */
static void make_harmless(char *info)
{
	for (; *info; info++)
		if ((unsigned char)*info < ' ' || (unsigned char)*info > '~')
			*info = '?';
}

void probe_init(struct probe *p, const struct settings_check *check)
{
	*p = (struct probe){ .check = check };
}

void probe_release(struct probe *p)
{
	text_release(&p->in);
}

bool probe_is_connect_only(const struct settings_check *check)
{
	return check->type == SETTINGS_CHECK_TCP;
}

void probe_request(const struct probe *p, const char *authority, struct text *out)
{
	switch (p->check->type) {
	case SETTINGS_CHECK_HTTP:
	case SETTINGS_CHECK_HTTPS:
		probe_http_request(p->check, authority, out);
		break;
	case SETTINGS_CHECK_PGSQL:
		probe_pgsql_request(p->check, out);
		break;
	case SETTINGS_CHECK_NONE:
	case SETTINGS_CHECK_TCP:
		break;
	}
}

static enum probe_step judge_raw(struct probe *p, bool ended, struct probe_result *ret)
{
	switch (p->check->type) {
	case SETTINGS_CHECK_HTTP:
	case SETTINGS_CHECK_HTTPS:
		return probe_http_judge(p->check, &p->in, ended, ret);
	case SETTINGS_CHECK_PGSQL:
		return probe_pgsql_judge(p->check, &p->in, ended, ret);
	case SETTINGS_CHECK_NONE:
	case SETTINGS_CHECK_TCP:
		break;
	}
	*ret = (struct probe_result){ .code = PROBE_L4OK };
	return PROBE_DONE;
}

static enum probe_step judge(struct probe *p, bool ended, struct probe_result *ret)
{
	enum probe_step step = judge_raw(p, ended, ret);

	if (step == PROBE_DONE)
		make_harmless(ret->info);
	return step;
}

enum probe_step probe_feed(struct probe *p, const void *bytes, size_t len, struct probe_result *ret)
{
	const char *at = bytes;

	do {
		size_t room = PROBE_ANSWER_MAX - p->in.len;
		size_t n = len < room ? len : room;

		text_addn(&p->in, at, n);
		at += n;
		len -= n;
		if (judge(p, false, ret) == PROBE_DONE)
			return PROBE_DONE;
		if (p->in.len == PROBE_ANSWER_MAX)
			return judge(p, true, ret);
	} while (len);
	return PROBE_MORE;
}

void probe_eof(struct probe *p, struct probe_result *ret)
{
	(void)judge(p, true, ret);
}

struct probe_result probe_failed(enum probe_code code, int errnum)
{
	struct probe_result r = { .code = code };

	if (errnum) {
		char buf[sizeof(r.info)];

		snprintf(r.info, sizeof(r.info), "%s", strerror_r(errnum, buf, sizeof(buf)));
	}
	return r;
}

/* SPDX-License-Identifier: MIT */
#ifndef CORE_PROBES_H
#define CORE_PROBES_H

#include "core/probe.h"

#include <regex.h>

/*
 * The rules behind core/probe.h.  A judge looks at all that has been received since something was
 * last sent; `last` tells that nothing more will come, and then it never wants more.  The info is
 * as the peer sent it; probe.c makes it fit to be shown.
 */

struct probe_rule;

enum probe_verdict {
	PROBE_HOLDS,  /* on with the next rule */
	PROBE_WAITS,  /* more must come first */
	PROBE_DECIDED /* probe.result is the verdict */
};

typedef enum probe_verdict probe_judge(struct probe *p, const struct probe_rule *r, bool last);
typedef void probe_writer(const struct probe *p, const struct probe_rule *r, struct text *out);

/* Where the info of a built-in rule comes from. */
enum probe_payload {
	PROBE_LITERAL, /* on_success, on_error */
	PROBE_FIRST_LINE,
	PROBE_AFTER_CODE /* the first line without its first four bytes; those are the status */
};

/* A rule before it is compiled: one of the configuration, or a built-in one. */
struct probe_draft {
	struct settings_step step;
	probe_judge *judge;   /* EXPECT; NULL: what step.match says */
	probe_writer *writer; /* SEND; NULL: step.bytes, or the request of step.method */
	enum probe_payload on_success, on_error;
};

struct probe_rule {
	struct probe_draft draft;
	int number;  /* as messages count: from 1; 0: the connect that is implied */
	size_t head; /* EXPECT: where to look again when more has come */
	struct probe_connect connect; /* CONNECT */
	bool has_regex;
	regex_t regex;
	enum probe_code ok, error, timeout; /* UNKNOWN: the usual ones */
};

struct probe_plan {
	const struct settings_check *check;
	bool tells_step; /* a tcp-check of the configuration: messages say where it failed */
	bool simple;     /* http, https and pgsql without rules of their own */
	struct probe_rule *rules;
	size_t count;
};

/* The verdict; info may be NULL, and ends at a NUL. */
enum probe_verdict probe_decide(struct probe *p, enum probe_code code, const char *info,
                                size_t len);
/* The same with `comment`, as HAProxy appends it to a failed expectation. */
enum probe_verdict probe_decide_failed(struct probe *p, const struct probe_rule *r,
                                       enum probe_code code, const char *info);

/* The built-in rules of a type, after a connect if they begin with none; 0: it has none. */
size_t probe_canned_find(const struct settings_check *check, const struct probe_draft **ret);

/* True if the expression is found in the bytes. */
bool probe_expect_regex(const struct probe_rule *r, const void *bytes, size_t len);
/* An EXPECT over a plain stream of bytes. */
enum probe_verdict probe_expect_judge(struct probe *p, const struct probe_rule *r, bool last);
/* " at step 2 of tcp-check (expect string 'PONG')", or nothing. */
void probe_expect_place(const struct probe_plan *plan, const struct probe_rule *r,
                        struct text *out);
/* The info of a check that ended well with `r`. */
void probe_expect_success(struct probe *p, const struct probe_rule *r);

/* A request as a rule writes it, and as the simple check does. */
void probe_http_write(const struct probe *p, const struct probe_rule *r, struct text *out);
void probe_http_request(const struct probe *p, const struct probe_rule *r, struct text *out);
enum probe_verdict probe_http_expect(struct probe *p, const struct probe_rule *r, bool last);
/* Drops interim (1xx) answers. */
enum probe_verdict probe_http_judge(struct probe *p, const struct probe_rule *r, bool last);

void probe_pgsql_request(const struct probe *p, const struct probe_rule *r, struct text *out);
enum probe_verdict probe_pgsql_judge(struct probe *p, const struct probe_rule *r, bool last);

void probe_mysql_login(const struct probe *p, const struct probe_rule *r, struct text *out);
enum probe_verdict probe_mysql_greeting(struct probe *p, const struct probe_rule *r, bool last);
enum probe_verdict probe_mysql_answer(struct probe *p, const struct probe_rule *r, bool last);

enum probe_verdict probe_ldap_judge(struct probe *p, const struct probe_rule *r, bool last);

#endif

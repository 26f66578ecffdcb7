/* SPDX-License-Identifier: MIT */
#include "scalars.h"

#include "base/number.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "base/text.h"
#include "keytable.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { IDLE_MIN_MS = 1000, IDLE_MAX_MS = 86400000 };

static void *target(const struct keytable_key *k, void *base)
{
	return (char *)base + k->offset;
}

static void store_number(const struct keytable_key *k, void *base, uint64_t n)
{
	assert(k->size == sizeof(bool) || k->size == sizeof(uint16_t) ||
	       k->size == sizeof(uint32_t));
	if (k->size == sizeof(bool))
		memcpy(target(k, base), &(bool){ n != 0 }, sizeof(bool));
	else if (k->size == sizeof(uint16_t))
		memcpy(target(k, base), &(uint16_t){ (uint16_t)n }, sizeof(uint16_t));
	else
		memcpy(target(k, base), &(uint32_t){ (uint32_t)n }, sizeof(uint32_t));
}

void scalars_store_text(struct draft_context *c, const struct keytable_key *k, void *base,
                        const char *s)
{
	const char *copy = mem_arena_strdup(c->arena, s);

	assert(k->size == sizeof(copy));
	memcpy(target(k, base), &copy, sizeof(copy));
}

static bool is_whole(const config_setting_t *v)
{
	int type = config_setting_type(v);

	return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

void scalars_flag(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base)
{
	if (config_setting_type(v) != CONFIG_TYPE_BOOL) {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(c->problems, v, "%s is not a switch: write true or false",
		            problem_value(v, buf));
		return;
	}
	assert(k->size == sizeof(bool));
	memcpy(target(k, base), &(bool){ config_setting_get_bool(v) != 0 }, sizeof(bool));
}

void scalars_whole(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base)
{
	long long n;

	if (!is_whole(v)) {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(c->problems, v,
		            "%s is not a whole number: write %" PRIu64 " to %" PRIu64
		            " without quotes",
		            problem_value(v, buf), k->low, k->high);
		return;
	}
	n = config_setting_get_int64(v);
	if (n < (long long)k->low || n > (long long)k->high) {
		problem_add(c->problems, v, "%lld is out of range: write %" PRIu64 " to %" PRIu64,
		            n, k->low, k->high);
		return;
	}
	store_number(k, base, (uint64_t)n);
}

/* Two places after the point are kept; a third one is not meant to be dropped, 0.001 not to be 0.
 */
static bool has_more_places(double n)
{
	double rest = n * 100 - (double)(uint64_t)(n * 100 + 0.5);

	return rest > 1e-6 || rest < -1e-6;
}

void scalars_decimal(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	char buf[PROBLEM_VALUE_MAX];
	double n;

	if (!is_whole(v) && config_setting_type(v) != CONFIG_TYPE_FLOAT) {
		problem_add(c->problems, v,
		            "%s is not a number: write %" PRIu64 " to %" PRIu64
		            ", as 1.4, without quotes",
		            problem_value(v, buf), k->low, k->high);
		return;
	}
	n = is_whole(v) ? (double)config_setting_get_int64(v) : config_setting_get_float(v);
	if (!(n >= (double)k->low && n <= (double)k->high)) {
		problem_add(c->problems, v, "%s is out of range: write %" PRIu64 " to %" PRIu64,
		            problem_value(v, buf), k->low, k->high);
		return;
	}
	if (has_more_places(n)) {
		problem_add(c->problems, v,
		            "%s has more than two places after the point: write it as 1.4 or 0.25",
		            problem_value(v, buf));
		return;
	}
	store_number(k, base, (uint64_t)(n * 100 + 0.5));
}

static bool read_duration(struct draft_context *c, const struct keytable_key *k,
                          const config_setting_t *v, uint64_t *ret_ms)
{
	char buf[PROBLEM_VALUE_MAX];
	uint64_t ms = 0;
	bool ok = false;

	if (is_whole(v)) {
		ok = config_setting_get_int64(v) >= 0;
		ms = (uint64_t)config_setting_get_int64(v);
	} else if (config_setting_type(v) == CONFIG_TYPE_STRING) {
		ok = number_parse_duration(config_setting_get_string(v), &ms);
	}
	if (!ok) {
		problem_add(c->problems, v,
		            "%s is not a duration: write \"2s\", \"500ms\" or milliseconds",
		            problem_value(v, buf));
		return false;
	}
	if (ms < k->low || ms > k->high) {
		char low[64];
		char high[64];

		number_format_duration(k->low, low, sizeof(low));
		number_format_duration(k->high, high, sizeof(high));
		problem_add(c->problems, v, "%s is out of range: write \"%s\" to \"%s\"",
		            problem_value(v, buf), low, high);
		return false;
	}
	*ret_ms = ms;
	return true;
}

void scalars_duration(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	uint64_t ms;

	if (read_duration(c, k, v, &ms))
		store_number(k, base, ms);
}

void scalars_seconds(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	uint64_t ms;

	if (!read_duration(c, k, v, &ms))
		return;
	if (ms % 1000) {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(
		    c->problems, v,
		    "%s is not in whole seconds, which is all the kernel takes: write \"30s\"",
		    problem_value(v, buf));
		return;
	}
	store_number(k, base, ms / 1000);
}

void scalars_micros(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	char buf[PROBLEM_VALUE_MAX];
	uint64_t us = 0;
	bool ok = false;

	if (is_whole(v))
		ok = config_setting_get_int64(v) == 0;
	else if (config_setting_type(v) == CONFIG_TYPE_STRING)
		ok = number_parse_micros(config_setting_get_string(v), &us);
	if (!ok)
		problem_add(c->problems, v,
		            "%s is not a duration in microseconds: write \"%" PRIu64
		            "us\" to \"%" PRIu64 "us\"",
		            problem_value(v, buf), k->low, k->high);
	else if (us < k->low || us > k->high)
		problem_add(c->problems, v,
		            "%s is out of range: write \"%" PRIu64 "us\" to \"%" PRIu64 "us\"",
		            problem_value(v, buf), k->low, k->high);
	else
		store_number(k, base, us);
}

void scalars_idle(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base)
{
	const char *s =
	    config_setting_type(v) == CONFIG_TYPE_STRING ? config_setting_get_string(v) : "";
	bool never = strcmp(s, "never") == 0;
	uint64_t ms = 0;

	if (!never && (strncmp(s, "idle ", 5) != 0 || !number_parse_duration(s + 5, &ms) ||
	               ms < IDLE_MIN_MS || ms > IDLE_MAX_MS)) {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(c->problems, v,
		            "%s is not known here: write \"never\", or \"idle 5m\" with \"1s\" to "
		            "\"1d\"",
		            problem_value(v, buf));
	} else {
		store_number(k, base, ms);
	}
}

/* Index of the written word, or -1 after a problem. */
static int find_word(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v)
{
	AUTO_TEXT all = { 0 };
	char buf[PROBLEM_VALUE_MAX];
	const char *s = config_setting_get_string(v);
	const char *near = NULL;
	size_t n = 0;

	for (; k->words[n]; n++) {
		if (s && strcmp(k->words[n], s) == 0)
			return (int)n;
		text_addf(&all, "%s\"%s\"",
		          n == 0            ? ""
		          : k->words[n + 1] ? ", "
		                            : " or ",
		          k->words[n]);
	}
	if (s)
		near = suggest_nearest(s, k->words, n);
	if (near)
		problem_add(c->problems, v, "%s is not known here; did you mean \"%s\"? Write %s",
		            problem_value(v, buf), near, text_str(&all));
	else
		problem_add(c->problems, v, "%s is not known here: write %s", problem_value(v, buf),
		            text_str(&all));
	return -1;
}

void scalars_word(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base)
{
	int i = find_word(c, k, v);

	if (i >= 0)
		store_number(k, base, (uint64_t)i);
}

void scalars_choice(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	int i = find_word(c, k, v);

	if (i >= 0)
		scalars_store_text(c, k, base, k->words[i]);
}

const char *scalars_text(struct draft_context *c, const config_setting_t *v, const char *what)
{
	char buf[PROBLEM_VALUE_MAX];

	if (config_setting_type(v) == CONFIG_TYPE_STRING)
		return config_setting_get_string(v);
	problem_add(c->problems, v, "%s is not a string: write %s in double quotes",
	            problem_value(v, buf), what);
	return NULL;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

void scalars_string(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, k->example);

	if (!s)
		return;
	if (!*s)
		problem_add(c->problems, v, "it is empty: write %s, or leave the key out",
		            k->example);
	else if (has_control(s))
		problem_add(c->problems, v, "\"%.60s\" has control characters: leave them out", s);
	else
		scalars_store_text(c, k, base, s);
}

bool scalars_read_name(struct draft_context *c, const config_setting_t *v, const char *example,
                       const char **ret)
{
	const char *s = scalars_text(c, v, example);

	if (s && !settings_is_name(s))
		problem_add(
		    c->problems, v,
		    "\"%.60s\" is not a name: write 1 to %d letters, digits, '-', '_', '.' or "
		    "':'",
		    s, SETTINGS_NAME_MAX);
	else if (s)
		*ret = mem_arena_strdup(c->arena, s);
	return s && *ret;
}

void scalars_name(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                  void *base)
{
	const char *s = NULL;

	if (scalars_read_name(c, v, k->example, &s))
		scalars_store_text(c, k, base, s);
}

/* RFC 9110 section 9.1: a method is a token; letters are all that is in use. */
void scalars_method(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, "\"GET\"");

	if (!s)
		return;
	if (!*s || strlen(s) > 20 || s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")])
		problem_add(c->problems, v,
		            "\"%.60s\" is not an HTTP method: write \"GET\", \"HEAD\" or "
		            "\"OPTIONS\", in capitals",
		            s);
	else
		scalars_store_text(c, k, base, s);
}

void scalars_url(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base)
{
	const char *s = scalars_text(c, v, "\"/health?ready=1\"");

	if (!s)
		return;
	if (*s != '/' || has_control(s) || strchr(s, ' ') || strchr(s, '#'))
		problem_add(
		    c->problems, v,
		    "\"%.60s\" is not a path: begin it with \"/\" and write no spaces and no "
		    "\"#\", as in \"/health?ready=1\"",
		    s);
	else
		scalars_store_text(c, k, base, s);
}

/* A cluster tells localities, and pages and terminals show them. */
enum { LOCALITY_MAX = 1024 };

static bool is_printable(const char *s)
{
	size_t len;

	for (; *s; s += len) {
		len = printable_len(s);
		if (!len)
			return false;
	}
	return true;
}

bool scalars_locality_is_valid(const char *s)
{
	if (strlen(s) > LOCALITY_MAX || strpbrk(s, " \"\\") || !is_printable(s))
		return false;
	for (;;) {
		size_t key = strcspn(s, "=,");
		size_t value;

		if (!key || s[key] != '=')
			return false;
		s += key + 1;
		value = strcspn(s, "=,");
		if (!value || s[value] == '=')
			return false;
		s += value;
		if (!*s)
			return true;
		s++;
	}
}

void scalars_locality(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, "\"region=us-east-2,zone=us-east-2a\"");

	if (!s)
		return;
	if (!scalars_locality_is_valid(s))
		problem_add(c->problems, v,
		            "\"%.60s\" is not a locality: write \"key=value,key=value\" from the "
		            "largest to the smallest, as in \"region=us-east-2,zone=us-east-2a\"",
		            s);
	else
		scalars_store_text(c, k, base, s);
}

/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "hcfgparts.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATUS_MAX = 999,
	RANGES_MAX = 64,
	PATTERN_MAX = 1024,
	COPIES_MAX = 100000 /* that the C library may make of a part of a pattern: "(a{99}){99}" */
};

/* Words that come before the pattern and have one value. */
enum attribute {
	ATTRIBUTE_MIN_RECV,
	ATTRIBUTE_COMMENT,
	ATTRIBUTE_OK_STATUS,
	ATTRIBUTE_ERROR_STATUS,
	ATTRIBUTE_TOUT_STATUS,
	ATTRIBUTE_ON_SUCCESS,
	ATTRIBUTE_ON_ERROR,
	ATTRIBUTE_STATUS_CODE,
	ATTRIBUTE_COUNT
};

static const char *const attributes[] = {
	[ATTRIBUTE_MIN_RECV] = "min-recv",       [ATTRIBUTE_COMMENT] = "comment",
	[ATTRIBUTE_OK_STATUS] = "ok-status",     [ATTRIBUTE_ERROR_STATUS] = "error-status",
	[ATTRIBUTE_TOUT_STATUS] = "tout-status", [ATTRIBUTE_ON_SUCCESS] = "on-success",
	[ATTRIBUTE_ON_ERROR] = "on-error",       [ATTRIBUTE_STATUS_CODE] = "status-code",
};

static const char *take_code(struct hcfgreader *r, const char *what, const char *word,
                             const char *const *allowed, size_t count)
{
	if (hcfgreader_find(word, allowed, count) >= 0)
		return word;
	hcfgreader_error(r, "%s %.30s: write one of %s, %s, %s", what, word, allowed[0], allowed[1],
	                 allowed[2]);
	return NULL;
}

static const char *take_info(struct hcfgreader *r, const char *what, const char *word)
{
	const char *percent = strchr(word, '%');

	if (!percent)
		return word;
	hcfgreader_lose(r, "%s with samples: the usual words are shown", what);
	return NULL;
}

static void take_attribute(struct hcfgreader *r, enum attribute a, const char *value,
                           struct settings_step *step)
{
	static const char *const ok[] = { "L7OK", "L7OKC", "L6OK", "L4OK" };
	static const char *const bad[] = { "L7RSP", "L7STS", "L6RSP", "L4CON" };
	static const char *const late[] = { "L7TOUT", "L6TOUT", "L4TOUT" };

	switch (a) {
	case ATTRIBUTE_MIN_RECV:
		if (strcmp(value, "-1") != 0)
			hcfgreader_whole(r, value, 0, INT32_MAX, &step->min_recv);
		break;
	case ATTRIBUTE_COMMENT:
		step->comment = value;
		break;
	case ATTRIBUTE_OK_STATUS:
		step->ok_status = take_code(r, attributes[a], value, ok, ARRAY_LEN(ok));
		break;
	case ATTRIBUTE_ERROR_STATUS:
		step->error_status = take_code(r, attributes[a], value, bad, ARRAY_LEN(bad));
		break;
	case ATTRIBUTE_TOUT_STATUS:
		step->timeout_status = take_code(r, attributes[a], value, late, ARRAY_LEN(late));
		break;
	case ATTRIBUTE_ON_SUCCESS:
		step->on_success = take_info(r, attributes[a], value);
		break;
	case ATTRIBUTE_ON_ERROR:
		step->on_error = take_info(r, attributes[a], value);
		break;
	case ATTRIBUTE_STATUS_CODE:
		hcfgreader_lose(r, "status-code: the code that is shown is that of the answer");
		break;
	case ATTRIBUTE_COUNT:
		break;
	}
}

/* --- patterns ----------------------------------------------------------------------------- */

static bool parse_status(const char *word, struct settings_range *ret)
{
	const char *dash = strchr(word, '-');
	char low[8];
	uint64_t a;
	uint64_t b;

	snprintf(low, sizeof(low), "%.*s", (int)(dash ? dash - word : 7), word);
	if (!number_parse(low, STATUS_MAX, &a) ||
	    !number_parse(dash ? dash + 1 : low, STATUS_MAX, &b) || b < a)
		return false;
	*ret = (struct settings_range){ (uint16_t)a, (uint16_t)b };
	return true;
}

/* "200,204,300-399" */
static void take_statuses(struct hcfgreader *r, const char *list, struct settings_step *step)
{
	struct settings_range *ranges =
	    mem_arena_zalloc(&r->model->arena, RANGES_MAX * sizeof(*ranges));
	char *copy = mem_arena_strdup(&r->model->arena, list);
	char *save = NULL;
	size_t count = 0;

	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		if (count == RANGES_MAX || !parse_status(s, &ranges[count])) {
			hcfgreader_error(r, "\"%.30s\" is not a status or a range of them", s);
			return;
		}
		count++;
	}
	step->match = SETTINGS_MATCH_STATUS;
	step->statuses = (struct settings_ranges){ ranges, count };
}

/* Whether compiling it costs little. */
static bool is_small(const char *pattern)
{
	uint64_t copies = 1;

	for (const char *s = strchr(pattern, '{'); s && copies <= COPIES_MAX; s = strchr(s, '{')) {
		unsigned long low = strtoul(++s, NULL, 10);
		const char *comma = s + strspn(s, "0123456789");
		unsigned long high = *comma == ',' ? strtoul(comma + 1, NULL, 10) : low;
		unsigned long n = low > high ? low : high;

		copies *= n > COPIES_MAX ? COPIES_MAX + 1 : n > 1 ? n : 1;
	}
	return copies <= COPIES_MAX && strlen(pattern) <= PATTERN_MAX;
}

static bool take_regex(struct hcfgreader *r, enum settings_match match, const char *pattern,
                       struct settings_step *step)
{
	static const char *const foreign[] = {
		"(?", "\\d", "\\D", "*?", "+?", "\\x", "\\A", "\\z"
	};
	regex_t compiled;

	step->match = match;
	step->bytes = pattern;
	step->len = strlen(pattern);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (strstr(pattern, foreign[i])) {
			hcfgreader_lose(r, "\"%.60s\": sluice has POSIX expressions, without %s",
			                pattern, foreign[i]);
			return false;
		}
	if (!is_small(pattern)) {
		hcfgreader_lose(r, "\"%.60s\": the expression is too large", pattern);
		return false;
	}
	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		hcfgreader_error(r, "\"%.60s\" is not a regular expression", pattern);
	else
		regfree(&compiled);
	return true;
}

/* "name [-m M] NAME [value [-m M] VALUE]", the words after hdr; false if it cannot be carried. */
static bool take_header(struct hcfgreader *r, size_t i, struct settings_step *step)
{
	step->match = SETTINGS_MATCH_HEADER;
	if (i + 1 >= r->count || strcmp(r->words[i], "name") != 0) {
		hcfgreader_error(r, "hdr: write name and the name of a header");
		return true;
	}
	i++;
	if (i + 2 < r->count && strcmp(r->words[i], "-m") == 0) {
		if (strcmp(r->words[i + 1], "str") != 0)
			return false;
		i += 2;
	}
	step->name = r->words[i++];
	if (i == r->count)
		return true;
	if (i + 1 >= r->count || strcmp(r->words[i], "value") != 0) {
		hcfgreader_error(r, "unexpected \"%.30s\"", r->words[i]);
		return true;
	}
	i++;
	if (i + 2 < r->count && strcmp(r->words[i], "-m") == 0) {
		if (strcmp(r->words[i + 1], "str") != 0)
			return false;
		i += 2;
	}
	step->bytes = r->words[i];
	step->len = strlen(step->bytes);
	return i + 1 == r->count;
}

static void take_text(const char *pattern, enum settings_match match, struct settings_step *step)
{
	step->match = match;
	step->bytes = pattern;
	step->len = strlen(pattern);
}

/* The pattern at words[i]; false if it cannot be carried. */
static bool take_pattern(struct hcfgreader *r, bool http, size_t i, struct settings_step *step)
{
	const char *word = r->words[i];
	const char *pattern = r->words[i + 1];
	bool formatted = strcmp(word, "string-lf") == 0 || strcmp(word, "binary-lf") == 0;
	bool known = true;

	if (!http && (strcmp(word, "binary") == 0 || strcmp(word, "binary-lf") == 0)) {
		step->match = SETTINGS_MATCH_BINARY;
		if (!formatted || !strchr(pattern, '%'))
			hcfgcheckstep_parse_hex(r, pattern, &step->bytes, &step->len);
	} else if (strcmp(word, "string") == 0 || formatted) {
		take_text(pattern, SETTINGS_MATCH_STRING, step);
	} else if (strcmp(word, "rstring") == 0) {
		known = take_regex(r, SETTINGS_MATCH_REGEX, pattern, step);
	} else if (!http && strcmp(word, "rbinary") == 0) {
		known = take_regex(r, SETTINGS_MATCH_BINARY_REGEX, pattern, step);
	} else if (http && strcmp(word, "status") == 0) {
		take_statuses(r, pattern, step);
	} else if (http && strcmp(word, "rstatus") == 0) {
		known = take_regex(r, SETTINGS_MATCH_STATUS_REGEX, pattern, step);
	} else if (http && (strcmp(word, "hdr") == 0 || strcmp(word, "fhdr") == 0)) {
		return take_header(r, i + 1, step);
	} else {
		hcfgreader_error(r, "unknown pattern \"%.30s\"", word);
	}
	if (i + 2 < r->count)
		hcfgreader_error(r, "unexpected \"%.30s\" after the pattern", r->words[i + 2]);
	return known && !(formatted && strchr(pattern, '%'));
}

void hcfgexpect_read(struct hcfgreader *r, bool http, struct hcfgmodel_rules *rules,
                     const struct hcfgmodel_proxy *p)
{
	struct settings_step *step = hcfgcheckstep_add(r, rules, p);
	size_t i = 0;
	int which;

	step->kind = SETTINGS_STEP_EXPECT;
	while (i + 1 < r->count &&
	       (which = hcfgreader_find(r->words[i], attributes, ATTRIBUTE_COUNT)) >= 0) {
		take_attribute(r, (enum attribute)which, r->words[i + 1], step);
		i += 2;
	}
	if (i < r->count && strcmp(r->words[i], "!") == 0) {
		step->negated = true;
		i++;
	}
	if (i + 1 >= r->count || !*r->words[i + 1]) {
		hcfgreader_error(r, "write what to expect: %s",
		                 http ? "status LIST or string TEXT" : "string TEXT or binary HEX");
	} else if (!take_pattern(r, http, i, step)) {
		hcfgreader_lose(r, "%.30s of this form: %s", r->words[i],
		                http ? "an answer of status 200 to 399 is good"
		                     : "the connection alone is checked");
		if (http)
			rules->newest = rules->newest->next;
		else
			rules->lost = true;
	}
}

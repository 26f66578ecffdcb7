/* SPDX-License-Identifier: MIT */
#include "conf/nodesettings.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 60 };

static const char initial_wait[] = "server.shutdown.initial_wait",
                  drain_wait[] = "server.shutdown.drain_wait",
                  statement_timeout[] = "sql.defaults.statement_timeout";

/* A word of the answer for a message: short, and without what moves a cursor. */
static const char *show(const char *s, char buf[static SHOWN_MAX + 1])
{
	snprintf(buf, SHOWN_MAX + 1, "%s", s);
	for (char *at = buf; *at; at++)
		if (!isprint((unsigned char)*at))
			*at = '?';
	return buf;
}

/* --- durations ---------------------------------------------------------------------------- */

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "h", UINT64_C(3600000000000) },
	{ "ms", 1000000 },
	{ "m", UINT64_C(60000000000) },
	{ "s", 1000000000 },
	{ "us", 1000 },
	{ "\u00b5s", 1000 },
	{ "ns", 1 },
};

static const struct unit *take_unit(const char **s)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*s, units[i].name, len) == 0) {
			*s += len;
			return &units[i];
		}
	}
	return NULL;
}

/* "1.5s": digits, with a fraction or not, and a unit, in ns. */
static bool take_part(const char **s, uint64_t *ret)
{
	uint64_t whole = 0;
	uint64_t fraction = 0;
	uint64_t scale = 1;
	const struct unit *unit;

	if (!isdigit((unsigned char)**s))
		return false;
	for (; isdigit((unsigned char)**s); (*s)++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(**s - '0'), &whole))
			return false;
	if (**s == '.')
		for ((*s)++; isdigit((unsigned char)**s); (*s)++)
			if (scale < 1000000) {
				fraction = fraction * 10 + (uint64_t)(**s - '0');
				scale *= 10;
			}
	unit = take_unit(s);
	if (!unit || __builtin_mul_overflow(whole, unit->ns, &whole))
		return false;
	return !__builtin_add_overflow(whole, fraction * unit->ns / scale, ret);
}

static bool parse_duration(const char *s, uint64_t *ret_ms)
{
	uint64_t sum = 0;

	if (strcmp(s, "0") == 0) {
		*ret_ms = 0;
		return true;
	}
	do {
		uint64_t part;

		if (!take_part(&s, &part) || __builtin_add_overflow(sum, part, &sum))
			return false;
	} while (*s);
	*ret_ms = sum / 1000000;
	return true;
}

/* --- the answer --------------------------------------------------------------------------- */

static bool read_duration(const char *source, const char *key, const json_t *setting,
                          uint64_t *ret_ms, struct error *err)
{
	const char *value = json_string_value(json_object_get(setting, "value"));

	if (!value)
		return error_set(err, "%s: %s has no value", source, key);
	if (!parse_duration(value, ret_ms)) {
		char buf[SHOWN_MAX + 1];

		return error_set(err, "%s: %s is \"%s\", which is no duration", source, key,
		                 show(value, buf));
	}
	return true;
}

static bool read_settings(const char *source, const json_t *list, struct nodesettings *ret,
                          struct error *err)
{
	const json_t *wait = json_object_get(list, initial_wait);
	const json_t *statement = json_object_get(list, statement_timeout);

	if (!wait)
		wait = json_object_get(list, drain_wait);
	if (!wait) {
		error_set(err, "%s: it does not tell %s", source, initial_wait);
		return error_hint(err, "the session's user needs VIEWCLUSTERSETTING; or give it "
		                       "with --initial-wait");
	}
	if (!read_duration(source, initial_wait, wait, &ret->initial_wait_ms, err))
		return false;
	return !statement ||
	       read_duration(source, statement_timeout, statement, &ret->statement_ms, err);
}

static bool read_document(const char *source, const json_t *doc, struct nodesettings *ret,
                          struct error *err)
{
	const json_t *list = json_object_get(doc, "keyValues");
	const char *message = json_string_value(json_object_get(doc, "message"));

	if (!list)
		list = json_object_get(doc, "key_values");
	if (json_is_object(list))
		return read_settings(source, list, ret, err);
	if (message) {
		char buf[SHOWN_MAX + 1];

		return error_set(err, "%s: the node says: %s", source, show(message, buf));
	}
	error_set(err, "%s: this JSON has no cluster settings: \"keyValues\" is missing", source);
	return error_hint(err, "is this the HTTP port of a CockroachDB node?");
}

bool nodesettings_parse(const char *source, const char *text, size_t len, struct nodesettings *ret,
                        struct error *err)
{
	json_error_t e;
	json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	bool ok;

	*ret = (struct nodesettings){ 0 };
	if (!doc) {
		char buf[SHOWN_MAX + 1];

		error_set(err, "%s: this is not JSON: %s", source, show(e.text, buf));
		return error_hint(err, "is this the HTTP port of a CockroachDB node?");
	}
	ok = read_document(source, doc, ret, err);
	json_decref(doc);
	return ok;
}

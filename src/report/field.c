/* SPDX-License-Identifier: MIT */
#include "field.h"

#include "plain.h"
#include "report/stamp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void field_fail(struct field *f, const char *fmt, ...)
{
	char buf[256];
	va_list args;

	if (f->failed)
		return;
	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	error_set(f->err, "%s", buf);
	f->failed = true;
}

json_t *field_parse(struct field *f, const char *json)
{
	json_error_t why;
	json_t *o = json_loads(json, JSON_REJECT_DUPLICATES, &why);

	if (!o) {
		plain_clean(why.text);
		field_fail(f, "not JSON: %s (line %d)", why.text, why.line);
		return NULL;
	}
	if (!json_is_object(o)) {
		field_fail(f, "not a JSON object");
		json_decref(o);
		return NULL;
	}
	return o;
}

static const json_t *find(struct field *f, const json_t *o, const char *key, json_type type,
                          const char *what)
{
	const json_t *v = json_object_get(o, key);

	if (f->failed)
		return NULL;
	if (v && json_typeof(v) == type)
		return v;
	field_fail(f, v ? "\"%s\" is not %s" : "\"%s\" is missing", key, what);
	return NULL;
}

static bool is_none(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return !v || json_is_null(v);
}

int64_t field_number(struct field *f, const json_t *o, const char *key)
{
	const json_t *v = find(f, o, key, JSON_INTEGER, "a whole number");

	return v ? json_integer_value(v) : 0;
}

uint64_t field_unsigned(struct field *f, const json_t *o, const char *key, uint64_t max)
{
	int64_t n = field_number(f, o, key);

	if (n >= 0 && (uint64_t)n <= max)
		return (uint64_t)n;
	field_fail(f, "\"%s\" is out of range", key);
	return 0;
}

bool field_flag(struct field *f, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v && json_is_boolean(v))
		return json_is_true(v);
	field_fail(f, v ? "\"%s\" is not true or false" : "\"%s\" is missing", key);
	return false;
}

const char *field_text(struct field *f, const json_t *o, const char *key, struct mem_arena *a)
{
	const json_t *v = find(f, o, key, JSON_STRING, "a string");
	char *s = v ? mem_arena_strdup(a, json_string_value(v)) : NULL;

	if (!s)
		return "";
	plain_clean(s);
	return s;
}

const char *field_text_or_null(struct field *f, const json_t *o, const char *key,
                               struct mem_arena *a)
{
	return is_none(o, key) ? NULL : field_text(f, o, key, a);
}

void field_copy(struct field *f, const json_t *o, const char *key, char *buf, size_t size)
{
	const json_t *v = find(f, o, key, JSON_STRING, "a string");
	size_t len = v ? json_string_length(v) : 0;

	buf[0] = '\0';
	if (!v)
		return;
	if (len >= size) {
		len = size - 1;
		while (len && ((unsigned char)json_string_value(v)[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(buf, json_string_value(v), len);
	buf[len] = '\0';
	plain_clean(buf);
}

void field_copy_or_empty(struct field *f, const json_t *o, const char *key, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!is_none(o, key))
		field_copy(f, o, key, buf, size);
}

int64_t field_time(struct field *f, const json_t *o, const char *key)
{
	const json_t *v = find(f, o, key, JSON_STRING, "a string");
	int64_t ms = 0;

	if (v && !stamp_parse_rfc3339(json_string_value(v), &ms))
		field_fail(f, "\"%s\" is not a time", key);
	return ms;
}

const json_t *field_array(struct field *f, const json_t *o, const char *key)
{
	return find(f, o, key, JSON_ARRAY, "a list");
}

const json_t *field_object(struct field *f, const json_t *o, const char *key)
{
	return find(f, o, key, JSON_OBJECT, "an object");
}

const json_t *field_object_or_null(struct field *f, const json_t *o, const char *key)
{
	return is_none(o, key) ? NULL : field_object(f, o, key);
}

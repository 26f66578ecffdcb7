/* SPDX-License-Identifier: MIT */
#include "conf/drillfile.h"

#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX ((int64_t)1 << 50)

enum { EVERY_MAX = 24 * 3600 * 1000, PLACE_MAX = 96 };

/* What came from the file may go to a terminal. */
static void clean(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7f)
			*s = '?';
}

/* After the first failure every function returns its empty value. */
struct reader {
	struct drill *d;
	struct error *err;
	bool failed;
	bool has_series;       /* `d->samples` is known */
	char place[PLACE_MAX]; /* "events[3]." */
};

static void fail(struct reader *r, const char *fmt, ...) PRINTF(2, 3);

static void fail(struct reader *r, const char *fmt, ...)
{
	char buf[200];
	va_list args;

	if (r->failed)
		return;
	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	clean(buf);
	error_set(r->err, "%s%s", r->place, buf);
	r->failed = true;
}

static void go_to(struct reader *r, const char *fmt, ...) PRINTF(2, 3);

static void go_to(struct reader *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->place, sizeof(r->place), fmt, args);
	va_end(args);
}

/* --- members ------------------------------------------------------------------------------ */

static const json_t *find(struct reader *r, const json_t *o, const char *key, json_type type,
                          const char *what)
{
	const json_t *v = json_object_get(o, key);

	if (v != NULL && json_typeof(v) == type)
		return v;
	fail(r, v != NULL ? "%s is not %s" : "%s is missing: it is %s", key, what);
	return NULL;
}

static int64_t find_number(struct reader *r, const json_t *o, const char *key, int64_t max)
{
	const json_t *v = find(r, o, key, JSON_INTEGER, "a whole number");
	int64_t n = json_integer_value(v);

	if (n >= 0 && n <= max)
		return n;
	fail(r, "%s is %lld: at most %lld is taken", key, (long long)n, (long long)max);
	return 0;
}

static bool find_flag(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		fail(r, "%s is not true or false", key);
	return json_is_true(v);
}

static const char *find_text(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = find(r, o, key, JSON_STRING, "a string");

	return v != NULL ? mem_arena_strdup(&r->d->arena, json_string_value(v)) : "";
}

static const json_t *find_list(struct reader *r, const json_t *o, const char *key, size_t *ret)
{
	const json_t *v = find(r, o, key, JSON_ARRAY, "a list");

	*ret = json_array_size(v);
	return v;
}

static const char *state_word(size_t i)
{
	return drill_state_key((enum drill_state)i);
}

static const char *kind_word(size_t i)
{
	return drill_kind_key((enum drill_kind)i);
}

static size_t find_word(struct reader *r, const json_t *o, const char *key,
                        const char *(*word)(size_t), size_t count)
{
	const json_t *v = find(r, o, key, JSON_STRING, "a string");
	AUTO_TEXT all = { 0 };

	for (size_t i = 0; v != NULL && i < count; i++) {
		if (strcmp(json_string_value(v), word(i)) == 0)
			return i;
		text_addf(&all, " %s", word(i));
	}
	fail(r, "%s is \"%.40s\": there are%s", key, v != NULL ? json_string_value(v) : "",
	     text_str(&all));
	return 0;
}

/* An index below `count`, or SIZE_MAX for null. */
static size_t find_index(struct reader *r, const json_t *o, const char *key, size_t count)
{
	const json_t *v = json_object_get(o, key);
	int64_t n = json_integer_value(v);

	if (json_is_null(v))
		return SIZE_MAX;
	if (!json_is_integer(v))
		fail(r, "%s is not a number or null", key);
	else if (n < 0 || (uint64_t)n >= count)
		fail(r, "%s is %lld, but there are only %zu", key, (long long)n, count);
	return r->failed ? SIZE_MAX : (size_t)n;
}

/* --- parts -------------------------------------------------------------------------------- */

static const uint32_t *read_counts(struct reader *r, const json_t *list, const char *key)
{
	size_t count = json_array_size(list);
	uint32_t *at;

	if (!json_is_array(list)) {
		fail(r, "series.%s is not a list", key);
		return NULL;
	}
	if (!r->has_series)
		r->d->samples = count;
	r->has_series = true;
	if (count != r->d->samples) {
		fail(r, "series.%s has %zu counts, and the first one has %zu", key, count,
		     r->d->samples);
		return NULL;
	}
	at = mem_arena_zalloc(&r->d->arena, (count + 1) * sizeof(*at));
	for (size_t i = 0; i < count && !r->failed; i++) {
		const json_t *v = json_array_get(list, i);
		int64_t n = json_integer_value(v);

		if (!json_is_integer(v) || n < 0 || n > UINT32_MAX)
			fail(r, "series.%s[%zu] is not a count", key, i);
		at[i] = (uint32_t)n;
	}
	return at;
}

static void read_series(struct reader *r, const json_t *o, const uint32_t **at)
{
	const json_t *series = find(r, o, "series", JSON_OBJECT, "an object");

	for (size_t s = 0; s < DRILL_SERIES_COUNT && !r->failed; s++) {
		const char *key = drill_series_key((enum drill_series)s);
		const json_t *list = json_object_get(series, key);

		if (list != NULL)
			at[s] = read_counts(r, list, key);
	}
}

static void read_service(struct reader *r, const json_t *o, size_t index)
{
	struct drill_service *v = &r->d->services[index];
	const json_t *list;

	go_to(r, "services[%zu].", index);
	v->name = find_text(r, o, "name");
	read_series(r, o, v->at);
	list = find_list(r, o, "servers", &v->server_count);
	v->servers = mem_arena_zalloc(&r->d->arena, (v->server_count + 1) * sizeof(*v->servers));
	for (size_t i = 0; i < v->server_count && !r->failed; i++) {
		const json_t *s = json_array_get(list, i);

		go_to(r, "services[%zu].servers[%zu].", index, i);
		v->servers[i].name = find_text(r, s, "name");
		v->servers[i].first =
		    (enum drill_state)find_word(r, s, "first", state_word, DRILL_STATE_COUNT);
		v->servers[i].began_with = json_object_get(s, "began_with")
		                               ? find_number(r, s, "began_with", UINT32_MAX)
		                               : -1;
		read_series(r, s, v->servers[i].at);
	}
}

static void read_services(struct reader *r, const json_t *o)
{
	const json_t *list = find_list(r, o, "services", &r->d->service_count);

	r->d->services =
	    mem_arena_zalloc(&r->d->arena, (r->d->service_count + 1) * sizeof(*r->d->services));
	for (size_t i = 0; i < r->d->service_count && !r->failed; i++)
		read_service(r, json_array_get(list, i), i);
}

static void check_event(struct reader *r, const struct drill_event *e, int64_t before_ms)
{
	bool of_server = e->kind == DRILL_STATE || e->kind == DRILL_CHECK;

	if (e->server != SIZE_MAX && e->service == SIZE_MAX)
		fail(r, "server is of no service");
	if ((of_server && e->server == SIZE_MAX) ||
	    (e->kind == DRILL_SERVICE && e->service == SIZE_MAX))
		fail(r, "%s is null: this event needs one", of_server ? "server" : "service");
	if (e->wall_ms < before_ms)
		fail(r, "ms is before that of the event before: events stand in order");
}

static void read_event(struct reader *r, const json_t *o, struct drill_event *e)
{
	e->wall_ms = find_number(r, o, "ms", TIME_MAX);
	e->kind = (enum drill_kind)find_word(r, o, "kind", kind_word, DRILL_KIND_COUNT);
	e->service = find_index(r, o, "service", r->d->service_count);
	e->server =
	    find_index(r, o, "server",
	               e->service == SIZE_MAX ? SIZE_MAX : r->d->services[e->service].server_count);
	e->state = (enum drill_state)find_word(r, o, "state", state_word, DRILL_STATE_COUNT);
	e->good = find_flag(r, o, "good");
	e->sessions = (uint32_t)find_number(r, o, "sessions", UINT32_MAX);
	e->text = find_text(r, o, "text");
}

static void read_events(struct reader *r, const json_t *o)
{
	const json_t *list = find_list(r, o, "events", &r->d->event_count);
	int64_t before_ms = 0;

	r->d->events =
	    mem_arena_zalloc(&r->d->arena, (r->d->event_count + 1) * sizeof(*r->d->events));
	for (size_t i = 0; i < r->d->event_count && !r->failed; i++) {
		struct drill_event *e = &r->d->events[i];

		go_to(r, "events[%zu].", i);
		read_event(r, json_array_get(list, i), e);
		check_event(r, e, before_ms);
		before_ms = e->wall_ms;
	}
}

static void read_head(struct reader *r, const json_t *o)
{
	const json_t *head = find(r, o, "drill", JSON_OBJECT, "an object");
	struct drill *d = r->d;

	go_to(r, "drill.");
	d->name = find_text(r, head, "name");
	d->source = find_text(r, head, "source");
	d->from_ms = find_number(r, head, "from_ms", TIME_MAX);
	d->to_ms = find_number(r, head, "to_ms", TIME_MAX);
	d->samples_from_ms = find_number(r, head, "samples_from_ms", TIME_MAX);
	d->every_ms = (uint32_t)find_number(r, head, "every_ms", EVERY_MAX);
	d->truncated = find_flag(r, head, "truncated");
	if (d->to_ms < d->from_ms)
		fail(r, "to_ms is before from_ms");
}

static void read_all(struct reader *r, const json_t *o)
{
	if (!json_is_object(o))
		fail(r, "not a JSON object");
	if (json_object_get(o, "numbers") != NULL)
		fail(r, "this is a report of --format json: write it with --format record");
	read_head(r, o);
	go_to(r, "%s", "");
	read_services(r, o);
	go_to(r, "%s", "");
	read_events(r, o);
	go_to(r, "drill.");
	if (r->d->samples > 0 && r->d->every_ms == 0)
		fail(r, "every_ms is 0: it is the length of an interval");
}

/* --- the file ----------------------------------------------------------------------------- */

struct drill *drillfile_parse(const char *json, struct error *err)
{
	struct reader r = { .err = err };
	json_error_t why;
	json_t *o = json_loads(json, JSON_REJECT_DUPLICATES, &why);

	if (o == NULL) {
		clean(why.text);
		error_set(err, "not a record of a drill: %s (line %d)", why.text, why.line);
		return NULL;
	}
	r.d = drill_new();
	read_all(&r, o);
	json_decref(o);
	if (!r.failed)
		return r.d;
	error_wrap(err, "not a record of a drill");
	drill_free(r.d);
	return NULL;
}

static bool read_file(const char *path, struct text *ret, struct error *err)
{
	FILE *f = fopen(path, "re");
	char buf[65536];
	size_t n;
	bool ok;

	if (f == NULL)
		return error_sys(err, errno, "%s", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0 && ret->len <= DRILLFILE_MAX)
		text_addn(ret, buf, n);
	ok = !ferror(f);
	if (!ok)
		error_sys(err, errno, "%s", path);
	fclose(f);
	if (ok && ret->len > DRILLFILE_MAX)
		return error_set(err, "%s: larger than %d MB", path, DRILLFILE_MAX >> 20);
	return ok;
}

struct drill *drillfile_read(const char *path, struct error *err)
{
	AUTO_TEXT json = { 0 };
	struct drill *d;

	if (!read_file(path, &json, err))
		return NULL;
	d = drillfile_parse(text_str(&json), err);
	if (d == NULL)
		error_wrap(err, "%s", path);
	return d;
}

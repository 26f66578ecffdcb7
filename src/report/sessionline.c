/* SPDX-License-Identifier: MIT */
#include "report/sessionline.h"

#include "base/number.h"
#include "field.h"
#include "plain.h"
#include "report/haproxylog.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

void sessionline_take(const struct record *r, struct sessionline *ret)
{
	struct addr client = addr_unpack(&r->client);
	char buf[ADDR_TEXT_MAX];

	*ret = (struct sessionline){
		.id = r->id,
		.accepted_wall_ms = r->accepted_wall_ms,
		.queue_ms = r->queue_ms,
		.connect_ms = r->connect_ms,
		.total_ms = r->total_ms,
		.idle_ms = r->idle_ms,
		.bytes_in = r->bytes_in,
		.bytes_out = r->bytes_out,
		.retries = r->retries,
		.redispatched = r->redispatched,
		.ended = r->ended,
		.worker = r->worker,
	};
	copy(ret->service, sizeof(ret->service), r->service->settings->name);
	if (r->server)
		copy(ret->server, sizeof(ret->server), r->server->settings->name);
	copy(ret->client, sizeof(ret->client),
	     r->client.family == AF_UNIX ? "unix" : addr_format(&client, buf));
	if (r->bind)
		copy(ret->bind, sizeof(ret->bind), r->bind->text);
	if (!r->ended)
		return;
	ret->error = reason_is_error(r->reason);
	copy(ret->reason, sizeof(ret->reason), reason_key(r->reason));
	copy(ret->words, sizeof(ret->words), reason_words(r->reason));
	copy(ret->haproxy, sizeof(ret->haproxy), haproxylog_state(r));
}

/* --- words -------------------------------------------------------------------------------- */

static void add_bytes(struct text *out, uint64_t n)
{
	char buf[32];

	number_format_bytes(n, buf, sizeof(buf));
	text_add(out, buf);
}

static void add_moment(const struct sessionline *l, unsigned int flags, struct text *out)
{
	int64_t wall_ms = l->accepted_wall_ms + l->total_ms;

	if (!(flags & (SESSIONLINE_TIME | SESSIONLINE_DATE)))
		return;
	plain_colour(out, flags & SESSIONLINE_COLOUR, PLAIN_DIM);
	if (flags & SESSIONLINE_DATE) {
		stamp_add_date(out, wall_ms);
		text_addc(out, ' ');
	}
	stamp_add_time(out, wall_ms);
	plain_colour(out, flags & SESSIONLINE_COLOUR, PLAIN_RESET);
	text_add(out, "  ");
}

static void add_path(const struct sessionline *l, struct text *out)
{
	plain_add(out, l->service);
	text_addc(out, '/');
	plain_add(out, l->server[0] ? l->server : "-");
}

void sessionline_write(const struct sessionline *l, unsigned int flags, struct text *out)
{
	bool colour = (flags & SESSIONLINE_COLOUR) && l->error;

	add_moment(l, flags, out);
	add_path(l, out);
	text_addf(out, "  session %" PRIu64 " of ", l->id);
	plain_add(out, l->client);
	text_add(out, l->ended ? " ended: " : " is open");
	if (l->ended) {
		plain_colour(out, colour, PLAIN_YELLOW);
		plain_add(out, l->words);
		plain_colour(out, colour, PLAIN_RESET);
	}
	text_add(out, "; ");
	plain_add_duration(out, l->total_ms);
	text_add(out, ", ");
	add_bytes(out, l->bytes_in);
	text_add(out, " in, ");
	add_bytes(out, l->bytes_out);
	text_add(out, " out");
	if (l->connect_ms >= 0)
		text_addf(out, ", connected in %" PRId32 " ms", l->connect_ms);
	if (l->retries) {
		text_add(out, ", ");
		text_addf(out, "%" PRIu32 " %s", l->retries, l->retries == 1 ? "retry" : "retries");
	}
	if (l->redispatched)
		text_add(out, ", went to another server");
}

/* --- table -------------------------------------------------------------------------------- */

enum { ID, CLIENT, WHERE, AGE, IDLE, IN, OUT, COLUMNS };
enum { GAP = 2, NAME_LEAST = 8 };

static const char *const headings[COLUMNS] = {
	"ID", "CLIENT", "SERVER", "AGE", "IDLE", "IN", "OUT"
};

static void write_cell(const struct sessionline *l, size_t column, struct text *out)
{
	switch (column) {
	case ID:
		text_addf(out, "%" PRIu64, l->id);
		break;
	case CLIENT:
		plain_add(out, l->client);
		break;
	case WHERE:
		add_path(l, out);
		break;
	case AGE:
		plain_add_duration(out, l->total_ms);
		break;
	case IDLE:
		plain_add_duration(out, l->idle_ms);
		break;
	case IN:
		add_bytes(out, l->bytes_in);
		break;
	default:
		add_bytes(out, l->bytes_out);
	}
}

static void measure(const struct sessionline *l, size_t count, size_t widths[COLUMNS])
{
	AUTO_TEXT cell = { 0 };

	for (size_t c = 0; c < COLUMNS; c++)
		widths[c] = strlen(headings[c]);
	for (size_t i = 0; i < count; i++) {
		for (size_t c = 0; c < COLUMNS; c++) {
			size_t n;

			text_clear(&cell);
			write_cell(&l[i], c, &cell);
			n = plain_width(text_str(&cell));
			widths[c] = n > widths[c] ? n : widths[c];
		}
	}
}

/* Names make room, the longer one first; numbers are whole or worth nothing. */
static void fit(size_t widths[COLUMNS], size_t width)
{
	size_t used = (size_t)GAP * (COLUMNS - 1);

	for (size_t c = 0; c < COLUMNS; c++)
		used += widths[c];
	for (; used > width; used--) {
		size_t longer = widths[CLIENT] > widths[WHERE] ? CLIENT : WHERE;

		if (widths[longer] <= NAME_LEAST)
			return;
		widths[longer]--;
	}
}

static void add_cell(struct text *out, const char *s, size_t column, size_t width)
{
	if (column)
		text_addf(out, "%*s", GAP, "");
	if (column == CLIENT || column == WHERE)
		plain_add_left(out, s, width);
	else
		plain_add_right(out, s, width);
}

void sessionline_write_table(const struct sessionline *l, size_t count, unsigned int width,
                             bool colour, struct text *out)
{
	AUTO_TEXT cell = { 0 };
	size_t widths[COLUMNS];

	measure(l, count, widths);
	fit(widths, width);
	plain_colour(out, colour, PLAIN_BOLD);
	for (size_t c = 0; c < COLUMNS; c++)
		add_cell(out, headings[c], c, widths[c]);
	plain_colour(out, colour, PLAIN_RESET);
	text_addc(out, '\n');
	for (size_t i = 0; i < count; i++) {
		for (size_t c = 0; c < COLUMNS; c++) {
			text_clear(&cell);
			write_cell(&l[i], c, &cell);
			add_cell(out, text_str(&cell), c, widths[c]);
		}
		text_addc(out, '\n');
	}
}

/* --- JSON --------------------------------------------------------------------------------- */

static void add_string(struct text *out, const char *key, const char *value)
{
	text_addf(out, ",\"%s\":", key);
	text_add_json(out, value);
}

/* A time that may never have begun. */
static void add_ms(struct text *out, const char *key, int32_t ms)
{
	if (ms < 0)
		text_addf(out, ",\"%s\":null", key);
	else
		text_addf(out, ",\"%s\":%" PRId32, key, ms);
}

static const char *flag(bool b)
{
	return b ? "true" : "false";
}

void sessionline_write_json(const struct sessionline *l, struct text *out)
{
	text_addf(out, "{\"kind\":\"session\",\"id\":%" PRIu64 ",\"time\":\"", l->id);
	stamp_add_rfc3339(out, l->accepted_wall_ms);
	text_addc(out, '"');
	add_string(out, "service", l->service);
	if (l->server[0])
		add_string(out, "server", l->server);
	else
		text_add(out, ",\"server\":null");
	add_string(out, "client", l->client);
	add_string(out, "bind", l->bind);
	add_ms(out, "queue_ms", l->queue_ms);
	add_ms(out, "connect_ms", l->connect_ms);
	text_addf(out, ",\"total_ms\":%" PRId64 ",\"idle_ms\":%" PRId64, l->total_ms, l->idle_ms);
	text_addf(out, ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64, l->bytes_in,
	          l->bytes_out);
	text_addf(out, ",\"retries\":%" PRIu32 ",\"redispatched\":%s,\"worker\":%" PRIu32,
	          l->retries, flag(l->redispatched), l->worker);
	text_addf(out, ",\"ended\":%s", flag(l->ended));
	if (l->ended) {
		text_add(out, ",\"end_time\":\"");
		stamp_add_rfc3339(out, l->accepted_wall_ms + l->total_ms);
		text_addc(out, '"');
		add_string(out, "reason", l->reason);
		add_string(out, "words", l->words);
		text_addf(out, ",\"error\":%s", flag(l->error));
		add_string(out, "haproxy", l->haproxy);
	}
	text_addc(out, '}');
}

void sessionline_write_list(const struct record *const *records, size_t count, struct text *out)
{
	struct sessionline l;

	text_add(out, "{\"sessions\":[");
	for (size_t i = 0; i < count; i++) {
		text_add(out, i ? ",\n" : "\n");
		sessionline_take(records[i], &l);
		sessionline_write_json(&l, out);
	}
	text_add(out, "]}\n");
}

static int32_t read_ms(struct field *f, const json_t *o, const char *key)
{
	if (json_is_null(json_object_get(o, key)))
		return -1;
	return (int32_t)field_unsigned(f, o, key, INT32_MAX);
}

static void read_line(struct field *f, const json_t *o, struct sessionline *l)
{
	l->id = field_unsigned(f, o, "id", INT64_MAX);
	l->accepted_wall_ms = field_time(f, o, "time");
	field_copy(f, o, "service", l->service, sizeof(l->service));
	field_copy_or_empty(f, o, "server", l->server, sizeof(l->server));
	field_copy(f, o, "client", l->client, sizeof(l->client));
	field_copy(f, o, "bind", l->bind, sizeof(l->bind));
	l->queue_ms = read_ms(f, o, "queue_ms");
	l->connect_ms = read_ms(f, o, "connect_ms");
	l->total_ms = field_number(f, o, "total_ms");
	l->idle_ms = field_number(f, o, "idle_ms");
	l->bytes_in = field_unsigned(f, o, "bytes_in", INT64_MAX);
	l->bytes_out = field_unsigned(f, o, "bytes_out", INT64_MAX);
	l->retries = (uint32_t)field_unsigned(f, o, "retries", UINT32_MAX);
	l->redispatched = field_flag(f, o, "redispatched");
	l->worker = (uint32_t)field_unsigned(f, o, "worker", UINT32_MAX);
	l->ended = field_flag(f, o, "ended");
	if (!l->ended || f->failed)
		return;
	field_copy(f, o, "reason", l->reason, sizeof(l->reason));
	field_copy(f, o, "words", l->words, sizeof(l->words));
	l->error = field_flag(f, o, "error");
	field_copy(f, o, "haproxy", l->haproxy, sizeof(l->haproxy));
}

bool sessionline_read_list(const char *json, struct sessionline **ret, size_t *ret_count,
                           struct error *err)
{
	struct field f = { .err = err };
	json_t *o = field_parse(&f, json);
	const json_t *list = o ? field_array(&f, o, "sessions") : NULL;
	size_t count = json_array_size(list);
	struct sessionline *lines = mem_zalloc((count ? count : 1) * sizeof(*lines));

	for (size_t i = 0; i < count && !f.failed; i++)
		read_line(&f, json_array_get(list, i), &lines[i]);
	json_decref(o);
	if (f.failed) {
		free(lines);
		return false;
	}
	*ret = lines;
	*ret_count = count;
	return true;
}

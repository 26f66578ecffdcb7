/* SPDX-License-Identifier: MIT */
#include "hcfgcopy.h"
#include "hcfgservice.h"

#include <string.h>

enum { STATUS_GOOD_LOW = 200, STATUS_GOOD_HIGH = 399 };

static const void *copy_bytes(struct hcfgservice *c, const void *bytes, size_t len)
{
	char *to;

	if (!bytes)
		return NULL;
	to = mem_arena_zalloc(c->arena, len + 1);
	memcpy(to, bytes, len);
	return to;
}

static struct settings_strings copy_strings(struct hcfgservice *c, struct settings_strings from)
{
	const char **at = mem_arena_zalloc(c->arena, (from.count + 1) * sizeof(*at));

	for (size_t i = 0; i < from.count; i++)
		at[i] = hcfgcopy_text(c, from.at[i]);
	return (struct settings_strings){ from.count ? at : NULL, from.count };
}

static struct settings_step copy_step(struct hcfgservice *c, const struct hcfgmodel_step *from)
{
	struct settings_step s = from->step;
	const char **const texts[] = { &s.comment,  &s.address,        &s.sni,
		                       &s.alpn,     &s.method,         &s.path,
		                       &s.version,  &s.host,           &s.body,
		                       &s.name,     &s.ok_status,      &s.error_status,
		                       &s.on_error, &s.timeout_status, &s.on_success };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = hcfgcopy_text(c, *texts[i]);
	s.bytes = copy_bytes(c, s.bytes, s.len);
	s.headers = copy_strings(c, s.headers);
	s.statuses.at = copy_bytes(c, s.statuses.at, s.statuses.count * sizeof(*s.statuses.at));
	return s;
}

static bool is_name(const char *address)
{
	struct addr addr;

	return address && !addr_parse_ip(address, 0, &addr);
}

/* Whether all rules that connect do so to the same name, which is then the check's own address. */
static bool share_name(const struct hcfgmodel_rules *rules)
{
	const char *name = NULL;

	for (const struct hcfgmodel_step *s = rules->newest; s; s = s->next) {
		const char *address = s->step.address;

		if (s->step.kind != SETTINGS_STEP_CONNECT)
			continue;
		if (!is_name(address) || (name && strcmp(name, address) != 0))
			return false;
		name = address;
	}
	return name != NULL;
}

/* Steps do not look names up. */
static void drop_name(struct hcfgservice *c, const struct hcfgmodel_step *from,
                      struct settings_step *s)
{
	if (!is_name(s->address))
		return;
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, from->place,
	             "\"addr %.60s\": a name, where other rules connect elsewhere; sluice connects "
	             "to the check's address: write a numeric one",
	             s->address);
	s->address = NULL;
}

/* With room for two more steps, and the first one at steps[1]. */
static struct settings_step *copy_list(struct hcfgservice *c, const struct hcfgmodel_rules *rules,
                                       size_t *ret_count)
{
	const struct hcfgmodel_step *from;
	struct settings_step *steps;
	bool named = share_name(rules);
	size_t count = 0;

	for (from = rules->newest; from; from = from->next)
		count++;
	steps = mem_arena_zalloc(c->arena, (count + 2) * sizeof(*steps));
	*ret_count = count;
	for (from = rules->newest; from; from = from->next) {
		steps[count] = copy_step(c, from);
		if (!named)
			drop_name(c, from, &steps[count]);
		count--;
	}
	return steps;
}

struct settings_steps hcfgsteps_copy(struct hcfgservice *c, const struct hcfgmodel_rules *rules)
{
	size_t count;
	struct settings_step *steps;

	if (rules->lost || !rules->newest)
		return (struct settings_steps){ 0 };
	steps = copy_list(c, rules, &count);
	return (struct settings_steps){ steps + 1, count };
}

static struct settings_strings copy_headers(struct hcfgservice *c,
                                            const struct hcfgmodel_header *list)
{
	const struct hcfgmodel_header *h;
	const char **lines;
	size_t n = 0;

	for (h = list; h; h = h->next)
		n++;
	lines = mem_arena_zalloc(c->arena, (n + 1) * sizeof(*lines));
	for (h = list; h; h = h->next)
		lines[--n] = hcfgcopy_text(c, h->line);
	for (h = list; h; h = h->next)
		n++;
	return (struct settings_strings){ n ? lines : NULL, n };
}

/* What "option httpchk" says, as a request. */
static struct settings_step option_request(struct hcfgservice *c, const struct hcfgmodel_health *h)
{
	return (struct settings_step){
		.kind = SETTINGS_STEP_SEND,
		.method = hcfgcopy_text(c, h->method),
		.path = hcfgcopy_text(c, h->path),
		.version = hcfgcopy_text(c, h->version),
		.host = hcfgcopy_text(c, h->host),
		.headers = copy_headers(c, h->headers),
	};
}

/* Each thing is as in `late`, if that says it; headers are one thing. */
static struct settings_step merge(const struct settings_step *early,
                                  const struct settings_step *late)
{
	struct settings_step s = *early;

	s.method = late->method ? late->method : s.method;
	s.path = late->path ? late->path : s.path;
	s.version = late->version ? late->version : s.version;
	s.body = late->body ? late->body : s.body;
	s.comment = late->comment ? late->comment : s.comment;
	if (late->headers.count || late->host) {
		s.headers = late->headers;
		s.host = late->host;
	}
	return s;
}

/* What is not said is HAProxy's own default. */
static void complete(struct settings_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (steps[i].kind != SETTINGS_STEP_SEND)
			continue;
		steps[i].method = steps[i].method ? steps[i].method : "OPTIONS";
		steps[i].path = steps[i].path ? steps[i].path : "/";
		steps[i].version = steps[i].version ? steps[i].version : "1.0";
	}
}

static bool is_later(struct hcfgnote_place a, struct hcfgnote_place b)
{
	return a.file_number != b.file_number ? a.file_number > b.file_number : a.line > b.line;
}

/* The first rule of that kind that was written; its place. */
static struct hcfgnote_place place_of_request(const struct hcfgmodel_rules *rules)
{
	struct hcfgnote_place place = { 0 };

	for (const struct hcfgmodel_step *s = rules->newest; s; s = s->next)
		if (s->step.kind == SETTINGS_STEP_SEND)
			place = s->place;
	return place;
}

/*
 * HAProxy wants connect, send and expect in turns, where the section has the option itself, which
 * is a send of its own.
 */
static void judge_order(struct hcfgservice *c, const struct hcfgmodel_health *h,
                        const struct settings_step *steps, size_t count)
{
	enum settings_step_kind last = SETTINGS_STEP_SEND;

	for (size_t i = 0; i < count; i++) {
		enum settings_step_kind kind = steps[i].kind;
		bool fits = kind == SETTINGS_STEP_CONNECT ? !i || last == SETTINGS_STEP_EXPECT
		            : kind == SETTINGS_STEP_SEND  ? !i || last == SETTINGS_STEP_CONNECT
		                                          : last != SETTINGS_STEP_CONNECT;

		if (!fits)
			hcfgnote_add(
			    c->notes, HCFGNOTE_ERROR, h->place,
			    "\"http-check\": write connect, send and expect in this order; "
			    "a further round begins with connect");
		last = kind;
	}
}

struct settings_steps hcfgsteps_http(struct hcfgservice *c, const struct hcfgmodel_health *h)
{
	static const struct settings_range good[] = { { STATUS_GOOD_LOW, STATUS_GOOD_HIGH } };
	size_t count;
	struct settings_step *all = copy_list(c, &h->http, &count);
	struct settings_step *steps = all + 1;
	size_t at = count && steps[0].kind == SETTINGS_STEP_CONNECT;
	struct settings_step option = option_request(c, h);
	bool own = h->owner == h->http.owner; /* the option stands in the same section */

	if (own)
		judge_order(c, h, steps, count);
	if (at == count || steps[at].kind != SETTINGS_STEP_SEND) {
		steps = all;
		memmove(steps, steps + 1, at * sizeof(*steps));
		steps[at] = option;
		count++;
	} else if (own) {
		steps[at] = is_later(h->place, place_of_request(&h->http))
		                ? merge(&steps[at], &option)
		                : merge(&option, &steps[at]);
	}
	complete(steps, count);
	if (steps[count - 1].kind == SETTINGS_STEP_SEND) {
		struct settings_step *more =
		    mem_arena_zalloc(c->arena, (count + 1) * sizeof(*more));

		memcpy(more, steps, count * sizeof(*more));
		steps = more;
		steps[count++] = (struct settings_step){ .kind = SETTINGS_STEP_EXPECT,
			                                 .match = SETTINGS_MATCH_STATUS,
			                                 .statuses = { good, ARRAY_LEN(good) } };
	}
	return (struct settings_steps){ steps, count };
}

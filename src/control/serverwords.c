/* SPDX-License-Identifier: MIT */
#include "serverwords.h"

#include "base/number.h"
#include "base/suggest.h"

#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One keyword being read. */
struct reading {
	struct serverwords_line *line;
	const struct topology *topology;
	const char *word;
	const char *const *args; /* what follows it, ends with NULL */
	size_t used;             /* of `args` */
	void *to;                /* the member of `line` that it sets */
	struct error *err;
};

typedef bool keyword_reader(struct reading *r);

static const char *next(struct reading *r)
{
	const char *s = r->args[r->used];

	if (s)
		r->used++;
	return s;
}

static const char *keep(struct reading *r, const char *s)
{
	return mem_arena_strdup(&r->line->own->arena, s);
}

/* --- kinds of values ---------------------------------------------------------------------- */

/* HAProxy takes what is no number for 0, which would lift the limit. */
static bool take_limit(struct reading *r)
{
	const char *s = next(r);
	uint64_t n;

	if (!s)
		return error_set(r->err, "'%s' expects an integer argument.", r->word);
	if (!number_parse(s, INT32_MAX, &n))
		return error_set(r->err, "'%s' expects an integer argument but got '%s'.", r->word,
		                 s);
	*(uint32_t *)r->to = (uint32_t)n;
	return true;
}

static bool take_delay(struct reading *r)
{
	const char *s = next(r);
	uint64_t ms;

	if (!s)
		return error_set(r->err, "'%s' expects a delay as argument..", r->word);
	if (!number_parse_duration(s, &ms)) {
		size_t good = strspn(s, "0123456789");

		return error_set(r->err,
		                 "unexpected character '%c' in '%s' argument of server %s..",
		                 s[good], r->word, r->line->server.name);
	}
	if (!ms || ms > INT32_MAX)
		return error_set(r->err, "invalid value %s for argument '%s' of server %s..", s,
		                 r->word, r->line->server.name);
	*(uint32_t *)r->to = (uint32_t)ms;
	return true;
}

static bool take_positive(struct reading *r)
{
	const char *s = next(r);
	uint64_t n;

	if (!s)
		return error_set(r->err, "'%s' expects an integer argument..", r->word);
	if (!number_parse(s, INT16_MAX, &n) || !n)
		return error_set(r->err, "'%s' has to be > 0..", r->word);
	*(uint16_t *)r->to = (uint16_t)n;
	return true;
}

static bool take_port(struct reading *r)
{
	const char *s = next(r);
	uint64_t n;

	if (!s)
		return error_set(r->err, "'%s' expects a port number as argument..", r->word);
	if (!number_parse(s, UINT16_MAX, &n) || !n)
		return error_set(r->err, "invalid port '%s'", s);
	*(uint16_t *)r->to = (uint16_t)n;
	return true;
}

static bool take_text(struct reading *r)
{
	const char *s = next(r);

	if (!s)
		return error_set(r->err, "'%s' expects an argument..", r->word);
	*(const char **)r->to = keep(r, s);
	return true;
}

static bool take_ip(struct reading *r)
{
	const char *s = next(r);
	struct addr addr;

	if (!s)
		return error_set(r->err, "'%s' expects <ipv4|ipv6> as argument..", r->word);
	if (!*s || *s == '*' || !addr_parse_ip(s, 0, &addr))
		return error_set(r->err, "'%s' : invalid address: '%s' in '%s'.", r->word, s, s);
	*(const char **)r->to = keep(r, s);
	return true;
}

static bool take_true(struct reading *r)
{
	*(bool *)r->to = true;
	return true;
}

static bool take_false(struct reading *r)
{
	*(bool *)r->to = false;
	return true;
}

/* --- the server --------------------------------------------------------------------------- */

static bool on_weight(struct reading *r)
{
	const char *s = next(r);
	uint64_t n;

	if (!s)
		return error_set(r->err, "'weight' expects an integer argument.");
	if (!number_parse(s, 256, &n))
		return error_set(r->err, "weight of server %s is not within 0 and 256 (%s)..",
		                 r->line->server.name, s);
	r->line->server.weight = (uint16_t)n;
	return true;
}

static bool on_id(struct reading *r)
{
	const struct topology_service *service = r->line->service;
	const char *s = next(r);
	uint64_t n;

	if (!s)
		return error_set(r->err, "'id' : expects an integer argument.");
	if (!number_parse(s, INT32_MAX, &n) || !n)
		return error_set(r->err, "'id' : custom id has to be > 0.");
	for (size_t i = 0; i < service->server_count; i++)
		if (service->servers[i]->id == n)
			return error_set(r->err, "'id' : custom id %u already used ('server %s').",
			                 (unsigned int)n, service->servers[i]->settings->name);
	r->line->server.id = (uint32_t)n;
	return true;
}

static bool on_send_proxy(struct reading *r)
{
	r->line->server.send_proxy = SETTINGS_PROXY_V1;
	return true;
}

static bool on_send_proxy_v2(struct reading *r)
{
	r->line->server.send_proxy = SETTINGS_PROXY_V2;
	return true;
}

static bool on_no_send_proxy(struct reading *r)
{
	r->line->server.send_proxy = SETTINGS_PROXY_NONE;
	return true;
}

static bool parse_source_ports(struct reading *r, const char *text, struct settings_source *ret)
{
	const char *dash = strchr(text, '-');
	char low[8];
	uint64_t from;
	uint64_t to;

	snprintf(low, sizeof(low), "%.*s", dash ? (int)(dash - text) : (int)strlen(text), text);
	if (!number_parse(low, UINT16_MAX, &from) ||
	    !number_parse(dash ? dash + 1 : low, UINT16_MAX, &to) || from > to)
		return error_set(r->err, "'source' : invalid port range '%s'.", text);
	ret->port_low = (uint16_t)from;
	ret->port_high = (uint16_t)to;
	return true;
}

static bool parse_source(struct reading *r, const char *text, struct settings_source *ret)
{
	const char *colon = strrchr(text, ':');
	char *host;
	bool good;

	if (addr_parse_ip(text, 0, &ret->addr))
		return true;
	host = mem_strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	good = addr_parse_ip(host, 0, &ret->addr);
	free(host);
	if (!good)
		return error_set(r->err, "'source %s' : invalid address: '%s' in '%s'.", text, text,
		                 text);
	return !colon || parse_source_ports(r, colon + 1, ret);
}

static bool on_source(struct reading *r)
{
	struct settings_source *source = &r->line->server.source;
	const char *s = next(r);

	if (!s)
		return error_set(r->err,
		                 "'source' expects <addr>[:<port>[-<port>]], and optionally "
		                 "'usesrc' <addr>, and 'interface' <name> as argument..");
	if (!parse_source(r, s, source))
		return false;
	if (!r->args[r->used] || strcmp(r->args[r->used], "interface") != 0)
		return true;
	r->used++;
	s = next(r);
	if (!s || !*s || strlen(s) >= IF_NAMESIZE)
		return error_set(r->err, "'interface' : missing interface name..");
	source->interface = keep(r, s);
	return true;
}

static bool on_usesrc(struct reading *r)
{
	if (r->line->server.source.addr.len)
		return error_set(r->err, "'usesrc' : transparent proxying is not available here..");
	return error_set(r->err, "'usesrc' only allowed after a 'source' statement..");
}

static bool on_ssl(struct reading *r)
{
	return error_set(r->err,
	                 "'%s' : sessions go to servers as they come, without TLS of the "
	                 "proxy's own.",
	                 r->word);
}

/* "server" alone is one of the same service. */
static bool on_track(struct reading *r)
{
	const char *s = next(r);
	const char *slash = s ? strrchr(s, '/') : NULL;
	const struct topology_service *service = r->line->service;
	struct mem_arena *arena = &r->line->own->arena;
	const char *path;

	if (!s || !*s)
		return error_set(r->err, "'track' expects [<proxy>/]<server> as argument..");
	path = slash ? keep(r, s) : mem_arena_printf(arena, "%s/%s", service->settings->name, s);
	if (slash &&
	    !topology_find_service(r->topology, mem_arena_strndup(arena, s, (size_t)(slash - s))))
		return error_set(r->err, "unable to find required proxy '%.*s' for tracking.",
		                 (int)(slash - s), s);
	if (!topology_find_server(r->topology, path))
		return error_set(r->err, "unable to find required server '%s' for tracking.",
		                 slash ? slash + 1 : s);
	r->line->server.track = path;
	return true;
}

static bool on_observe(struct reading *r)
{
	const char *s = next(r);

	if (s && strcmp(s, "layer7") == 0)
		return error_set(r->err, "'layer7' can only be used in http proxies..");
	if (!s || (strcmp(s, "none") != 0 && strcmp(s, "layer4") != 0))
		return error_set(
		    r->err, "'observe' expects one of 'none', 'layer4', 'layer7' but got '%s'.",
		    s ? s : "");
	r->line->server.observe = *s == 'l';
	return true;
}

static bool on_error_limit(struct reading *r)
{
	const char *s = next(r);
	uint64_t n;

	if (!s)
		return error_set(r->err, "'error-limit' expects an integer argument.");
	if (!number_parse(s, INT32_MAX, &n) || !n)
		return error_set(r->err, "error-limit has to be > 0..");
	r->line->server.error_limit = (uint32_t)n;
	return true;
}

static bool on_on_error(struct reading *r)
{
	static const char *const words[] = {
		[SETTINGS_ON_ERROR_FASTINTER] = "fastinter",
		[SETTINGS_ON_ERROR_FAIL_CHECK] = "fail-check",
		[SETTINGS_ON_ERROR_SUDDEN_DEATH] = "sudden-death",
		[SETTINGS_ON_ERROR_MARK_DOWN] = "mark-down",
	};
	const char *s = next(r);

	for (size_t i = 0; s && i < ARRAY_LEN(words); i++)
		if (strcmp(s, words[i]) == 0) {
			r->line->server.on_error = (enum settings_on_error)i;
			return true;
		}
	return error_set(r->err,
	                 "'on-error' expects one of 'fastinter', 'fail-check', 'sudden-death' or "
	                 "'mark-down' but got '%s'.",
	                 s ? s : "");
}

static bool read_only_word(struct reading *r, const char *only)
{
	const char *s = next(r);

	if (!s || strcmp(s, only) != 0)
		return error_set(r->err, "'%s' expects '%s' but got '%s'.", r->word, only,
		                 s ? s : "");
	return true;
}

static bool on_marked_down(struct reading *r)
{
	r->line->server.shutdown_on_down = true;
	return read_only_word(r, "shutdown-sessions");
}

static bool on_marked_up(struct reading *r)
{
	r->line->server.shutdown_backup_on_up = true;
	return read_only_word(r, "shutdown-backup-sessions");
}

/* --- checks ------------------------------------------------------------------------------- */

static bool on_verify(struct reading *r)
{
	const char *s = next(r);

	if (!s || (strcmp(s, "none") != 0 && strcmp(s, "required") != 0))
		return error_set(r->err,
		                 "'verify' : unknown verify method '%s', only 'none' and "
		                 "'required' are supported.",
		                 s ? s : "");
	r->line->check.verify = *s == 'r';
	return true;
}

static bool on_crt(struct reading *r)
{
	if (!take_text(r))
		return false;
	r->line->check.key = r->line->check.cert;
	return true;
}

/* --- without effect, and refused ---------------------------------------------------------- */

static bool take_none(struct reading *r)
{
	(void)r;
	return true;
}

static bool take_one(struct reading *r)
{
	if (!next(r))
		return error_set(r->err, "'%s' expects an argument.", r->word);
	return true;
}

static bool refuse(struct reading *r)
{
	return error_set(r->err, "'%s' option is not accepted for dynamic server", r->word);
}

static const struct {
	const char *word;
	keyword_reader *read;
	size_t offset;
} keywords[] = {
#define KEYWORD(word_, read_, member)                                                              \
	{ (word_), (read_), offsetof(struct serverwords_line, member) },
#include "serverwords.def"
};

static bool complain(struct reading *r)
{
	const char *names[ARRAY_LEN(keywords)];
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		names[i] = keywords[i].word;
	near = suggest_nearest(r->word, names, ARRAY_LEN(names));
	if (near)
		return error_set(r->err, "unknown keyword '%s'; did you mean '%s' maybe ?", r->word,
		                 near);
	return error_set(r->err, "unknown keyword '%s'.", r->word);
}

static bool read_keyword(struct reading *r)
{
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (strcmp(r->word, keywords[i].word) == 0) {
			r->to = (char *)r->line + keywords[i].offset;
			return keywords[i].read(r);
		}
	return complain(r);
}

bool serverwords_read(struct serverwords_line *l, const struct topology *t,
                      const char *const *words, struct error *err)
{
	while (*words) {
		struct reading r = {
			.line = l, .topology = t, .word = words[0], .args = words + 1, .err = err
		};

		if (!read_keyword(&r))
			return false;
		words += 1 + r.used;
	}
	return true;
}

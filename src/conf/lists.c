/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include "base/number.h"
#include "keytable.h"
#include "scalars.h"

#include <stdio.h>
#include <string.h>

static bool is_list(const config_setting_t *v)
{
	return config_setting_is_list(v) || config_setting_is_array(v);
}

size_t lists_length(const config_setting_t *v)
{
	return is_list(v) ? (size_t)config_setting_length(v) : 1;
}

const config_setting_t *lists_element(const config_setting_t *v, size_t i)
{
	return is_list(v) ? config_setting_get_elem(v, (unsigned int)i) : v;
}

/* A header without what would end it or the request (RFC 9112 section 5). */
static bool is_header(const char *s)
{
	size_t name = strcspn(s, ": \t");

	if (!name || s[name] != ':')
		return false;
	for (size_t i = 0; s[i]; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return true;
}

static bool read_header(struct draft_context *c, const config_setting_t *v, const char **ret)
{
	const char *s = scalars_text(c, v, "\"Name: value\"");

	if (!s)
		return false;
	if (!is_header(s)) {
		problem_add(c->problems, v, "\"%.60s\" is not a header: write \"Name: value\"", s);
		return false;
	}
	*ret = mem_arena_strdup(c->arena, s);
	return true;
}

static bool read_nameserver(struct draft_context *c, const config_setting_t *v, const char **ret)
{
	const char *s = scalars_text(c, v, "\"10.0.0.2\"");
	char text[ADDR_TEXT_MAX];
	struct error err;
	struct addr addr;
	char host[64];
	uint16_t port;

	if (!s)
		return false;
	if (!addr_split(s, 53, host, sizeof(host), &port, &err) || !*host ||
	    !addr_parse_ip(host, port, &addr)) {
		problem_add(c->problems, v,
		            "\"%.60s\" is not the address of a name server: write \"10.0.0.2\" or "
		            "\"10.0.0.2:53\"",
		            s);
		return false;
	}
	*ret = mem_arena_strdup(c->arena, addr_format(&addr, text));
	return true;
}

static void read_strings(struct draft_context *c, const struct keytable_key *k,
                         const config_setting_t *v, void *base,
                         bool (*read)(struct draft_context *, const config_setting_t *,
                                      const char **))
{
	size_t n = lists_length(v);
	const char **at = mem_arena_zalloc(c->arena, n * sizeof(*at));
	struct settings_strings list = { at, n };
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		ok &= read(c, lists_element(v, i), &at[i]);
	if (ok)
		memcpy((char *)base + k->offset, &list, sizeof(list));
}

void lists_headers(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                   void *base)
{
	read_strings(c, k, v, base, read_header);
}

static bool read_name(struct draft_context *c, const config_setting_t *v, const char **ret)
{
	return scalars_read_name(c, v, "\"psql\"", ret);
}

void lists_names(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                 void *base)
{
	read_strings(c, k, v, base, read_name);
}

void lists_nameservers(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base)
{
	read_strings(c, k, v, base, read_nameserver);
}

static bool parse_status(const char *s, struct settings_range *ret)
{
	const char *dash = strchr(s, '-');
	char low[8];
	uint64_t a;
	uint64_t b;
	int len = dash ? (int)(dash - s) : (int)strnlen(s, sizeof(low));

	if (len >= (int)sizeof(low))
		return false;
	snprintf(low, sizeof(low), "%.*s", len, s);
	if (!number_parse(low, 599, &a) || !number_parse(dash ? dash + 1 : low, 599, &b) ||
	    a < 100 || b < a)
		return false;
	*ret = (struct settings_range){ (uint16_t)a, (uint16_t)b };
	return true;
}

static bool read_status(struct draft_context *c, const config_setting_t *v,
                        struct settings_range *ret)
{
	char buf[PROBLEM_VALUE_MAX];
	char word[24] = "";

	if (config_setting_type(v) == CONFIG_TYPE_STRING)
		snprintf(word, sizeof(word), "%s", config_setting_get_string(v));
	else if (config_setting_type(v) == CONFIG_TYPE_INT)
		snprintf(word, sizeof(word), "%d", config_setting_get_int(v));
	if (parse_status(word, ret))
		return true;
	problem_add(c->problems, v,
	            "%s is not an HTTP status: write 100 to 599, or a range such as \"200-399\"",
	            problem_value(v, buf));
	return false;
}

void lists_statuses(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	size_t n = lists_length(v);
	struct settings_range *at = mem_arena_zalloc(c->arena, n * sizeof(*at));
	struct settings_ranges list = { at, n };
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		ok &= read_status(c, lists_element(v, i), &at[i]);
	if (ok)
		memcpy((char *)base + k->offset, &list, sizeof(list));
}

void lists_nets(struct draft_context *c, const struct keytable_key *k, const config_setting_t *v,
                void *base)
{
	size_t n = lists_length(v);
	struct addr_net *at = mem_arena_zalloc(c->arena, n * sizeof(*at));
	struct draft_nets list = { at, n };
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		const config_setting_t *e = lists_element(v, i);
		const char *s = scalars_text(c, e, "\"10.0.0.0/8\"");
		struct error err;

		if (s && !addr_net_parse(s, &at[i], &err))
			problem_add(c->problems, e, "%s: write \"10.0.0.7\" or \"10.0.0.0/8\"",
			            err.text);
		else if (s)
			continue;
		ok = false;
	}
	if (ok)
		memcpy((char *)base + k->offset, &list, sizeof(list));
}

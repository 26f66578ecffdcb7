/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "base/suggest.h"
#include "hcfgparts.h"

#include <string.h>

enum { DRAWS_MAX = 1000, FACTOR_MIN = 101, FACTOR_MAX = 1000000 };

/* "random(3)": how many servers are drawn; "random": two. */
static void take_draws(struct hcfgreader *r, const char *word, struct hcfgmodel_proxy *p)
{
	const char *open = strchr(word, '(');
	const char *digits;
	uint64_t n;

	p->random_draws = 2;
	if (!open)
		return;
	digits = mem_arena_strndup(&r->model->arena, open + 1, strcspn(open + 1, ")"));
	if (!number_parse(digits, DRAWS_MAX, &n) || n < 1 || open[strlen(open) - 1] != ')')
		hcfgreader_error(r, "\"%.30s\": write random(N), with N from 1 to %d", word,
		                 DRAWS_MAX);
	else
		p->random_draws = (uint32_t)n;
}

static void take_hash(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const inputs[] = { "src", "src_port", "dst", "dst_port" };
	int input;

	if (r->count < 2) {
		hcfgreader_error(r, "hash what? write src, src_port, dst or dst_port");
		return;
	}
	input = hcfgreader_find(r->words[1], inputs, ARRAY_LEN(inputs));
	if (input >= 0) {
		p->balance = SETTINGS_HASH;
		p->hash.input = (enum settings_hash_input)input;
	} else if (strpbrk(r->words[1], ",(._")) {
		hcfgreader_lose(
		    r,
		    "hash %.60s: sluice has src, src_port, dst and dst_port; it becomes "
		    "roundrobin",
		    r->words[1]);
	} else {
		hcfgreader_error(r,
		                 "unknown sample \"%.30s\": write src, src_port, dst or dst_port",
		                 r->words[1]);
	}
}

/* What is balanced by something that a relay of bytes does not see. */
static bool is_lost(struct hcfgreader *r, const char *word, const struct hcfgmodel_proxy *p)
{
	static const char *const http[] = { "uri", "hdr", "url_param" };

	if (hcfgreader_find(word, http, ARRAY_LEN(http)) >= 0) {
		if (p->http.n)
			hcfgreader_lose(r, "%s: part of HTTP; it becomes roundrobin", word);
		else
			hcfgreader_remark(r, "%s: in mode tcp HAProxy takes roundrobin, too", word);
		return true;
	}
	if (strcmp(word, "rdp-cookie") != 0)
		return false;
	hcfgreader_lose(r, "rdp-cookie: it becomes roundrobin");
	return true;
}

void hcfgbalance_read(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const known[] = { "roundrobin", "leastconn", "random",   "first",
		                             "source",     "hash",      "static-rr" };
	const char *given = r->count ? r->words[0] : "roundrobin";
	size_t len = strcspn(given, "(");
	char word[32] = "";
	const char *near;
	int found;

	if (len < sizeof(word))
		memcpy(word, given, len);
	p->balance = SETTINGS_ROUNDROBIN;
	found = hcfgreader_find(word, known, ARRAY_LEN(known));
	if (found == SETTINGS_HASH) {
		take_hash(r, p);
	} else if (found >= 0) {
		p->balance = (enum settings_balance)found;
		if (p->balance == SETTINGS_RANDOM)
			take_draws(r, given, p);
	} else if (!is_lost(r, word, p)) {
		near = suggest_nearest(word, known, ARRAY_LEN(known));
		hcfgreader_error(r, "unknown algorithm \"%.30s\"%s%s%s", given,
		                 near ? "; did you mean \"" : "", near ? near : "",
		                 near ? "\"?" : "");
	}
}

/* hash-type map-based|consistent [FUNCTION [avalanche]] */
void hcfgbalance_read_type(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const types[] = { "map-based", "consistent" };
	static const char *const functions[] = { "sdbm", "djb2", "wt6", "crc32" };
	int type = hcfgreader_find(r->words[0], types, ARRAY_LEN(types));
	int function = 0;

	if (type < 0) {
		hcfgreader_error(r, "unknown type \"%.30s\": write map-based or consistent",
		                 r->words[0]);
		return;
	}
	if (r->count > 1) {
		function = hcfgreader_find(r->words[1], functions, ARRAY_LEN(functions));
		if (function < 0) {
			hcfgreader_error(
			    r, "unknown function \"%.30s\": write sdbm, djb2, wt6 or crc32",
			    r->words[1]);
			return;
		}
	}
	if (r->count > 2 && strcmp(r->words[2], "avalanche") != 0)
		hcfgreader_error(r, "unknown modifier \"%.30s\": write avalanche", r->words[2]);
	p->hash.type = (enum settings_hash_type)type;
	p->hash.function = (enum settings_hash_function)function;
	p->hash.avalanche = r->count > 2 || (r->count == 1 && type == SETTINGS_HASH_CONSISTENT);
}

void hcfgbalance_read_factor(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	uint32_t n = hcfgreader_loose(r, r->words[0], FACTOR_MAX);

	if (n && n < FACTOR_MIN)
		hcfgreader_error(r, "\"%.30s\": write 0, or more than 100", r->words[0]);
	else
		p->hash.balance_factor = n;
}

/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "hcfgparts.h"

#include <stdio.h>
#include <string.h>

enum { NETS_MAX = 4096 };

/* The acls that HAProxy has without being told; those of HTTP have no words here. */
static const char *const predefined[] = {
	"FALSE",        "HTTP",         "HTTP_1.0",       "HTTP_1.1",      "HTTP_2.0",
	"HTTP_CONTENT", "HTTP_URL_ABS", "HTTP_URL_SLASH", "HTTP_URL_STAR", "METH_CONNECT",
	"METH_DELETE",  "METH_GET",     "METH_HEAD",      "METH_OPTIONS",  "METH_POST",
	"METH_PUT",     "METH_TRACE",   "RDP_COOKIE",     "REQ_CONTENT",   "WAIT_END",
};

const struct hcfgmodel_acl *hcfgaccess_find(const struct hcfgmodel_acl *list, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

/* --- what an acl looks at ----------------------------------------------------------------- */

static void take_nets(struct hcfgreader *r, const char *const *words, size_t count,
                      struct hcfgmodel_acl *acl)
{
	struct addr_net *nets = mem_arena_zalloc(&r->model->arena, count * sizeof(*nets));

	for (size_t i = 0; i < count; i++) {
		if (*words[i] == '-')
			return; /* -f FILE, -m METHOD */
		if (!addr_net_parse(words[i], &nets[i], NULL)) {
			if (!words[i][strspn(words[i], "0123456789abcdefABCDEF.:/")])
				hcfgreader_error(r, "\"%.60s\" is not an address", words[i]);
			return;
		}
	}
	acl->look = HCFGMODEL_LOOK_SRC;
	acl->nets = nets;
	acl->count = count;
}

/* "sc0_conn_rate", "sc_conn_rate(0,T)", "src_conn_rate(T)"; false if it is another sample. */
static bool parse_rate(struct hcfgreader *r, const char *sample, struct hcfgmodel_acl *acl)
{
	static const char *const names[] = { "sc0_conn_rate", "src_conn_rate", "sc_conn_rate" };
	size_t len = strcspn(sample, "(");
	const char *inner = sample[len] ? sample + len + 1 : "";
	size_t inner_len = strcspn(inner, ")");

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strlen(names[i]) != len || strncmp(names[i], sample, len) != 0)
			continue;
		if (strcmp(names[i], "sc_conn_rate") == 0) {
			if (*inner != '0')
				return false;
			inner += inner[1] == ',' ? 2 : 1;
			inner_len = strcspn(inner, ")");
		}
		if (inner_len)
			acl->table = mem_arena_strndup(&r->model->arena, inner, inner_len);
		return true;
	}
	return false;
}

/* The words of an acl after its name, or of "{ ... }". */
static void take_test(struct hcfgreader *r, const char *const *words, size_t count,
                      struct hcfgmodel_acl *acl)
{
	uint64_t n;

	acl->look = HCFGMODEL_LOOK_OTHER;
	if (count > 1 && strcmp(words[0], "src") == 0) {
		take_nets(r, words + 1, count - 1, acl);
	} else if (count == 2 &&
	           (strcmp(words[0], "path") == 0 || strcmp(words[0], "path_beg") == 0)) {
		acl->path = words[1];
	} else if (count == 3 && parse_rate(r, words[0], acl) &&
	           number_parse(words[2], UINT32_MAX - 1, &n)) {
		bool ge = strcmp(words[1], "ge") == 0;

		if ((!ge && strcmp(words[1], "gt") != 0) || n < 1)
			return;
		acl->look = HCFGMODEL_LOOK_RATE;
		acl->limit = (uint32_t)n - ge;
	}
}

/* An acl that is written more than once is true if one of its lines is. */
static void join(struct hcfgreader *r, struct hcfgmodel_acl *acl, const struct hcfgmodel_acl *old)
{
	struct addr_net *nets;

	acl->path = NULL;
	if (!acl->nets || !old->nets || acl->count + old->count > NETS_MAX) {
		acl->look = HCFGMODEL_LOOK_OTHER;
		acl->nets = NULL;
		acl->count = 0;
		return;
	}
	nets = mem_arena_zalloc(&r->model->arena, (acl->count + old->count) * sizeof(*nets));
	memcpy(nets, old->nets, old->count * sizeof(*nets));
	memcpy(nets + old->count, acl->nets, acl->count * sizeof(*nets));
	acl->nets = nets;
	acl->count += old->count;
}

void hcfgaccess_read_acl(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_acl *acl = mem_arena_zalloc(&r->model->arena, sizeof(*acl));
	const struct hcfgmodel_acl *old = hcfgaccess_find(p->acls, r->words[0]);

	acl->name = r->words[0];
	take_test(r, r->words + 1, r->count - 1, acl);
	if (acl->look == HCFGMODEL_LOOK_OTHER && !acl->path)
		hcfgreader_remark(r,
		                  "sluice has no condition \"%.30s\"; what depends on it is "
		                  "named where it stands",
		                  r->words[1]);
	if (old)
		join(r, acl, old);
	acl->next = p->acls;
	p->acls = acl;
}

/* --- conditions --------------------------------------------------------------------------- */

static const struct hcfgmodel_acl *make_anonymous(struct hcfgreader *r, const char *const *words,
                                                  size_t count)
{
	struct hcfgmodel_acl *acl = mem_arena_zalloc(&r->model->arena, sizeof(*acl));

	acl->name = "";
	if (count)
		take_test(r, words, count, acl);
	else
		acl->look = HCFGMODEL_LOOK_OTHER;
	return acl;
}

static const struct hcfgmodel_acl *make_localhost(struct hcfgreader *r)
{
	static const char *const words[] = { "src", "127.0.0.0/8", "::1" };

	return make_anonymous(r, words, ARRAY_LEN(words));
}

static bool is_known(const struct hcfgmodel_proxy *p, const char *name)
{
	return hcfgaccess_find(p->acls, name) || strcmp(name, "TRUE") == 0 ||
	       strcmp(name, "LOCALHOST") == 0 ||
	       hcfgreader_find(name, predefined, ARRAY_LEN(predefined)) >= 0;
}

bool hcfgaccess_is_condition(struct hcfgreader *r, const struct hcfgmodel_proxy *p,
                             const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = words[i] + (*words[i] == '!');

		if (!*name || strcmp(name, "||") == 0 || strcmp(name, "or") == 0)
			continue;
		if (strcmp(name, "{") == 0) {
			while (i < count && strcmp(words[i], "}") != 0)
				i++;
			if (i < count)
				continue;
			hcfgreader_error(r, "a } is missing");
			return false;
		}
		if (!is_known(p, name)) {
			hcfgreader_error(r, "there is no \"acl %.60s\" before it", name);
			return false;
		}
	}
	return true;
}

/* What the rule asks for, if sluice can know it: one acl, or all clients. */
enum verdict { VERDICT_KNOWN, VERDICT_NEVER, VERDICT_UNKNOWN };

/* "if ACL", "unless !ACL", "if { src NET }", "if TRUE" */
static enum verdict parse_condition(struct hcfgreader *r, const struct hcfgmodel_proxy *p,
                                    const char *const *words, size_t count,
                                    struct hcfgmodel_rule *rule)
{
	bool unless = strcmp(words[0], "unless") == 0;
	const char *name;
	bool negated;

	if (!--count)
		return VERDICT_UNKNOWN;
	words++;
	negated = *words[0] == '!';
	name = words[0] + negated;
	if (!*name && count > 1) { /* "! ACL" */
		name = *++words;
		count--;
	}
	rule->inverted = negated != unless;
	if (strcmp(name, "{") == 0) {
		size_t end = 1;

		while (end < count && strcmp(words[end], "}") != 0)
			end++;
		if (end + 1 == count)
			rule->acl = make_anonymous(r, words + 1, count - 2);
	} else if (count == 1 && (strcmp(name, "TRUE") == 0 || strcmp(name, "FALSE") == 0)) {
		bool holds = rule->inverted == (*name == 'F');

		rule->inverted = false;
		return holds ? VERDICT_KNOWN : VERDICT_NEVER;
	} else if (count == 1) {
		rule->acl = strcmp(name, "LOCALHOST") == 0 ? make_localhost(r)
		                                           : hcfgaccess_find(p->acls, name);
	}
	return rule->acl && rule->acl->look != HCFGMODEL_LOOK_OTHER ? VERDICT_KNOWN
	                                                            : VERDICT_UNKNOWN;
}

/* --- tcp-request connection --------------------------------------------------------------- */

static void add(struct hcfgmodel_rule *rule, struct hcfgmodel_proxy *p)
{
	rule->next = p->rules;
	p->rules = rule;
}

/* track-sc0 src [table T] */
static void take_track(struct hcfgreader *r, struct hcfgmodel_proxy *p, struct hcfgmodel_rule *rule)
{
	if (r->count < 2) {
		hcfgreader_error(r, "%s what?", r->words[0]);
		return;
	}
	rule->track = true;
	if (r->count > 3 && strcmp(r->words[2], "table") == 0)
		rule->table = r->words[3];
	if (strcmp(r->words[0], "track-sc0") != 0 || strcmp(r->words[1], "src") != 0 ||
	    (r->count != 2 && !(r->count == 4 && rule->table)))
		hcfgreader_lose(r, "%.40s: sluice counts connections of client addresses only",
		                r->words[0]);
	add(rule, p);
}

/* Actions other than accept, reject and track; an error if HAProxy has none of that name. */
static void judge_action(struct hcfgreader *r, const char *action)
{
	static const char *const begin[] = { "capture",    "expect-", "sc-inc-gpc", "sc-add-gpc",
		                             "sc-set-gpt", "set-",    "unset-var",  "attach-srv",
		                             "fc-",        "do-log" };

	for (size_t i = 0; i < ARRAY_LEN(begin); i++)
		if (strncmp(action, begin[i], strlen(begin[i])) == 0) {
			hcfgreader_lose(r,
			                "%.40s: sluice knows which client addresses to take "
			                "(allow, deny), and that is all",
			                action);
			return;
		}
	hcfgreader_error(r, "unknown action \"%.40s\"", action);
}

void hcfgaccess_read_rule(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const tracks[] = { "track-sc0", "track-sc1", "track-sc2" };
	static const char *const rejects[] = { "reject", "silent-drop" };
	static const char *const keywords[] = { "if", "unless" };
	struct hcfgmodel_rule *rule = mem_arena_zalloc(&r->model->arena, sizeof(*rule));
	const char *action = r->words[0];
	enum verdict verdict = VERDICT_KNOWN;

	rule->accept = strcmp(action, "accept") == 0;
	rule->place = r->line->place;
	if (hcfgreader_find(action, tracks, ARRAY_LEN(tracks)) >= 0) {
		take_track(r, p, rule);
		return;
	}
	if (!rule->accept && hcfgreader_find(action, rejects, ARRAY_LEN(rejects)) < 0) {
		judge_action(r, action);
		return;
	}
	if (r->count > 1 && hcfgreader_find(r->words[1], keywords, ARRAY_LEN(keywords)) < 0) {
		hcfgreader_error(r, "\"%.40s\": write if or unless and a condition", r->words[1]);
		return;
	}
	if (r->count > 1) {
		if (!hcfgaccess_is_condition(r, p, r->words + 2, r->count - 2))
			return;
		verdict = parse_condition(r, p, r->words + 1, r->count - 1, rule);
	}
	if (verdict == VERDICT_UNKNOWN)
		hcfgreader_lose(r, "%s by a condition other than one list of client addresses%s",
		                action,
		                rule->accept ? "" : ": sluice lets these clients in; see deny");
	else if (verdict == VERDICT_KNOWN)
		add(rule, p);
}

/* --- stick-table -------------------------------------------------------------------------- */

static bool is_stored(const char *s)
{
	static const char *const known[] = {
		"server_id",      "server_key",   "gpt0",          "gpt",
		"gpc0",           "gpc1",         "gpc",           "gpc0_rate",
		"gpc1_rate",      "gpc_rate",     "conn_cnt",      "conn_cur",
		"conn_rate",      "sess_cnt",     "sess_rate",     "http_req_cnt",
		"http_req_rate",  "http_err_cnt", "http_err_rate", "http_fail_cnt",
		"http_fail_rate", "bytes_in_cnt", "bytes_in_rate", "bytes_out_cnt",
		"bytes_out_rate", "glitch_cnt",   "glitch_rate",
	};
	size_t len = strcspn(s, "(");

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strlen(known[i]) == len && strncmp(known[i], s, len) == 0)
			return true;
	return false;
}

/* "conn_rate(10s),gpc0": the period of the rate of connections. */
static void take_store(struct hcfgreader *r, const char *list, struct hcfgmodel_table *t)
{
	char *copy = mem_arena_strdup(&r->model->arena, list);
	char *save = NULL;

	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		char *open = strchr(s, '(');
		char *close = open ? strchr(open, ')') : NULL;
		bool is_rate = strstr(s, "_rate") != NULL;

		if (close)
			*close = '\0';
		if (is_rate && !close)
			hcfgreader_error(r, "store %.40s: a time is missing", s);
		else if (!is_stored(s))
			hcfgreader_error(r, "store %.40s: there is no such thing", s);
		else if (open && strncmp(s, "conn_rate(", 10) == 0)
			hcfgreader_time(r, open + 1, 1, &t->conn_period_ms);
	}
}

/* "100k" */
static bool take_size(struct hcfgreader *r, const char *word, uint32_t *ret)
{
	size_t digits = strspn(word, "0123456789");
	static const char units[] = "kmg";
	const char *unit = word[digits] ? strchr(units, word[digits]) : NULL;
	char number[16] = "";
	uint64_t n;

	if (digits < sizeof(number))
		snprintf(number, sizeof(number), "%.*s", (int)digits, word);
	if (!number_parse(number, UINT32_MAX, &n) || (word[digits] && !unit) ||
	    (unit && word[digits + 1])) {
		hcfgreader_error(r, "\"%.30s\" is not a size", word);
		return false;
	}
	n <<= unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	*ret = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	return true;
}

void hcfgaccess_read_table(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const valued[] = { "size",  "store",  "type",     "expire",
		                              "peers", "srvkey", "write-to", "recv-only" };
	struct hcfgmodel_table t = { .set = true, .place = r->line->place };
	bool typed = false;

	for (size_t i = 0; i < r->count; i++) {
		const char *word = r->words[i];
		bool has = i + 1 < r->count;

		if (strcmp(word, "nopurge") == 0)
			continue;
		if (hcfgreader_find(word, valued, ARRAY_LEN(valued)) < 0 || !has) {
			hcfgreader_error(
			    r, has ? "unknown word \"%.40s\"" : "%.40s: a value is missing", word);
			return;
		}
		word = r->words[++i];
		if (strcmp(r->words[i - 1], "type") == 0) {
			typed = true;
			t.of_addresses = strcmp(word, "ip") == 0 || strcmp(word, "ipv4") == 0 ||
			                 strcmp(word, "ipv6") == 0;
			if (i + 2 < r->count && strcmp(r->words[i + 1], "len") == 0)
				i += 2;
		} else if (strcmp(r->words[i - 1], "size") == 0) {
			take_size(r, word, &t.size);
		} else if (strcmp(r->words[i - 1], "store") == 0) {
			take_store(r, word, &t);
		}
	}
	if (!typed || !t.size)
		hcfgreader_error(r, "write: stick-table type TYPE size N");
	p->table = t;
}

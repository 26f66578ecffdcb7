/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include <string.h>

#define METRICS_PATH "/metrics"

enum { REFRESH_MAX_S = 86400 };

/* --- stats -------------------------------------------------------------------------------- */

static void take_user(struct hcfgreader *r, const char *word, struct hcfgmodel_page *page)
{
	struct hcfgmodel_user *u = mem_arena_zalloc(&r->model->arena, sizeof(*u));
	const char *colon = strchr(word, ':');
	size_t len = colon ? (size_t)(colon - word) : strlen(word);

	u->user.name = mem_arena_strndup(&r->model->arena, word, len);
	u->user.password = colon ? colon + 1 : "";
	u->next = page->users;
	page->users = u;
}

/* stats admin if|unless CONDITION */
static void take_admin(struct hcfgreader *r, const struct hcfgmodel_proxy *p,
                       struct hcfgmodel_page *page)
{
	static const char *const keywords[] = { "if", "unless" };
	int unless = r->count > 1 ? hcfgreader_find(r->words[1], keywords, 2) : -1;
	const char *word = r->count == 3 ? r->words[2] : "";

	if (unless < 0) {
		hcfgreader_error(r, "admin when? write if or unless and a condition");
		return;
	}
	page->admin_place = r->line->place;
	if (strcmp(word, unless ? "FALSE" : "TRUE") == 0) {
		page->admin = HCFGMODEL_ADMIN_ALL;
	} else if (!unless && strcmp(word, "LOCALHOST") == 0) {
		if (page->admin == HCFGMODEL_ADMIN_NOBODY)
			page->admin = HCFGMODEL_ADMIN_LOCAL;
	} else if (hcfgaccess_is_condition(r, p, r->words + 2, r->count - 2)) {
		hcfgreader_lose(r, "admin by a condition other than TRUE and LOCALHOST: the page "
		                   "only shows; the control socket changes states");
	}
}

static void take_refresh(struct hcfgreader *r, struct hcfgmodel_page *page)
{
	uint32_t ms;

	if (r->count < 2 || !hcfgreader_time(r, r->words[1], 1000, &ms)) {
		if (r->count < 2)
			hcfgreader_error(r, "refresh how often?");
		return;
	}
	page->refresh_s = ms / 1000 + (ms % 1000 != 0);
	if (page->refresh_s > REFRESH_MAX_S) {
		hcfgreader_lose(r, "refresh: more than a day becomes a day");
		page->refresh_s = REFRESH_MAX_S;
	}
}

static void take_scope(struct hcfgreader *r, const struct hcfgmodel_proxy *p,
                       struct hcfgmodel_page *page)
{
	struct hcfgmodel_scope *scope = mem_arena_zalloc(&r->model->arena, sizeof(*scope));

	scope->name = strcmp(r->words[1], ".") == 0 ? p->name : r->words[1];
	scope->next = page->scope;
	page->scope = scope;
}

/* Words with one value; false if it is none of them. */
static bool take_valued(struct hcfgreader *r, const char *word, const struct hcfgmodel_proxy *p,
                        struct hcfgmodel_page *page)
{
	static const char *const valued[] = { "uri", "realm", "auth", "scope" };

	if (hcfgreader_find(word, valued, ARRAY_LEN(valued)) < 0)
		return false;
	if (r->count < 2)
		hcfgreader_error(r, "%s needs a value", word);
	else if (strcmp(word, "uri") == 0)
		page->uri = r->words[1];
	else if (strcmp(word, "realm") == 0)
		page->realm = r->words[1];
	else if (strcmp(word, "auth") == 0)
		take_user(r, r->words[1], page);
	else
		take_scope(r, p, page);
	return true;
}

/* stats http-request allow|deny|auth ... */
static void judge_rule(struct hcfgreader *r)
{
	static const char *const actions[] = { "allow", "deny", "auth" };

	if (r->count < 2 || hcfgreader_find(r->words[1], actions, ARRAY_LEN(actions)) < 0)
		hcfgreader_error(r, "http-request: write allow, deny or auth");
	else
		hcfgreader_lose(r, "http-request: the page asks for the names of stats auth only");
}

void hcfgpage_read_stats(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const known[] = { "enable",       "show-desc", "show-legends",
		                             "show-modules", "show-node", "show-version" };
	struct hcfgmodel_page *page = &p->page;
	const char *word = r->words[0];

	hcfgreader_set(r, &page->stats, 1);
	if (take_valued(r, word, p, page))
		return;
	if (strcmp(word, "hide-version") == 0)
		page->hide_version = true;
	else if (strcmp(word, "refresh") == 0)
		take_refresh(r, page);
	else if (strcmp(word, "admin") == 0)
		take_admin(r, p, page);
	else if (strcmp(word, "http-request") == 0)
		judge_rule(r);
	else if (hcfgreader_find(word, known, ARRAY_LEN(known)) < 0)
		hcfgreader_error(r, "unknown word \"%.30s\"", word);
}

void hcfgpage_read_monitor(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	p->page.monitor_uri = r->words[0];
	hcfgreader_set(r, &p->page.stats, p->page.stats.n);
}

/* --- http-request ------------------------------------------------------------------------- */

/* "if { path X }", "if ACL"; NULL if the condition is another one. */
static const char *find_path(const struct hcfgreader *r, const struct hcfgmodel_proxy *p)
{
	const char *const *w = r->words + 2;
	size_t count = r->count - 2;

	if (count == 2 && strcmp(w[0], "if") == 0) {
		const struct hcfgmodel_acl *acl = hcfgaccess_find(p->acls, w[1]);

		return acl ? acl->path : NULL;
	}
	if (count == 5 && strcmp(w[0], "if") == 0 && strcmp(w[1], "{") == 0 &&
	    strcmp(w[4], "}") == 0 && (strcmp(w[2], "path") == 0 || strcmp(w[2], "path_beg") == 0))
		return w[3];
	return NULL;
}

static void take_exporter(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	const char *path = find_path(r, p);

	if (r->count > 2 && !hcfgaccess_is_condition(r, p, r->words + 3, r->count - 3))
		return;
	if (!path) {
		path = METRICS_PATH;
		if (r->count == 2)
			hcfgreader_remark(r, "the metrics are at %s, not at every path", path);
		else
			hcfgreader_lose(r, "the metrics are at %s, whatever the condition", path);
	}
	p->page.metrics_path = path;
	hcfgreader_set(r, &p->page.stats, p->page.stats.n);
}

void hcfgpage_read_http_request(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	static const char *const keep_out[] = { "deny", "reject", "auth", "tarpit", "silent-drop" };
	const char *word = r->words[0];

	if (strcmp(word, "use-service") == 0 && r->count > 1) {
		if (strcmp(r->words[1], "prometheus-exporter") == 0)
			take_exporter(r, p);
		else if (strncmp(r->words[1], "lua.", 4) == 0)
			hcfgreader_lose(r, "use-service %.40s: sluice runs no Lua", r->words[1]);
		else
			hcfgreader_error(r, "unknown service \"%.40s\"", r->words[1]);
	} else if (hcfgreader_find(word, keep_out, ARRAY_LEN(keep_out)) >= 0) {
		hcfgreader_lose(r,
		                "%s: kept some clients out; sluice lets them in, unless deny "
		                "names their addresses",
		                word);
	} else {
		hcfgreader_lose(r, "%.40s: a rule about HTTP; sluice relays bytes", word);
	}
}

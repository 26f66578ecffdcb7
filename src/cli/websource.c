/* SPDX-License-Identifier: MIT */
#include "websource.h"

#include "base/cleanup.h"
#include "base/url.h"
#include "net/webget.h"

#include <string.h>
#include <strings.h>

enum { TIMEOUT_MS = 10000, NOT_FOUND = 404 };

/* --- what is asked for ---------------------------------------------------------------------- */

static bool parse_urls(struct websource *s, const struct options *o, struct error *err)
{
	const char *url;

	while ((url = options_value_at(o, "from", s->count)) != NULL) {
		struct url unused;

		if (!url_parse(url, &unused, err))
			return error_wrap(err, "--from");
		s->urls[s->count++] = url;
	}
	return true;
}

static bool parse_timeout(struct websource *s, const struct options *o, struct error *err)
{
	const char *value = options_value(o, "timeout");
	uint64_t ms = TIMEOUT_MS;

	if (value != NULL && !options_duration("timeout", value, &ms, err))
		return false;
	s->timeout_ms = (uint32_t)ms;
	return true;
}

bool websource_parse(struct websource *s, const struct options *o, struct error *err)
{
	static const char *const of_urls[] = { "session", "cert", "key", "timeout" };

	*s = (struct websource){
		.session = options_value(o, "session"),
		.ca = options_value(o, "cacert"),
		.cert = options_value(o, "cert"),
		.key = options_value(o, "key"),
	};
	if (!parse_urls(s, o, err) || !parse_timeout(s, o, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(of_urls) && s->count == 0; i++)
		if (options_has(o, of_urls[i]))
			return error_set(err, "--%s needs --from", of_urls[i]);
	if (s->key != NULL && s->cert == NULL)
		return error_set(err, "--key needs --cert");
	return true;
}

bool websource_is_secure(const struct websource *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (strncasecmp(s->urls[i], "https:", 6) == 0)
			return true;
	return false;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct reading {
	const struct websource *source;
	const struct console *console;
	const char *const *pages;
	size_t max;
	char *session;
	websource_take *take;
	void *ctx;
};

/* What is asked for makes an error no clearer: it begins with the URL up to there. */
static void cut_query(const char *url, struct error *err)
{
	size_t page = strcspn(url, "?");
	size_t len = strlen(url);

	if (strncmp(err->text, url, len) == 0)
		memmove(err->text + page, err->text + len, strlen(err->text + len) + 1);
}

static bool get(const struct reading *r, const char *url, uint16_t *ret_status, struct error *err)
{
	struct webget_options options = {
		.url = url,
		.session = r->session,
		.ca = r->source->ca,
		.cert = r->source->cert,
		.key = r->source->key,
		.timeout_ms = r->source->timeout_ms,
		.max = r->max,
		.ret_status = ret_status,
	};
	AUTO_TEXT body = { 0 };

	*ret_status = 0;
	if (webget_run(&options, &body, err) && r->take(r->ctx, url, &body, err))
		return true;
	webget_cover(r->session, err);
	cut_query(url, err);
	return false;
}

/* The first page that has it; what further ones say counts only if they are there. */
static bool get_from_node(const struct reading *r, const struct url *u, struct error *err)
{
	char authority[URL_AUTHORITY_MAX];
	uint16_t status = 0;

	for (size_t i = 0; r->pages[i] != NULL; i++) {
		AUTO_TEXT url = { 0 };
		struct error now;

		text_addf(&url, "http%s://%s%s", u->secure ? "s" : "", url_authority(u, authority),
		          r->pages[i]);
		if (get(r, text_str(&url), &status, &now))
			return true;
		if (i == 0 || status != NOT_FOUND)
			*err = now;
		if (status == 0)
			break;
	}
	return false;
}

static bool ask(const struct reading *r, const char *url, struct error *err)
{
	struct error clear;
	uint16_t status;
	struct url u;

	if (!url_parse(url, &u, err))
		return false;
	if (r->session != NULL && !u.secure) {
		error_set(&clear, "%s: the session goes over the network in clear", url);
		console_fail(r->console, &clear);
	}
	if (*u.path == '\0' || strcmp(u.path, "/") == 0)
		return get_from_node(r, &u, err);
	return get(r, url, &status, err);
}

bool websource_read(const struct websource *s, const struct console *c, const char *const *pages,
                    size_t max, websource_take *take, void *ctx, struct error *err)
{
	AUTO_FREE char *session = NULL;
	struct reading r = {
		.source = s, .console = c, .pages = pages, .max = max, .take = take, .ctx = ctx
	};

	if (s->session != NULL && !webget_session(s->session, &session, err))
		return error_wrap(err, "--session");
	r.session = session;
	for (size_t i = 0; i < s->count; i++) {
		if (ask(&r, s->urls[i], err))
			return true;
		if (i + 1 < s->count)
			console_fail(c, err);
	}
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "webact.h"

#include "actform.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "control/command.h"
#include "nearserver.h"
#include "orders.h"
#include "rosterlog.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static const char path_of_it[] = "/v1/act";

void webact_make_token(char token[static EXCHANGE_TOKEN_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[(EXCHANGE_TOKEN_SIZE - 1) / 2];
	char *to = token;

	if (getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes))
		for (size_t i = 0; i < sizeof(bytes); i++) {
			*to++ = digits[bytes[i] >> 4];
			*to++ = digits[bytes[i] & 15];
		}
	*to = '\0';
	explicit_bzero(bytes, sizeof(bytes));
}

bool webact_is_path(const struct exchange *x)
{
	return strcmp(x->path, path_of_it) == 0;
}

static void refuse(struct exchange *x, int status, const char *why)
{
	x->status = status;
	x->type = "application/json";
	text_clear(&x->body);
	text_add(&x->body, "{\"error\": ");
	text_add_json(&x->body, why);
	text_add(&x->body, "}\n");
}

/* --- may this be done here ---------------------------------------------------------------- */

/* "127.0.0.1:8404" or "localhost": no name that somebody's DNS could point here. */
static bool is_plain_host(struct httphead_string host)
{
	char text[ADDR_TEXT_MAX];
	char name[ADDR_TEXT_MAX];
	struct addr addr;
	uint16_t port;

	if (!host.at || !host.len || host.len >= sizeof(text))
		return false;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	if (!addr_split(text, 0, name, sizeof(name), &port, NULL) || !*name || *name == '*')
		return false;
	return strcasecmp(name, "localhost") == 0 || addr_parse_ip(name, port, &addr);
}

/* NULL: it may. */
static const char *why_not(const struct exchange *x)
{
	const struct settings_admin *set = x->endpoint->settings;

	if (set->user_count && set->writable)
		return NULL;
	if (x->daemon->trusted)
		return is_plain_host(httphead_field(x->request, "host"))
		           ? NULL
		           : "open this page by its address, as http://127.0.0.1:8404/: nothing is "
		             "changed for another name";
	if (set->writable)
		return "nobody could tell who it was: write users in the group admin of the "
		       "configuration";
	return set->user_count ? "write writable = true in the group admin of the configuration"
	                       : "write users and writable = true in the group admin of the "
	                         "configuration";
}

static bool is_token(const struct exchange *x)
{
	struct httphead_string sent = httphead_field(x->request, "x-sluice-token");
	const char *right = x->endpoint->token;
	unsigned int differs = 0;

	if (!*right || sent.len != EXCHANGE_TOKEN_SIZE - 1)
		return false;
	for (size_t i = 0; i < sent.len; i++)
		differs |= (unsigned int)(unsigned char)sent.at[i] ^ (unsigned char)right[i];
	return !differs;
}

static bool is_same_origin(const struct exchange *x)
{
	struct httphead_string site = httphead_field(x->request, "sec-fetch-site");

	return webauth_is_same_origin(x->request) &&
	       (!site.at || httphead_equals(site, "same-origin"));
}

/* Is it a form of our own page, and of one who may?  If not, that is the answer. */
static bool is_welcome(struct exchange *x)
{
	const char *why = why_not(x);

	if (why)
		refuse(x, 403, why);
	else if (!is_same_origin(x))
		refuse(x, 403, "nothing is changed for another site: use the page of this address");
	else if (!httphead_field(x->request, "x-sluice-token").at)
		refuse(x, 403, "send the token of GET /v1/act in the field X-Sluice-Token");
	else if (!is_token(x))
		refuse(x, 403,
		       "the token is not right: it changes when the process starts; GET "
		       "/v1/act has the one of now");
	else if (!httphead_has_token(httphead_field(x->request, "content-type"),
	                             "application/x-www-form-urlencoded"))
		refuse(x, 400, "send a form: Content-Type: application/x-www-form-urlencoded");
	else
		return true;
	return false;
}

void webact_get(struct exchange *x)
{
	const char *why = why_not(x);
	char user[WEBAUTH_NAME_MAX];

	text_addf(&x->body, "{\"writable\": %s", why ? "false" : "true");
	if (why) {
		text_add(&x->body, ", \"why\": ");
		text_add_json(&x->body, why);
	} else {
		text_add(&x->body, ", \"token\": ");
		text_add_json(&x->body, x->endpoint->token);
	}
	text_add(&x->body, ", \"user\": ");
	if (x->endpoint->auth && webauth_name(httphead_field(x->request, "authorization"), user))
		text_add_json(&x->body, user);
	else
		text_add(&x->body, "null");
	text_add(&x->body, "}\n");
}

/* --- doing it ----------------------------------------------------------------------------- */

/* "ops at 10.0.0.7", cut to fit. */
static void describe_visitor(const struct exchange *x, char *ret, size_t size)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	char user[WEBAUTH_NAME_MAX];
	char host[ADDR_TEXT_MAX] = "unix";
	struct addr addr;
	bool known =
	    x->endpoint->auth && webauth_name(httphead_field(x->request, "authorization"), user);

	if (getpeername(x->stream->io.fd, (struct sockaddr *)&from, &len) == 0 &&
	    addr_from_sockaddr((struct sockaddr *)&from, len, &addr))
		addr_format_host(&addr, host);
	snprintf(ret, size, "%.40s at %.50s", known ? user : "somebody", host);
}

/* NULL when that has been answered. */
static struct topology_server *find_server(struct exchange *x, const char *path)
{
	struct topology_server *s = topology_find_server(x->daemon->topology, path);
	AUTO_TEXT why = { 0 };

	if (s)
		return s;
	nearserver_write(x->daemon->topology, path, &why);
	refuse(x, 404, text_str(&why));
	return NULL;
}

/* What a command says when it refuses, without its mark; NULL if it did not. */
static const char *error_in(const struct text *answer)
{
	static const char mark[] = "[err]: ";

	return strncmp(text_str(answer), mark, sizeof(mark) - 1) == 0
	           ? text_str(answer) + sizeof(mark) - 1
	           : NULL;
}

/* Its lines as one sentence; the last one, "done", says nothing. */
static void add_lines(const char *lines, struct text *out)
{
	size_t len;

	for (bool any = false; *lines; lines += len + (lines[len] == '\n')) {
		len = strcspn(lines, "\n");
		if (!len || (len == 4 && strncmp(lines, "done", 4) == 0))
			continue;
		text_add(out, any ? "; " : "");
		text_addn(out, lines, len);
		any = true;
	}
}

static void say(struct exchange *x, const char *words)
{
	x->type = "application/json";
	text_add(&x->body, "{\"said\": ");
	text_add_json(&x->body, words);
	text_add(&x->body, "}\n");
}

/* Runs the command in the visitor's name. */
static void run(struct exchange *x, const struct actform *f, const char *path, struct text *answer)
{
	struct command_context ctx = { .daemon = x->daemon,
		                       .level = SETTINGS_LEVEL_ADMIN,
		                       .severity = COMMAND_WORDS };
	struct roster *roster = x->daemon->roster;
	AUTO_TEXT line = { 0 };
	AUTO_TEXT deed = { 0 };
	char who[128];

	describe_visitor(x, who, sizeof(who));
	actform_write_command(f, path, &line);
	orders_come_from(roster, who);
	command_run(&ctx, text_str(&line), answer);
	orders_come_from(roster, NULL);
	if (actform_is_order(f) || error_in(answer))
		return;
	actform_write_deed(f, path, &deed);
	text_addf(&deed, ", by %s", who);
	rosterlog_mark(roster, LOG_LEVEL_NOTICE, text_str(&deed));
}

static void act(struct exchange *x, const struct actform *f, const struct topology_server *s)
{
	unsigned int sessions = 0;
	const char *path = NULL;
	AUTO_TEXT name = { 0 };
	AUTO_TEXT answer = { 0 };
	AUTO_TEXT words = { 0 };
	const char *error;

	if (s) {
		text_addf(&name, "%s/%s", s->service->settings->name, s->settings->name);
		path = text_str(&name);
		sessions = atomic_load_explicit(&s->active, memory_order_relaxed);
	}
	run(x, f, path, &answer);
	error = error_in(&answer);
	add_lines(error ? error : text_str(&answer), &words);
	if (error) {
		refuse(x, actform_refusal(f), text_str(&words));
		return;
	}
	actform_write_result(f, path, sessions, &words);
	say(x, text_str(&words));
}

void webact_post(struct exchange *x)
{
	size_t len = x->request->content_length;
	AUTO_FREE char *form = NULL;
	const struct topology_server *s = NULL;
	struct actform f;
	struct error err;

	if (!is_welcome(x))
		return;
	if (len > WEBACT_FORM_MAX) {
		webact_refuse_form(x);
		return;
	}
	if (daemon_has_handed_over(x->daemon)) {
		refuse(x, 409, "an upgrade is under way: try again");
		return;
	}
	form = mem_strndup(x->body_in, len);
	if (!actform_read(form, &f, &err))
		refuse(x, 400, err.text);
	else if (!f.server || (s = find_server(x, f.server)))
		act(x, &f, s);
}

void webact_refuse_form(struct exchange *x)
{
	refuse(x, 400, "the form is too long: 4096 bytes are enough for any action");
}

void webact_refuse_method(struct exchange *x)
{
	refuse(x, 405, "GET tells what can be done, POST does it");
	text_add(&x->fields, "Allow: GET, HEAD, POST\r\n");
}

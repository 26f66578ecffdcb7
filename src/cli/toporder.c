/* SPDX-License-Identifier: MIT */
#include "cli/toporder.h"

#include "base/number.h"
#include "cli/client.h"

#include <inttypes.h>
#include <string.h>

enum { WEIGHT_MAX = 256 };

bool toporder_wants_value(enum toporder_kind kind)
{
	return kind == TOPORDER_WEIGHT || kind == TOPORDER_FAULT;
}

static const struct statusjson_server *server_of(const struct toporder *o, const struct topmodel *m)
{
	return topmodel_server(m, o->service, o->server);
}

static const struct sessionline *session_of(const struct toporder *o, const struct topmodel *m)
{
	for (size_t i = 0; i < m->session_count; i++)
		if (m->sessions[i].id == o->session)
			return &m->sessions[i];
	return NULL;
}

void toporder_write_question(const struct toporder *o, const struct topmodel *m, struct text *out)
{
	const struct statusjson_server *server = server_of(o, m);

	if (o->kind == TOPORDER_WEIGHT)
		text_addf(out,
		          "Which weight for %s/%s? It has %" PRId64
		          "; 0 to 256, or 50%% of what is "
		          "configured.",
		          o->service, o->server, server != NULL ? server->weight : 0);
	else
		text_addf(out,
		          "Which fault for %s/%s? refuse, blackhole, reset, delay 200ms, throttle "
		          "1M, status 503, each also \"for 1m\"; or none.",
		          o->service, o->server);
}

/* --- checks ------------------------------------------------------------------------------- */

static bool check_weight(const char *value, struct error *err)
{
	size_t len = strspn(value, "0123456789");
	char digits[16];
	uint64_t n;

	if (len > 0 && len < sizeof(digits)) {
		memcpy(digits, value, len);
		digits[len] = '\0';
		if (number_parse(digits, WEIGHT_MAX, &n) &&
		    (value[len] == '\0' || strcmp(value + len, "%") == 0))
			return true;
	}
	return error_set(err, "\"%s\" is not a weight: write 0 to 256, or 50%%", value);
}

bool toporder_check(const struct toporder *o, const struct topmodel *m, struct error *err)
{
	if (o->kind == TOPORDER_END)
		return session_of(o, m) != NULL ||
		       error_set(err, "session %" PRIu64 " has ended", o->session);
	if (server_of(o, m) == NULL)
		return error_set(err, "%s/%s is not there any more", o->service, o->server);
	if (o->kind == TOPORDER_WEIGHT)
		return check_weight(o->value, err);
	if (o->kind == TOPORDER_FAULT && o->value[strspn(o->value, " ")] == '\0')
		return error_set(err, "a fault is refuse, blackhole, reset, delay 200ms, throttle "
		                      "1M, status 503 or none");
	return true;
}

/* --- words -------------------------------------------------------------------------------- */

static void add_sessions(int64_t n, struct text *out)
{
	text_addf(out, "%" PRId64 " session%s", n, n == 1 ? "" : "s");
}

/* How many servers of the service can be used when this one cannot. */
static bool add_usable(const struct statusjson_service *service,
                       const struct statusjson_server *server, struct text *out)
{
	int64_t left = service->usable + service->backup_usable - (server->usable ? 1 : 0);

	if (left <= 0) {
		text_addf(out, "; NO SERVER OF %s STAYS USABLE", service->name);
		return true;
	}
	text_addf(out, "; %" PRId64 " of %zu servers stay%s usable", left, service->server_count,
	          left == 1 ? "s" : "");
	return false;
}

static void add_staying(int64_t n, struct text *out)
{
	if (n == 0)
		text_add(out, "it has none");
	else if (n == 1)
		text_add(out, "the 1 session there stays");
	else
		text_addf(out, "the %" PRId64 " sessions there stay", n);
}

static void describe_weight(const struct toporder *o, const struct statusjson_server *server,
                            int64_t sessions, struct text *out)
{
	text_addf(out, "%s/%s: weight %" PRId64 " becomes %s; ", o->service, o->server,
	          server->weight, o->value);
	add_staying(sessions, out);
}

static void describe_fault(const struct toporder *o, int64_t sessions, struct text *out)
{
	if (strcmp(o->value, "none") == 0)
		text_addf(out, "%s/%s: its fault ends; ", o->service, o->server);
	else
		text_addf(out, "%s/%s gets the fault \"%s\", at once; it hits ", o->service,
		          o->server, o->value);
	add_sessions(sessions, out);
	text_add(out, strcmp(o->value, "none") == 0 ? " there" : " and its checks");
}

static void describe_end(const struct toporder *o, const struct topmodel *m, struct text *out)
{
	const struct sessionline *l = session_of(o, m);
	char age[32] = "";

	text_addf(out, "END session %" PRIu64, o->session);
	if (l == NULL)
		return;
	number_format_age((uint64_t)(l->total_ms > 0 ? l->total_ms / 1000 : 0), age, sizeof(age));
	text_addf(out, " of %s on %s/%s, open for %s", l->client, l->service,
	          l->server[0] != '\0' ? l->server : "-", age);
}

static bool describe_state(const struct toporder *o, const struct statusjson_service *service,
                           const struct statusjson_server *server, struct text *out)
{
	int64_t sessions = server->sessions + server->sessions_before;

	if (o->kind == TOPORDER_READY) {
		text_addf(out,
		          "%s/%s: drain and maint are taken back, it gets new sessions as soon as "
		          "its checks pass; ",
		          o->service, o->server);
		add_staying(sessions, out);
		return false;
	}
	text_addf(out, "%s %s/%s: no new sessions%s, ",
	          o->kind == TOPORDER_DRAIN ? "drain" : "maint", o->service, o->server,
	          o->kind == TOPORDER_MAINT ? " and no checks" : "");
	add_staying(sessions, out);
	return add_usable(service, server, out);
}

bool toporder_describe(const struct toporder *o, const struct topmodel *m, struct text *out)
{
	const struct statusjson_service *service = topmodel_service(m, o->service);
	const struct statusjson_server *server = server_of(o, m);

	if (o->kind == TOPORDER_END) {
		describe_end(o, m, out);
		return false;
	}
	if (server == NULL)
		return false;
	switch (o->kind) {
	case TOPORDER_DRAIN:
	case TOPORDER_MAINT:
	case TOPORDER_READY:
		return describe_state(o, service, server, out);
	case TOPORDER_WEIGHT:
		describe_weight(o, server, server->sessions, out);
		break;
	case TOPORDER_FAULT:
		describe_fault(o, server->sessions, out);
		break;
	case TOPORDER_KILL:
		text_addf(out, "END all of %s/%s: ", o->service, o->server);
		add_sessions(server->sessions, out);
		text_add(out, ", now; new ones may come");
		break;
	case TOPORDER_END:
		break;
	}
	return false;
}

/* --- the command -------------------------------------------------------------------------- */

static void add_path(const struct toporder *o, struct text *out)
{
	AUTO_TEXT path = { 0 };

	text_addf(&path, "%s/%s", o->service, o->server);
	client_add_word(out, text_str(&path));
}

/* Each word of what was typed stays one, whatever is in it. */
static void add_words(const char *s, struct text *out)
{
	for (s += strspn(s, " "); *s != '\0'; s += strspn(s, " ")) {
		size_t len = strcspn(s, " ");
		AUTO_TEXT word = { 0 };

		text_addn(&word, s, len);
		client_add_word(out, text_str(&word));
		s += len;
	}
}

void toporder_write_command(const struct toporder *o, struct text *out)
{
	switch (o->kind) {
	case TOPORDER_DRAIN:
	case TOPORDER_MAINT:
	case TOPORDER_READY:
		text_add(out, "set server");
		add_path(o, out);
		text_add(out, o->kind == TOPORDER_DRAIN   ? " state drain"
		              : o->kind == TOPORDER_MAINT ? " state maint"
		                                          : " state ready");
		break;
	case TOPORDER_WEIGHT:
		text_add(out, "set server");
		add_path(o, out);
		text_addf(out, " weight %s", o->value);
		break;
	case TOPORDER_FAULT:
		text_add(out, "fault");
		add_path(o, out);
		add_words(o->value, out);
		break;
	case TOPORDER_KILL:
		text_add(out, "shutdown sessions server");
		add_path(o, out);
		break;
	case TOPORDER_END:
		text_addf(out, "shutdown session %" PRIu64, o->session);
		break;
	}
}

static void add_done(const struct toporder *o, struct text *out)
{
	switch (o->kind) {
	case TOPORDER_DRAIN:
		text_addf(out, "%s/%s drains", o->service, o->server);
		break;
	case TOPORDER_MAINT:
		text_addf(out, "%s/%s is under maintenance", o->service, o->server);
		break;
	case TOPORDER_READY:
		text_addf(out, "%s/%s is ready", o->service, o->server);
		break;
	case TOPORDER_WEIGHT:
		text_addf(out, "%s/%s has the weight %s", o->service, o->server, o->value);
		break;
	case TOPORDER_FAULT:
		text_addf(out, "%s/%s: fault %s", o->service, o->server, o->value);
		break;
	case TOPORDER_KILL:
		text_addf(out, "the sessions of %s/%s are ended", o->service, o->server);
		break;
	case TOPORDER_END:
		text_addf(out, "session %" PRIu64 " is ended", o->session);
		break;
	}
}

/* A change is done if the answer is empty; a fault, if its last line is "done". */
bool toporder_judge(const struct toporder *o, const char *answer, struct text *said)
{
	size_t len = strlen(answer);
	struct error err;
	bool done = answer[strspn(answer, "\r\n")] == '\0';

	if (o->kind == TOPORDER_FAULT)
		done = len >= 5 && strcmp(answer + len - 5, "done\n") == 0;
	if (done) {
		add_done(o, said);
		return true;
	}
	(void)client_refused(answer, &err);
	text_add(said, err.text);
	return false;
}

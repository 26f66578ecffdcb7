/* SPDX-License-Identifier: MIT */
#include "core/detection.h"
#include "lintparts.h"

#include <inttypes.h>

enum {
	IDLE_MIN_MS = 600000,   /* what pools keep an idle connection for */
	IDLE_GOOD_MS = 1800000, /* what is proposed */
};

static struct lintfile_place place(const struct lint_view *v, const char *key)
{
	return lintfile_service(v->file, v->service_index, key);
}

/* Of two time-outs, of which 0 is none, the one that acts. */
static uint32_t shorter(uint32_t a, uint32_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* Frontends have it instead of their service. */
static uint32_t client_timeout(const struct settings_service *s)
{
	uint32_t ms = s->frontend_count ? s->frontends[0].client_ms : s->timeout.client_ms;

	for (size_t i = 1; i < s->frontend_count; i++)
		ms = shorter(ms, s->frontends[i].client_ms);
	return ms;
}

/* Keeps what is long enough. */
static const char *timeouts(const struct lint_view *v, uint64_t at_least_ms)
{
	const struct settings_timeouts *t = &v->service->timeout;
	uint32_t client = client_timeout(v->service);
	uint32_t longer = client > t->server_ms ? client : t->server_ms;
	uint64_t ms = longer > at_least_ms ? longer : at_least_ms;
	char idle[LINT_DURATION_MAX];
	char connect[LINT_DURATION_MAX];

	lint_duration(ms, idle);
	return lint_print(v, "timeout = { connect = \"%s\"; client = \"%s\"; server = \"%s\"; };",
	                  lint_duration(t->connect_ms, connect), idle, idle);
}

/* --- silence ------------------------------------------------------------------------------ */

static const char *idle_key(const struct lint_view *v, uint32_t ms)
{
	return ms == v->service->timeout.server_ms && ms != client_timeout(v->service)
	           ? "timeout.server"
	           : "timeout.client";
}

static void look_at_idle(const struct lint_view *v, uint32_t ms)
{
	char idle[LINT_DURATION_MAX];
	struct lint_finding f = { .rule = LINT_IDLE_TIMEOUT,
		                  .severity = LINT_WARNING,
		                  .place = place(v, idle_key(v, ms)),
		                  .cure_kind = LINT_CONFIGURATION };

	if (!v->sql || !ms || ms >= IDLE_MIN_MS)
		return;
	f.cure = timeouts(v, IDLE_GOOD_MS);
	lint_add(v, &f, v->service->name,
	         "a session is cut after %s of silence: an SQL shell whose user thinks, or a "
	         "connection that waits in a pool, where 10 minutes are usual",
	         lint_duration(ms, idle));
}

static void look_at_statements(const struct lint_view *v, uint32_t ms)
{
	uint64_t longest = v->facts->statement_ms;
	char statement[LINT_DURATION_MAX];
	char idle[LINT_DURATION_MAX];
	struct lint_finding f = { .rule = LINT_STATEMENT_TIMEOUT,
		                  .severity = LINT_WARNING,
		                  .place = place(v, idle_key(v, ms)),
		                  .cure_kind = LINT_CONFIGURATION };

	if (!v->sql || !ms || longest < ms)
		return;
	f.cure = timeouts(v, longest + longest / 2);
	lint_add(v, &f, v->service->name,
	         "a statement of %s is cut after %s, as nothing is said while it runs",
	         lint_duration(longest, statement), lint_duration(ms, idle));
}

/* --- what does not fit together ----------------------------------------------------------- */

static struct lint_finding contradiction(const struct lint_view *v, const char *key)
{
	return (struct lint_finding){ .rule = LINT_CONTRADICTION,
		                      .severity = LINT_WARNING,
		                      .place = place(v, key),
		                      .cure_kind = LINT_CONFIGURATION };
}

static void look_at_both_ends(const struct lint_view *v, uint32_t client, uint32_t server)
{
	struct lint_finding f = contradiction(v, "timeout.server");
	char a[LINT_DURATION_MAX];
	char b[LINT_DURATION_MAX];

	if (client == server)
		return;
	f.cure = timeouts(v, 0);
	lint_duration(client ? client : server, a);
	lint_duration(server, b);
	if (client && server)
		lint_add(v, &f, v->service->name,
		         "timeout.client is %s and timeout.server %s, and silence counts in both "
		         "directions: the longer one never acts",
		         a, b);
	else
		lint_add(v, &f, v->service->name,
		         "timeout.%s is none and timeout.%s is %s, and silence counts in both "
		         "directions: sessions end after %s",
		         client ? "server" : "client", client ? "client" : "server", a, a);
}

static void look_at_hold(const struct lint_view *v, uint32_t client)
{
	struct lint_finding f = contradiction(v, "hold");
	uint32_t hold = v->service->hold_ms;
	char held[LINT_DURATION_MAX];
	char idle[LINT_DURATION_MAX];

	if (!client || hold < client)
		return;
	f.cure = lint_print(v, "hold = \"%s\";", lint_duration(client > 1 ? client / 2 : 1, held));
	lint_add(v, &f, v->service->name,
	         "a client is held for up to %s, and cut after %s of silence (timeout.client)",
	         lint_duration(hold, held), lint_duration(client, idle));
}

static void look_at_connect(const struct lint_view *v, uint32_t idle_ms)
{
	struct lint_finding f = contradiction(v, "timeout.connect");
	uint32_t connect = v->service->timeout.connect_ms;
	char text[LINT_DURATION_MAX];
	char idle[LINT_DURATION_MAX];

	if (!idle_ms || connect < idle_ms)
		return;
	f.cure = timeouts(v, 2 * (uint64_t)connect > IDLE_GOOD_MS ? 2 * (uint64_t)connect
	                                                          : IDLE_GOOD_MS);
	lint_add(v, &f, v->service->name,
	         "one attempt to connect may take %s, but a silent session ends after %s",
	         lint_duration(connect, text), lint_duration(idle_ms, idle));
}

/* --- peers that vanish -------------------------------------------------------------------- */

/* What is missing, in words; NULL: nothing. */
static const char *missing_keepalive(const struct settings_service *s)
{
	static const char *const words[2][2] = {
		{ "there is no keep-alive at all", "there is none towards clients" },
		{ "there is none towards servers", NULL },
	};
	bool client = s->keepalive.client;
	bool kernels = !s->keepalive.idle_s;

	for (size_t i = 0; i < s->frontend_count; i++) {
		const struct settings_keepalive *k = &s->frontends[i].keepalive;

		client = (i == 0 || client) && k->client;
		kernels = kernels || !k->idle_s;
	}
	if (words[client][s->keepalive.server])
		return words[client][s->keepalive.server];
	return kernels ? "its first probe comes after the kernel's two hours" : NULL;
}

static void look_at_keepalive(const struct lint_view *v)
{
	const char *missing = missing_keepalive(v->service);
	struct lint_finding f = {
		.rule = LINT_KEEPALIVE,
		.severity = LINT_WARNING,
		.place = place(v, "keepalive"),
		.cure_kind = LINT_CONFIGURATION,
		.cure = "keepalive = { client = true; server = true; idle = \"30s\"; interval = "
		        "\"10s\"; count = 3; };"
	};

	if (missing)
		lint_add(v, &f, v->service->name,
		         "%s: a peer that vanished keeps its session, and what forgets silent "
		         "connections on the way breaks them",
		         missing);
}

/* A server's own counts instead of the service's, and so does a bind's. */
static bool has_user_timeout(const struct settings_service *s)
{
	bool all = true;

	for (size_t i = 0; i < s->server_count && all; i++)
		all = s->servers[i].tcp_user_timeout_ms;
	for (size_t i = 0; i < s->bind_count && all && !s->frontend_count; i++)
		all = s->binds[i].tcp_user_timeout_ms;
	for (size_t i = 0; i < s->frontend_count; i++)
		all = all && s->frontends[i].tcp_user_timeout_ms;
	return s->tcp_user_timeout_ms || all;
}

static void look_at_user_timeout(const struct lint_view *v)
{
	struct lint_finding f = { .rule = LINT_USER_TIMEOUT,
		                  .severity = LINT_WARNING,
		                  .place = place(v, "tcp_user_timeout"),
		                  .cure_kind = LINT_CONFIGURATION,
		                  .cure = "tcp_user_timeout = \"30s\";" };

	if (!has_user_timeout(v->service))
		lint_add(v, &f, v->service->name,
		         "a peer that vanishes while data is on its way to it is given up by the "
		         "kernel only after 15 minutes and more");
}

void lint_look_at_times(const struct lint_view *v)
{
	uint32_t client = client_timeout(v->service);
	uint32_t server = v->service->timeout.server_ms;
	uint32_t idle = shorter(client, server);

	look_at_idle(v, idle);
	look_at_statements(v, idle);
	look_at_both_ends(v, client, server);
	look_at_hold(v, client);
	look_at_connect(v, idle);
	look_at_keepalive(v);
	look_at_user_timeout(v);
}

/* SPDX-License-Identifier: MIT */
#include "targets.h"

#include <string.h>

int targets_line(const struct draft_context *c, const config_setting_t *at)
{
	return at && at->config != c->defaults ? (int)at->line : 0;
}

uint16_t targets_port(enum settings_port_ref ref, uint16_t number, uint16_t traffic,
                      const struct settings_node *node)
{
	switch (ref) {
	case SETTINGS_PORT_SERVER:
		return traffic;
	case SETTINGS_PORT_SQL:
		return node ? node->sql_port : traffic;
	case SETTINGS_PORT_HTTP:
		return node ? node->http_port : traffic;
	case SETTINGS_PORT_NUMBER:
		return number;
	}
	return traffic;
}

/* --- steps --------------------------------------------------------------------------------- */

static void set_bytes(struct settings_step *s, const struct draft_bytes *b)
{
	s->bytes = b->at;
	s->len = b->len;
}

static void set_text(struct settings_step *s, enum settings_match match, const char *text)
{
	s->match = match;
	s->bytes = text;
	s->len = text ? strlen(text) : 0;
}

static struct settings_step make_expect(const struct draft_step_expect *e)
{
	struct settings_step s = e->s;

	s.kind = SETTINGS_STEP_EXPECT;
	s.match = SETTINGS_MATCH_STATUS;
	if (e->string.at) {
		s.match = SETTINGS_MATCH_STRING;
		set_bytes(&s, &e->string);
	} else if (e->hex.at) {
		s.match = SETTINGS_MATCH_BINARY;
		set_bytes(&s, &e->hex);
	} else if (e->regex) {
		set_text(&s, SETTINGS_MATCH_REGEX, e->regex);
	} else if (e->hex_regex) {
		set_text(&s, SETTINGS_MATCH_BINARY_REGEX, e->hex_regex);
	} else if (e->status_regex) {
		set_text(&s, SETTINGS_MATCH_STATUS_REGEX, e->status_regex);
	} else if (e->header) {
		s.name = e->header;
		set_text(&s, SETTINGS_MATCH_HEADER, e->value);
	}
	return s;
}

static struct settings_step make_step(const struct draft_step *d)
{
	struct settings_step s = { .kind = SETTINGS_STEP_SEND };

	if (d->connect.at) {
		s = d->connect.s;
		s.kind = SETTINGS_STEP_CONNECT;
	} else if (d->expect.at) {
		s = make_expect(&d->expect);
	} else if (d->request.at) {
		s = d->request.s;
		s.kind = SETTINGS_STEP_SEND;
	} else {
		set_bytes(&s, d->send.at ? &d->send : &d->send_hex);
	}
	s.comment = d->comment;
	return s;
}

static struct settings_steps make_steps(const struct draft_context *c, const struct draft_list *l)
{
	const struct draft_step *from = l->at;
	struct settings_step *steps = mem_arena_zalloc(c->arena, l->count * sizeof(*steps));

	for (size_t i = 0; i < l->count; i++) {
		steps[i] = make_step(&from[i]);
		steps[i].line = targets_line(c, from[i].at);
	}
	return (struct settings_steps){ steps, l->count };
}

/* --- checks -------------------------------------------------------------------------------- */

/* What other types of checks have is not there, also not as a default. */
static void keep_own(struct settings_check *check, bool http)
{
	if (!http) {
		check->method = check->path = check->version = check->host = NULL;
		check->headers = (struct settings_strings){ 0 };
		check->expect_status = check->drain_status = (struct settings_ranges){ 0 };
		check->expect_string = check->rexpect_string = NULL;
		check->expect_negated = check->disable_on_404 = false;
	}
	if (check->type != SETTINGS_CHECK_PGSQL && check->type != SETTINGS_CHECK_MYSQL)
		check->user = NULL;
	if (check->type != SETTINGS_CHECK_SMTP)
		check->smtp_hello = NULL;
	if (check->type != SETTINGS_CHECK_EXTERNAL)
		check->command = check->search_path = NULL;
}

static struct settings_check make_check(const struct targets *t, const struct draft_check *d,
                                        const char *type, bool of_node)
{
	struct settings_check check = d->c;
	bool http;

	while (strcmp(settings_check_name(check.type), type) != 0)
		check.type++;
	http = check.type == SETTINGS_CHECK_HTTP || check.type == SETTINGS_CHECK_HTTPS;
	keep_own(&check, http);
	if (http || check.type == SETTINGS_CHECK_TCP)
		check.steps = make_steps(t->c, &d->steps);
	check.send_proxy = check.proxy_version != SETTINGS_PROXY_NONE;
	check.port = d->port.ref;
	check.port_number = d->port.number;
	if (!d->port.set && of_node)
		check.port = http ? SETTINGS_PORT_HTTP : SETTINGS_PORT_SQL;
	check.line = targets_line(t->c, d->at);
	return check;
}

static size_t add(struct targets *t, const struct settings_target *target)
{
	t->at[t->count] = *target;
	return t->count++;
}

struct settings_check targets_check_of_nodes(const struct targets *t,
                                             const struct draft_cluster *cluster)
{
	return make_check(t, &cluster->check, cluster->check.type ? cluster->check.type : "http",
	                  true);
}

size_t targets_add_node(struct targets *t, const struct draft_cluster *cluster,
                        const struct draft_node *node)
{
	const struct settings_node *n = &node->n;
	struct settings_target target = { .name = n->name,
		                          .host = n->host,
		                          .check = targets_check_of_nodes(t, cluster),
		                          .line = targets_line(t->c, node->at) };

	target.check_port =
	    targets_port(target.check.port, target.check.port_number, n->sql_port, n);
	return add(t, &target);
}

size_t targets_add_server(struct targets *t, const struct settings_server *s, const char *name,
                          const struct draft_check *check)
{
	const char *type = check->type ? check->type : check->at ? "tcp" : "none";
	struct settings_target target = { .name = name, .host = s->host, .line = s->line };

	/* Who tracks another server has no check of its own. */
	target.check = make_check(t, check, s->track ? "none" : type, false);
	target.check_port =
	    targets_port(target.check.port, target.check.port_number, s->port, NULL);
	return add(t, &target);
}

size_t targets_add_agent(struct targets *t, const struct draft_agent *agent, const char *name,
                         const char *host)
{
	struct settings_check check = settings_check_default(SETTINGS_CHECK_AGENT);
	struct settings_target target = { .name = name,
		                          .host = host,
		                          .check_port = agent->c.port_number,
		                          .line = targets_line(t->c, agent->at) };

	if (!agent->at)
		return 0;
	check.port = SETTINGS_PORT_NUMBER;
	check.port_number = agent->c.port_number;
	check.address = agent->c.address;
	check.inter_ms = agent->c.inter_ms;
	check.timeout_ms = agent->c.timeout_ms;
	check.rise = agent->c.rise;
	check.fall = agent->c.fall;
	check.agent_send = agent->c.agent_send;
	check.line = target.line;
	target.check = check;
	return add(t, &target) + 1;
}

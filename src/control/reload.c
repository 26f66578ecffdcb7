/* SPDX-License-Identifier: MIT */
#include "reloadparts.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "conf/confdiff.h"
#include "control/faults.h"
#include "discovery.h"
#include "net/notify.h"
#include "net/tls.h"
#include "opening.h"
#include "rosterlog.h"
#include "upgrade.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- a plan ------------------------------------------------------------------------------- */

static bool open_resolver(struct reload_plan *p, struct error *err)
{
	if (confdiff_same_resolver(p->before, p->after))
		return true;
	p->resolver = resolver_new(p->r->s->loop, &p->after->resolver, err);
	return p->resolver != NULL;
}

/* Last of all, as nothing but a success changes what is held for nodes that come. */
static bool prepare_checks(struct reload *r, const struct settings *after, struct error *err)
{
	return checker_prepare(r->s->checker, after->found_check, err) ||
	       error_wrap(err, "cluster.check");
}

/* A user of few rights may not be able to read them any more: what there is stays. */
static void renew_checks(struct reload *r)
{
	struct error err;

	if (!checker_renew(r->s->checker, &err))
		log_error("certificates of checks are not renewed: %s", err.text);
}

/* A limit that is the file's as before is what it is, or what a person made of it. */
static uint32_t choose_maxconn(const struct reload_plan *p)
{
	const struct supervisor *s = p->r->s;

	return p->before->maxconn == p->after->maxconn ? s->daemon.maxconn
	                                               : opening_maxconn(s, p->after);
}

static bool open_all(struct reload_plan *p, struct error *err)
{
	struct supervisor *s = p->r->s;

	p->was_maxconn = s->daemon.maxconn;
	p->maxconn = choose_maxconn(p);
	p->swap = topology_swap_new(s->daemon.topology, p->after);
	return reload_servers_open(p, err) && reload_listeners_open(p, err) &&
	       reload_doors_open(p, err) && open_resolver(p, err) &&
	       (p->nodes_only || discovery_prepare(p->after, &p->tls, err)) &&
	       logger_new_heir(p->after, s->daemon.logger, &p->logger, err) &&
	       prepare_checks(p->r, p->after, err);
}

/* What was not applied is closed, what was replaced is freed. */
static void release(struct reload_plan *p)
{
	reload_servers_release(p);
	reload_listeners_release(p);
	reload_doors_release(p);
	resolver_free(p->resolver);
	tls_context_free(p->tls);
	logger_free(p->logger);
	topology_swap_free(p->swap);
}

/* --- the exchange ------------------------------------------------------------------------- */

static void follow_frontends(const struct reload_plan *p)
{
	for (size_t i = 0; i < p->swap->service_count; i++) {
		const struct topology_swap_service *c = &p->swap->services[i];

		for (size_t k = 0; c->before && k < c->frontend_count; k++)
			if (c->frontends[k].before)
				crew_follow(p->r->s->daemon.crew, c->frontends[k].frontend,
				            &c->frontends[k].before->conn_rate_limit);
	}
}

/* Nobody would end them in their time, and sessions that stay would be held by them for ever. */
static void end_faults(const struct reload_plan *p)
{
	const struct topology_swap *w = p->swap;
	struct faults *faults = p->r->s->daemon.faults;
	const struct fault none = { 0 };

	for (size_t i = 0; i < w->gone_server_count; i++)
		faults_put(faults, w->gone_servers[i], none, 0);
	for (size_t i = 0; i < w->gone_service_count; i++)
		for (size_t k = 0; k < w->gone_services[i]->server_count; k++)
			faults_put(faults, w->gone_services[i]->servers[k], none, 0);
}

static void exchange(struct reload_plan *p)
{
	struct supervisor *s = p->r->s;
	struct logger *before = s->daemon.logger;

	end_faults(p);
	reload_servers_swap(p);
	crew_halt(s->daemon.crew);
	topology_swap_commit(p->swap, p->was_maxconn, p->maxconn);
	follow_frontends(p);
	logger_take_over(p->logger, before);
	crew_go_on(s->daemon.crew);
	s->daemon.logger = p->logger;
	p->logger = before;
	logger_ask(s->daemon.logger, s->daemon.topology, s->leave.begun);
	s->settings = p->after;
	reload_leavers_add(p);
	/* Sessions and lines forget the servers that are not on any list now. */
	reload_leavers_wait(p->r);
}

static void change_limits(const struct reload_plan *p)
{
	struct daemon *d = &p->r->s->daemon;

	if (p->maxconn != p->was_maxconn) {
		d->maxconn = p->maxconn;
		d->hard_maxconn = d->limits_changed ? p->maxconn : d->hard_maxconn;
		crew_set_maxconn(d->crew, p->maxconn);
	}
	if (!d->limits_changed || p->before->conn_rate_limit != p->after->conn_rate_limit)
		d->conn_rate_limit = p->after->conn_rate_limit;
	if (!d->limits_changed || p->before->session_rate_limit != p->after->session_rate_limit)
		d->session_rate_limit = p->after->session_rate_limit;
	crew_set_rate_limits(d->crew, d->conn_rate_limit, d->session_rate_limit);
}

static void change_process(const struct reload_plan *p)
{
	struct daemon *d = &p->r->s->daemon;

	change_limits(p);
	if (p->before->spin_us != p->after->spin_us)
		crew_set_spin(d->crew, p->after->spin_us);
	d->node[0] = '\0';
	if (p->after->node)
		snprintf(d->node, sizeof(d->node), "%s", p->after->node);
	else
		gethostname(d->node, sizeof(d->node) - 1);
}

static void change_resolver(struct reload_plan *p)
{
	struct supervisor *s = p->r->s;
	struct resolver *before = s->resolver;

	if (!p->resolver)
		return;
	s->resolver = p->resolver;
	p->resolver = before;
}

static void apply(struct reload_plan *p)
{
	exchange(p);
	reload_servers_apply(p);
	change_resolver(p);
	change_process(p);
	if (!p->nodes_only) {
		renew_checks(p->r);
		discovery_follow(p->r->s->discovery, &p->tls);
	}
	reload_listeners_apply(p);
	reload_doors_apply(p);
}

/* --- saying it ---------------------------------------------------------------------------- */

static void mark(struct reload *r, const struct text *line)
{
	struct journal_event e = { .kind = JOURNAL_MARK, .level = LOG_LEVEL_NOTICE };

	snprintf(e.text, sizeof(e.text), "%s", text_str(line));
	rosterlog_write(r->s->daemon.roster, &e);
}

static void add_count(struct text *t, size_t n, const char *what)
{
	if (!n)
		return;
	if (t->len)
		text_addf(t, ", %zu %s", n, what);
	else
		text_addf(t, "%zu server%s %s", n, n == 1 ? "" : "s", what);
}

/* "reloaded FILE: 2 servers added, 1 removed, 3 changed" */
static void tell(struct reload_plan *p, size_t changes)
{
	AUTO_TEXT counts = { 0 };
	AUTO_TEXT line = { 0 };

	add_count(&counts, p->added, "added");
	add_count(&counts, p->removed, "removed");
	add_count(&counts, p->changed, "changed");
	if (!counts.len)
		text_addf(&counts, "%zu change%s", changes, changes == 1 ? "" : "s");
	text_addf(&line, "reloaded %s: %s", p->after->file, text_str(&counts));
	mark(p->r, &line);
}

static void tell_nothing(struct reload *r, const char *file)
{
	AUTO_TEXT line = { 0 };

	text_addf(&line, "reloaded %s: nothing has changed", file);
	mark(r, &line);
}

static void announce(const struct reload_plan *p)
{
	for (size_t i = 0; i < p->swap->service_count; i++) {
		const struct topology_swap_service *c = &p->swap->services[i];

		for (size_t k = 0; !c->before && k < c->frontend_count; k++)
			opening_announce(p->r->s, c->frontends[k].frontend);
	}
}

/* What stays as it was until the next start: how many of the changes that are. */
static size_t warn_of_fixed(const struct confdiff *d, bool dry)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct confdiff_change *c = &d->at[i];

		n += c->restart;
		if (c->restart && !dry)
			log_warn("%s = %s needs a restart: it stays %s", c->path,
			         c->after ? c->after : "the default",
			         c->before ? c->before : "the default");
	}
	return n;
}

/* --- the whole ---------------------------------------------------------------------------- */

static const char *keep(struct settings *set, const char *text)
{
	return text ? mem_arena_strdup(&set->arena, text) : NULL;
}

/* The settings tell what is in force. */
static void keep_fixed(const struct settings *before, struct settings *after)
{
	after->threads = before->threads;
	after->nofile = before->nofile;
	after->user = keep(after, before->user);
	after->group = keep(after, before->group);
	after->chroot = keep(after, before->chroot);
	after->pidfile = keep(after, before->pidfile);
}

bool reload_carry_out(struct reload_plan *p, struct error *err)
{
	keep_fixed(p->before, p->after);
	if (!open_all(p, err))
		return false;
	apply(p);
	announce(p);
	return true;
}

void reload_release(struct reload_plan *p, bool done)
{
	release(p);
	/* Without a commit nobody else has taken it. */
	if (!done)
		settings_free(p->after);
}

/* Takes `after` over. */
static void carry_out(struct reload *r, struct settings *after, size_t changes, struct text *answer)
{
	struct reload_plan p = { .r = r, .before = r->s->settings, .after = after };
	struct error err;
	bool done = reload_carry_out(&p, &err);

	if (done) {
		tell(&p, changes);
		text_add(answer, "reloaded\n");
	} else {
		reload_refuse(r, err.text, answer);
	}
	reload_release(&p, done);
}

/*
 * Certificates may be other ones under the same names.  While there is no node the file may say
 * something else of those that come, which shows nowhere yet.
 */
static void renew_rest(struct reload *r, const struct settings *after)
{
	struct settings *s = r->s->settings;
	struct tls_context *tls = NULL;
	struct error err;

	renew_checks(r);
	if (!reload_doors_renew(r, &err) || !prepare_checks(r, after, &err) ||
	    !discovery_prepare(s, &tls, &err))
		log_error("certificates are not renewed: %s", err.text);
	else
		discovery_follow(r->s->discovery, &tls);
	tls_context_free(tls);
	if (s->text && after->text && strcmp(s->text, after->text) != 0)
		s->text = keep(s, after->text);
}

static void compare(struct reload *r, struct settings *after, bool dry, struct text *answer)
{
	struct confdiff d;
	size_t changes;

	confdiff_compare(r->s->settings, after, &d);
	changes = d.count - warn_of_fixed(&d, dry);
	if (d.count)
		confdiff_write(&d, answer);
	confdiff_release(&d);
	if (changes && !dry) {
		carry_out(r, after, changes, answer);
		return;
	}
	if (!dry) {
		renew_rest(r, after);
		tell_nothing(r, after->file);
		text_add(answer, "nothing has changed\n");
	} else if (!changes) {
		text_add(answer, "nothing would change\n");
	}
	settings_free(after);
}

const char *reload_obstacle(const struct reload *r)
{
	const struct supervisor *s = r->s;

	if (s->settings->haproxy)
		return "in HAProxy's place a new process or the master reads the file again";
	if (!s->settings->file)
		return "there is no file to read again";
	if (s->daemon.stopping)
		return "it is stopping";
	/* It has read the file already, or has our state: it would never hear of this. */
	if (upgrade_is_under_way(s->upgrade))
		return "an upgrade is under way, try again when it is over";
	return s->daemon.accepting ? NULL : "its first checks are not over yet";
}

void reload_settle_all(struct reload *r)
{
	reload_leavers_free(r);
	reload_listeners_accept(r, true);
}

static void run(void *ctx, bool dry, struct text *answer)
{
	struct reload *r = ctx;
	const char *why = reload_obstacle(r);
	bool tells = !r->s->options.under_master;
	struct settings *after;

	if (why) {
		text_addf(answer, "not reloaded: %s\n", why);
		return;
	}
	if (!dry && tells)
		notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRId64, tick_us());
	if (!dry)
		reload_settle_all(r);
	after = reload_read(r, dry, answer);
	if (after)
		compare(r, after, dry, answer);
	if (!dry && tells)
		notify_send("READY=1");
}

/* Is it an obstacle that goes away by itself? */
static bool can_wait(const struct supervisor *s)
{
	return s->settings->file && !s->daemon.stopping &&
	       (!s->daemon.accepting || upgrade_is_under_way(s->upgrade));
}

void reload_now(struct supervisor *s)
{
	AUTO_TEXT answer = { 0 };
	const char *why = s->reload ? reload_obstacle(s->reload) : NULL;

	logger_reopen(s->daemon.logger);
	if (s->settings->haproxy || !s->reload)
		return;
	roster_say(s->daemon.roster, LOG_LEVEL_NOTICE, "log files reopened");
	s->reload->wanted = why && can_wait(s);
	if (why && s->settings->file && !s->reload->wanted)
		roster_say(s->daemon.roster, LOG_LEVEL_WARN, "not reloaded: %s", why);
	if (!why)
		run(s->reload, false, &answer);
}

void reload_tend(struct reload *r)
{
	AUTO_TEXT answer = { 0 };

	if (!r)
		return;
	reload_leavers_free(r);
	reload_settle(r);
	if (!r->wanted || reload_obstacle(r))
		return;
	r->wanted = false;
	run(r, false, &answer);
}

void reload_settle(struct reload *r)
{
	if (r && r->late_count && !r->s->daemon.stopping)
		reload_listeners_accept(r, false);
}

bool reload_is_wanted(const struct reload *r)
{
	return r && r->wanted;
}

void reload_stop(struct reload *r)
{
	for (size_t i = 0; r && i < r->late_count; i++) {
		for (size_t k = 0; k < r->late[i].listener_count; k++)
			listener_free(r->late[i].listeners[k].heir);
		free(r->late[i].listeners);
	}
	if (r)
		r->late_count = 0;
}

struct reload *reload_new(struct supervisor *s)
{
	struct reload *r = mem_zalloc(sizeof(*r));

	r->s = s;
	r->first = settings_ref(s->settings);
	LIST_INIT(&r->leavers);
	reload_doors_begin(r);
	s->daemon.reload = (struct daemon_reload){ run, r };
	return r;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	reload_leavers_end(r);
	reload_stop(r);
	free(r->late);
	reload_doors_end(r);
	settings_free(r->first);
	free(r);
}

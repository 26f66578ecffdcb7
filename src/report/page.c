/* SPDX-License-Identifier: MIT */
#include "report/page.h"

#include "base/log.h"
#include "base/number.h"
#include "pagelook.h"
#include "plain.h"
#include "report/eventline.h"
#include "report/info.h"
#include "report/stamp.h"
#include "report/uifiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS_SHOWN = 20 };

static void add_age(struct text *out, int64_t ms)
{
	char buf[32];

	number_format_age(ms > 0 ? (uint64_t)ms / 1000 : 0, buf, sizeof(buf));
	text_add(out, buf);
}

static void add_bytes(struct text *out, uint64_t n)
{
	char buf[32];

	number_format_bytes(n, buf, sizeof(buf));
	text_add(out, buf);
}

/* 1234567 as 1,234,567 */
static void add_number(struct text *out, uint64_t n)
{
	if (n >= 1000) {
		add_number(out, n / 1000);
		text_addf(out, ",%03u", (unsigned int)(n % 1000));
	} else {
		text_addf(out, "%u", (unsigned int)n);
	}
}

static void add_fact(struct text *out, const char *what, uint64_t n, const char *after)
{
	text_addf(out, "<div><dt>%s</dt><dd>", what);
	add_number(out, n);
	text_addf(out, "%s</dd></div>\n", after);
}

/* The share of `n` in `of`, as a bar; `whole` says what that is. */
static void add_bar(struct text *out, uint64_t n, uint64_t of, const char *whole)
{
	int share = of ? (int)(100 * (double)n / (double)of) : 0;

	text_addf(out,
	          "<span title=\"%d %% of %s\"><svg class=\"bar\" viewBox=\"0 0 100 6\" "
	          "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"%d\" "
	          "height=\"6\"/></svg></span>",
	          share, whole, share);
}

/* --- head --------------------------------------------------------------------------------- */

static size_t count_troubles(const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->service_count; i++)
		for (size_t k = 0; k < s->services[i].server_count; k++)
			n += !s->services[i].servers[k].usable;
	return n;
}

static void add_title(const struct snapshot *s, struct text *out)
{
	size_t out_of_use = count_troubles(s);

	text_add(out, "<title>");
	if (out_of_use)
		text_addf(out, "(%zu) ", out_of_use);
	text_add(out, "sluice");
	if (s->process.node) {
		text_add(out, " on ");
		plain_add_html(out, s->process.node);
	}
	text_add(out, "</title>\n");
}

static void add_sheet(const char *name, struct text *out)
{
	text_addf(out, "<link rel=\"stylesheet\" href=\"/ui/%s\">\n", name);
}

/* All there are, so that nothing is without style when app.js puts it there. */
static void add_sheets(struct text *out)
{
	static const char first[] = "page.css";
	struct uifile f;

	add_sheet(first, out);
	for (size_t i = 0; uifiles_at(i, &f); i++)
		if (strncmp(f.type, "text/css", 8) == 0 && strcmp(f.name, first) != 0)
			add_sheet(f.name, out);
}

static void add_head(const struct snapshot *s, struct text *out)
{
	text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	              "<meta name=\"color-scheme\" content=\"light dark\">\n"
	              "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>\n");
	add_title(s, out);
	add_sheets(out);
	text_add(out, "<link rel=\"icon\" href=\"data:,\">\n"
	              "<script src=\"/ui/theme.js\"></script>\n"
	              "<script type=\"module\" src=\"/ui/app.js\"></script>\n"
	              "</head>\n<body>\n");
}

static void add_process(const struct snapshot *s, struct text *out)
{
	const struct snapshot_process *p = &s->process;

	text_add(out, "<header>\n<h1>sluice <small>");
	plain_add_html(out, p->version);
	if (p->node) {
		text_add(out, " on ");
		plain_add_html(out, p->node);
	}
	if (p->description) {
		text_add(out, ", ");
		plain_add_html(out, p->description);
	}
	text_add(out, "</small></h1>\n");
	if (p->stopping)
		text_add(out, "<span class=\"badge nolb\">\u25d0 STOPPING</span>\n");
	text_add(out, "<dl class=\"facts\">\n<div><dt>Up</dt><dd>");
	add_age(out, p->now_ms - p->start_ms);
	text_add(out, "</dd></div>\n<div><dt>Sessions</dt><dd>");
	add_number(out, p->connections);
	text_add(out, " of ");
	add_number(out, p->maxconn);
	text_add(out, "</dd></div>\n");
	add_fact(out, "New", p->conn_rate, " per s");
	add_fact(out, "Peak", p->conn_rate_max, " per s");
	add_fact(out, "Total", p->connections_total, "");
	text_add(out, "<div><dt>Out</dt><dd>");
	add_bytes(out, p->bytes_out_rate);
	text_add(out, " per s</dd></div>\n");
	if (p->dropped_logs)
		add_fact(out, "Log lines lost", p->dropped_logs, "");
	text_add(out, "</dl>\n</header>\n<main class=\"plain\">\n");
}

/* --- servers ------------------------------------------------------------------------------ */

static void add_who(const struct snapshot_server *s, struct text *out)
{
	text_add(out, "<td class=\"who\"><b>");
	plain_add_html(out, s->name);
	text_add(out, "</b>");
	if (s->backup)
		text_add(out, " <span class=\"tag\">backup</span>");
	text_add(out, "<small>");
	if (s->host_is_name) {
		plain_add_html(out, s->host);
		text_add(out, ", ");
	}
	plain_add_html(out, strcmp(s->address, "-") == 0 ? "no address yet" : s->address);
	text_add(out, "</small>");
	if (s->locality) {
		text_add(out, "<small>");
		plain_add_html(out, s->locality);
		text_add(out, "</small>");
	}
	text_add(out, "</td>\n");
}

static void add_since(const struct snapshot_server *s, struct text *out)
{
	text_add(out, "<td class=\"why\"><b>");
	add_age(out, s->age_ms);
	text_add(out, "</b>: ");
	plain_add_html(out, s->cause[0] ? s->cause : state_health_help(s->state.health));
	if (s->since_wall_ms) {
		text_add(out, "<small>since <time datetime=\"");
		stamp_add_rfc3339(out, s->since_wall_ms);
		text_add(out, "\">");
		stamp_add_date(out, s->since_wall_ms);
		text_addc(out, ' ');
		stamp_add_time(out, s->since_wall_ms);
		text_add(out, "</time></small>");
	}
	text_add(out, "</td>\n");
}

static void add_check(const struct snapshot_server *s, struct text *out)
{
	AUTO_TEXT words = { 0 };

	text_add(out, "<td class=\"check\" data-label=\"Last check\">");
	if (!s->limits.checked) {
		text_add(out, "none</td>\n");
		return;
	}
	if (s->check_age_ms < 0) {
		text_add(out, "not yet</td>\n");
		return;
	}
	eventline_write_check(&s->check, &words);
	text_addf(out, "<span%s>", probe_code_passed(s->check.code) ? "" : " class=\"bad\"");
	text_add_html(out, text_str(&words));
	text_addf(out, "</span><small>%s, %s, ", s->check_type, probe_code_name(s->check.code));
	add_age(out, s->check_age_ms);
	text_add(out, " ago</small></td>\n");
}

static void add_sessions(const struct snapshot_service *service, const struct snapshot_server *s,
                         struct text *out)
{
	text_add(out, "<td class=\"n\" data-label=\"Sessions\"><b>");
	add_number(out, s->sessions);
	text_add(out, "</b>");
	if (s->maxconn) {
		text_add(out, " / ");
		add_number(out, s->maxconn);
	}
	if (s->maxconn)
		add_bar(out, s->sessions, s->maxconn, "the server's maxconn");
	else
		add_bar(out, s->sessions, service->sessions, "the service's sessions");
	text_add(out, "<small>max ");
	add_number(out, s->sessions_max);
	text_add(out, "</small></td>\n<td class=\"n\" data-label=\"Rate\">");
	add_number(out, s->rate);
	text_add(out, "/s<small>max ");
	add_number(out, s->rate_max);
	text_add(out, "</small></td>\n<td class=\"n\" data-label=\"Total\">");
	add_number(out, s->count[COUNTER_SESSIONS]);
	text_add(out, "</td>\n");
}

/* A further line of a cell, if there is anything to say. */
static void add_small(struct text *out, uint64_t n, const char *what)
{
	if (!n)
		return;
	text_add(out, "<small>");
	add_number(out, n);
	text_addf(out, "%s</small>", what);
}

static void add_errors(const struct snapshot_server *s, struct text *out)
{
	uint64_t errors = s->count[COUNTER_CONNECT_ERRORS] + s->count[COUNTER_SERVER_ABORTS];

	text_addf(out, "<td class=\"n\" data-label=\"Errors\"><span%s>",
	          errors ? " class=\"bad\"" : "");
	add_number(out, errors);
	text_add(out, "</span>");
	add_small(out, s->count[COUNTER_RETRIES] + s->count[COUNTER_REDISPATCHES], " retried");
	add_small(out, s->count[COUNTER_CUT], " cut");
	text_add(out, "</td>\n");
}

static void add_traffic(const struct snapshot_server *s, struct text *out)
{
	text_add(out, "<td class=\"n\" data-label=\"In / out\">");
	add_bytes(out, s->count[COUNTER_BYTES_IN]);
	text_add(out, "<small>");
	add_bytes(out, s->count[COUNTER_BYTES_OUT]);
	text_addf(out, "</small></td>\n<td class=\"n\" data-label=\"Connect\">%u ms<small>max ",
	          s->connect_ms);
	add_number(out, s->connect_max_ms);
	text_add(out, "</small></td>\n");
	add_errors(s, out);
	text_addf(out, "<td class=\"n\" data-label=\"Weight\">%u", s->weight);
	if (s->weight != s->weight_initial)
		text_addf(out, "<small>was %u</small>", s->weight_initial);
	text_add(out, "</td>\n");
}

static void add_server(const struct snapshot_service *service, const struct snapshot_server *s,
                       struct text *out)
{
	struct pagelook look = pagelook_of(&s->state);

	text_addf(out, "<tr class=\"%s\">\n<td class=\"state\">%s ", look.class, look.glyph);
	text_add_html(out, s->status);
	if (!s->usable && s->weight == 0)
		text_add(out, "<small>weight 0</small>");
	text_add(out, "</td>\n");
	add_who(s, out);
	add_since(s, out);
	add_check(s, out);
	add_sessions(service, s, out);
	add_traffic(s, out);
	text_add(out, "</tr>\n");
}

/* --- services ----------------------------------------------------------------------------- */

static void add_badge(const struct snapshot_service *s, struct text *out)
{
	uint32_t usable = s->active_usable + s->backup_usable;

	if (!s->up)
		text_add(out, "<span class=\"badge down\">\u2716 NO SERVER USABLE</span>\n");
	else if (s->on_backup)
		text_add(out, "<span class=\"badge nolb\">\u25d0 ON BACKUP</span>\n");
	else
		text_addf(out, "<span class=\"badge %s\">%s %u of %zu usable</span>\n",
		          usable < s->server_count ? "nolb" : "up",
		          usable < s->server_count ? "\u25d0" : "\u25cf", usable, s->server_count);
}

static void add_top(const struct snapshot_service *s, struct text *out)
{
	text_add(out, "<div class=\"top\">\n<h2>");
	plain_add_html(out, s->name);
	text_add(out, "</h2>\n");
	add_badge(s, out);
	text_add(out, "<span class=\"soft\">");
	for (size_t i = 0; i < s->bind_count; i++) {
		plain_add_html(out, s->binds[i]);
		text_add(out, ", ");
	}
	text_addf(out, "%s</span>\n<dl class=\"facts\">\n<div><dt>Sessions</dt><dd>", s->balance);
	add_number(out, s->sessions);
	text_add(out, " of ");
	add_number(out, s->maxconn);
	text_add(out, "</dd></div>\n");
	add_fact(out, "New", s->rate, " per s");
	add_fact(out, "Total", s->count[COUNTER_SESSIONS], "");
	text_add(out, "<div><dt>Bytes in / out</dt><dd>");
	add_bytes(out, s->count[COUNTER_BYTES_IN]);
	text_add(out, " / ");
	add_bytes(out, s->count[COUNTER_BYTES_OUT]);
	text_add(out, "</dd></div>\n");
	if (s->count[COUNTER_CONNECT_ERRORS])
		add_fact(out, "Not connected", s->count[COUNTER_CONNECT_ERRORS], "");
	if (s->count[COUNTER_DENIED])
		add_fact(out, "Denied", s->count[COUNTER_DENIED], "");
	text_add(out, "</dl>\n</div>\n");
}

static const struct {
	const char *head, *title;
	bool number;
} columns[] = {
	{ "State", "Health, or what an administrator decided", false },
	{ "Server", "Name, address and locality", false },
	{ "Since and why", "How long it has been in this state, and what led to it", false },
	{ "Last check", "What the last health check found, and when", false },
	{ "Sessions", "Open now, of the most allowed; the bar is a share; max since the start",
	  true },
	{ "Rate", "New sessions per second", true },
	{ "Total", "Sessions since the start", true },
	{ "In / out", "Bytes from clients to the server, and from the server to clients", true },
	{ "Connect", "Time to connect to the server: average of the last ones, and the longest",
	  true },
	{ "Errors", "Connects that failed and sessions that the server broke off", true },
	{ "Weight", "Its share of new sessions against the others'", true },
};

static void add_columns(struct text *out)
{
	text_add(out, "<table>\n<thead><tr>");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		text_addf(out, "<th scope=\"col\"%s title=\"%s\">%s</th>",
		          columns[i].number ? " class=\"n\"" : "", columns[i].title,
		          columns[i].head);
	text_add(out, "</tr></thead>\n<tbody>\n");
}

static void add_service(const struct snapshot_service *s, struct text *out)
{
	text_add(out, "<section>\n");
	add_top(s, out);
	add_columns(out);
	for (size_t i = 0; i < s->server_count; i++)
		add_server(s, &s->servers[i], out);
	text_add(out, "</tbody>\n</table>\n</section>\n");
}

/* --- events ------------------------------------------------------------------------------- */

static const char *class_of(const struct journal_event *e)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		return pagelook_of(&e->after).class;
	case JOURNAL_CHECK:
		return probe_code_passed(e->check.code) ? "up" : "nolb";
	case JOURNAL_SERVICE_DOWN:
		return "down";
	case JOURNAL_SERVICE_UP:
		return "up";
	case JOURNAL_PANIC:
	case JOURNAL_FAULT:
		return e->begins ? "down" : "up";
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return e->level <= LOG_LEVEL_WARN ? "nolb" : "checking";
}

static void add_event(const struct journal_event *e, int64_t now_wall_ms, struct text *out)
{
	AUTO_TEXT what = { 0 };
	AUTO_TEXT why = { 0 };

	eventline_write_what(e, &what);
	eventline_write_why(e, &why);
	text_add(out, "<li><time datetime=\"");
	stamp_add_rfc3339(out, e->wall_ms);
	text_add(out, "\">");
	if (!stamp_is_same_day(e->wall_ms, now_wall_ms)) {
		stamp_add_date(out, e->wall_ms);
		text_addc(out, ' ');
	}
	stamp_add_time(out, e->wall_ms);
	text_add(out, "</time><span>");
	plain_add_html(out, e->service[0] ? e->service : "sluice");
	if (e->server[0]) {
		text_addc(out, '/');
		plain_add_html(out, e->server);
	}
	text_addf(out, "</span><span class=\"what %s\">", class_of(e));
	text_add_html(out, text_str(&what));
	text_add(out, "</span><span class=\"why\">");
	text_add_html(out, text_str(&why));
	text_add(out, "</span></li>\n");
}

static void add_events(const struct journal *journal, int64_t now_wall_ms, struct text *out)
{
	uint64_t last = journal ? journal_last(journal) : 0;
	uint64_t end = last > EVENTS_SHOWN ? last - EVENTS_SHOWN : 0;
	const struct journal_event *first = journal ? journal_find(journal, end + 1) : NULL;
	bool dated = first && !stamp_is_same_day(first->wall_ms, now_wall_ms);

	text_add(out, "<section>\n<h2>Events</h2>\n");
	if (!last)
		text_add(out, "<p class=\"none soft\">Nothing has happened yet.</p>\n");
	else
		text_add(out, dated ? "<ol class=\"dated\">\n" : "<ol>\n");
	for (uint64_t seq = last; seq > end; seq--) {
		const struct journal_event *e = journal_find(journal, seq);

		if (e && e->seq == seq)
			add_event(e, now_wall_ms, out);
	}
	text_addf(out, "%s</section>\n</main>\n", last ? "</ol>\n" : "");
}

/* Programs that read HAProxy's page look for its version and "uptime = ". */
static void add_footer(const struct snapshot *s, struct text *out)
{
	text_add(out, "<footer>\n<p><noscript>As of ");
	stamp_add_date(out, s->process.now_wall_ms);
	text_addc(out, ' ');
	stamp_add_time(out, s->process.now_wall_ms);
	text_add(out,
	         ", renewed every 2 seconds. </noscript>Also as <a href=\"/stats;csv\">CSV</a>, "
	         "<a href=\"/v1/status\">JSON</a>, <a href=\"/metrics\">metrics</a>.</p>\n"
	         "<p>Answers like HAProxy version ");
	info_add_version(s, out);
	text_addf(out, ", pid = %d, %u threads, uptime = ", s->process.pid, s->process.threads);
	info_add_uptime(s, out);
	text_add(out, "</p>\n</footer>\n</body>\n</html>\n");
}

void page_write(const struct snapshot *s, const struct journal *journal, struct text *out)
{
	add_head(s, out);
	add_process(s, out);
	for (size_t i = 0; i < s->service_count; i++)
		add_service(&s->services[i], out);
	add_events(journal, s->process.now_wall_ms, out);
	add_footer(s, out);
}

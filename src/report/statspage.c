/* SPDX-License-Identifier: MIT */
#include "report/statspage.h"

#include "plain.h"
#include "report/info.h"
#include "statsrow.h"
#include "statsstyle.h"

#include <inttypes.h>
#include <string.h>

struct page {
	const struct snapshot *s;
	const struct statspage_options *o;
	struct text *out;
};

static const struct statspage_action actions[] = {
	{ "ready", "Set state to READY" },     { "drain", "Set state to DRAIN" },
	{ "maint", "Set state to MAINT" },     { "dhlth", "Health: disable checks" },
	{ "ehlth", "Health: enable checks" },  { "hrunn", "Health: force UP" },
	{ "hnolb", "Health: force NOLB" },     { "hdown", "Health: force DOWN" },
	{ "dagent", "Agent: disable checks" }, { "eagent", "Agent: enable checks" },
	{ "arunn", "Agent: force UP" },        { "adown", "Agent: force DOWN" },
	{ "shutdown", "Kill Sessions" },
};

const struct statspage_action *statspage_actions(size_t *ret_count)
{
	*ret_count = sizeof(actions) / sizeof(actions[0]);
	return actions;
}

/* --- above the tables ----------------------------------------------------------------------- */

static void add_node(struct text *out, const char *node)
{
	if (node)
		text_add(out, " on ");
	plain_add_html(out, node ? node : "");
}

static void add_head(struct page *p)
{
	const struct snapshot_process *process = &p->s->process;
	struct text *out = p->out;

	text_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	              "<title>Statistics Report for HAProxy");
	add_node(out, process->node);
	text_addf(out,
	          "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n%s</style>\n</head>\n"
	          "<body>\n<h1>HAProxy",
	          statsstyle_css);
	if (!p->o->hide_version) {
		text_add(out, " version ");
		info_add_version(p->s, out);
		text_addf(out, ", by sluice %s", process->version);
	}
	text_addf(out, "</h1>\n<h2>Statistics Report for pid %d", process->pid);
	add_node(out, process->node);
	if (process->description) {
		text_add(out, ": ");
		plain_add_html(out, process->description);
	}
	text_add(out, "</h2>\n");
}

static void add_outcome(struct page *p)
{
	static const struct {
		const char *word, *text;
		bool bad;
	} outcomes[] = {
		{ "DONE", "Action processed successfully.", false },
		{ "NONE", "Nothing has changed.", false },
		{ "PART", "Action partially processed: some server names are probably unknown.",
		  true },
		{ "ERRP", "Action not processed because of invalid parameters.", true },
		{ "EXCD", "Action not processed: the request was too large.", true },
		{ "DENY", "Action denied.", true },
		{ "IVAL", "Invalid request.", true },
		{ "UNKN", "Unexpected result.", true },
	};
	const char *word = p->o->outcome;

	for (size_t i = 0; word && i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (strcmp(outcomes[i].word, word) != 0)
			continue;
		text_addf(p->out, "<p class=\"note%s\"><a href=\"", outcomes[i].bad ? " bad" : "");
		text_add_html(p->out, p->o->uri);
		text_addf(p->out, "\" title=\"Remove this message\">[X]</a> %s</p>\n",
		          outcomes[i].text);
	}
}

static void add_link(struct page *p, const char *suffix, const char *words)
{
	text_add(p->out, "<li><a href=\"");
	text_add_html(p->out, p->o->uri);
	text_addf(p->out, "%s\">%s</a></li>\n", suffix, words);
}

static void add_options(struct page *p)
{
	const struct csv_filter *f = &p->o->filter;

	text_add(p->out, "<div><b>Display option:</b><ul>\n");
	/* The form puts its own query in the place of one that the address has. */
	if (!strchr(p->o->uri, '?')) {
		text_add(p->out, "<li><form method=\"get\">Scope: <input name=\"scope\" size=\"8\" "
		                 "maxlength=\"20\" value=\"");
		plain_add_html(p->out, f->scope ? f->scope : "");
		text_add(p->out, "\"></form></li>\n");
	}
	if (f->hide_down)
		add_link(p, "", "Show all servers");
	else
		add_link(p, ";up", "Hide 'DOWN' servers");
	if (p->o->refresh_s)
		add_link(p, ";norefresh", "Disable refresh");
	add_link(p, p->o->suffix, "Refresh now");
	add_link(p, ";csv", "CSV export");
	add_link(p, ";json", "JSON export");
	add_link(p, ";json-schema", "JSON schema");
	text_add(p->out, "</ul></div>\n");
}

static void add_facts(struct page *p)
{
	const struct snapshot_process *process = &p->s->process;
	struct text *out = p->out;

	text_addf(out,
	          "<div class=\"facts\"><p><b>pid = </b> %d (process #1, nbproc = 1, nbthread = "
	          "%u)<br>\n<b>uptime = </b> ",
	          process->pid, process->threads);
	info_add_uptime(p->s, out);
	text_addf(out,
	          "<br>\n<b>system limits:</b> memmax = unlimited; ulimit-n = %" PRIu64
	          "<br>\n<b>maxsock = </b> %" PRIu64 "; <b>maxconn = </b> %u; <b>maxpipes = </b> 0"
	          "<br>\ncurrent conns = %u; current pipes = 0/0; conn rate = %" PRIu64
	          "/sec; bit rate = %.3f Mbps<br>\nRunning tasks: 0/%u; idle = 100 %%</p>\n",
	          process->nofile, process->nofile, process->maxconn, process->connections,
	          process->conn_rate, (double)process->bytes_out_rate * 8 / 1e6,
	          process->connections + process->listeners);
	add_options(p);
	text_add(out, "</div>\n");
}

/* --- tables --------------------------------------------------------------------------------- */

static void add_actions(struct page *p, const struct snapshot_proxy *proxy)
{
	text_add(p->out, "Choose the action to perform on the checked servers: "
	                 "<select name=\"action\"><option value=\"\"></option>");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		text_addf(p->out, "<option value=\"%s\">%s</option>", actions[i].value,
		          actions[i].words);
	text_addf(p->out,
	          "</select> <input type=\"hidden\" name=\"b\" value=\"#%u\"> "
	          "<input type=\"submit\" value=\"Apply\">\n</form>\n",
	          proxy->id);
}

static bool has_servers(const struct snapshot *s, const struct snapshot_proxy *proxy)
{
	for (size_t i = 0; i < proxy->count; i++)
		if (s->rows[proxy->first + i]->server)
			return true;
	return false;
}

static void add_proxy(struct page *p, const struct snapshot_proxy *proxy)
{
	bool form = p->o->writable && has_servers(p->s, proxy);
	struct text *out = p->out;

	text_add(out, "<h3 class=\"pxname\"><a id=\"");
	plain_add_html(out, proxy->name);
	text_add(out, "\" href=\"#");
	plain_add_html(out, proxy->name);
	text_add(out, "\">");
	plain_add_html(out, proxy->name);
	text_add(out, "</a></h3>\n");
	if (form)
		text_add(out, "<form class=\"act\" method=\"post\">\n");
	statsrow_add_heads(out);
	for (size_t i = 0; i < proxy->count; i++)
		if (csv_filter_passes(&p->o->filter, p->s->rows[proxy->first + i]))
			statsrow_add(out, p->s->rows[proxy->first + i], &p->o->filter, form);
	text_add(out, "</tbody></table></div>\n");
	if (form)
		add_actions(p, proxy);
}

static bool is_shown(const struct page *p, const struct snapshot_proxy *proxy)
{
	for (size_t i = 0; i < proxy->count; i++)
		if (csv_filter_passes(&p->o->filter, p->s->rows[proxy->first + i]))
			return true;
	return false;
}

void statspage_write(const struct snapshot *s, const struct statspage_options *o, struct text *out)
{
	struct page p = { .s = s, .o = o, .out = out };

	add_head(&p);
	add_outcome(&p);
	add_facts(&p);
	for (size_t i = 0; i < s->proxy_count; i++)
		if (is_shown(&p, &s->proxies[i]))
			add_proxy(&p, &s->proxies[i]);
	text_add(out, "</body></html>\n");
}

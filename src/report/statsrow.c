/* SPDX-License-Identifier: MIT */
#include "statsrow.h"

#include "base/number.h"
#include "plain.h"

#include <inttypes.h>
#include <string.h>

/* How a cell shows its field. */
enum cell {
	CELL_NUMBER,
	CELL_LIMIT, /* "-" if a server has none */
	CELL_AGE,   /* "?" for never */
};

/* The numbers of a row, in HAProxy's order; the columns of group "Server" follow. */
static const struct {
	const char *head;
	enum metric m;
	enum cell cell;
} columns[] = {
	{ "Cur", METRIC_QCUR, CELL_NUMBER },     { "Max", METRIC_QMAX, CELL_NUMBER },
	{ "Limit", METRIC_QLIMIT, CELL_LIMIT },  { "Cur", METRIC_RATE, CELL_NUMBER },
	{ "Max", METRIC_RATE_MAX, CELL_NUMBER }, { "Limit", METRIC_RATE_LIM, CELL_NUMBER },
	{ "Cur", METRIC_SCUR, CELL_NUMBER },     { "Max", METRIC_SMAX, CELL_NUMBER },
	{ "Limit", METRIC_SLIM, CELL_LIMIT },    { "Total", METRIC_STOT, CELL_NUMBER },
	{ "LbTot", METRIC_LBTOT, CELL_NUMBER },  { "Last", METRIC_LASTSESS, CELL_AGE },
	{ "In", METRIC_BIN, CELL_NUMBER },       { "Out", METRIC_BOUT, CELL_NUMBER },
	{ "Req", METRIC_DREQ, CELL_NUMBER },     { "Resp", METRIC_DRESP, CELL_NUMBER },
	{ "Req", METRIC_EREQ, CELL_NUMBER },     { "Conn", METRIC_ECON, CELL_NUMBER },
	{ "Resp", METRIC_ERESP, CELL_NUMBER },   { "Retr", METRIC_WRETR, CELL_NUMBER },
	{ "Redis", METRIC_WREDIS, CELL_NUMBER },
};

static void add_age(struct text *out, int64_t seconds)
{
	char buf[32];

	number_format_age(seconds > 0 ? (uint64_t)seconds : 0, buf, sizeof(buf));
	text_add(out, buf);
}

/* What stands for a number that says nothing: no limit, never. */
static const char *sign_of(const struct snapshot_row *r, size_t i)
{
	const struct snapshot_value *v = &r->at[columns[i].m];

	if (columns[i].cell == CELL_LIMIT)
		return v->present || r->kind != SNAPSHOT_SERVER ? NULL : "-";
	if (columns[i].cell == CELL_AGE)
		return v->present && v->number < 0 ? "?" : NULL;
	return columns[i].m == METRIC_RATE_LIM && v->present && !v->number ? "-" : NULL;
}

static void add_cell(struct text *out, const struct snapshot_row *r, size_t i)
{
	const struct snapshot_value *v = &r->at[columns[i].m];
	const char *sign = sign_of(r, i);

	text_add(out, "<td>");
	if (sign)
		text_add(out, sign);
	else if (v->present && columns[i].cell == CELL_AGE)
		add_age(out, v->number);
	else if (v->present)
		text_addf(out, "%" PRId64, v->number);
	text_add(out, "</td>");
}

static void add_status(struct text *out, const struct snapshot_row *r, const struct csv_filter *f)
{
	AUTO_TEXT status = { 0 };

	text_add(out, "<td class=\"ac st\">");
	if (r->at[METRIC_LASTCHG].present) {
		add_age(out, r->at[METRIC_LASTCHG].number);
		text_addc(out, ' ');
	}
	csv_add_status(f, r, &status);
	plain_add_html(out, text_str(&status));
	text_add(out, "</td>");
}

/* "L7OK/200 in 1ms", with words and text as a hint. */
static void add_check(struct text *out, const struct snapshot_row *r, enum metric status,
                      enum metric code, enum metric duration, enum metric words, enum metric info)
{
	text_add(out, "<td class=\"ac\" title=\"");
	plain_add_html(out, r->at[words].text);
	if (r->at[info].present && r->at[info].text[0]) {
		text_add(out, ": ");
		plain_add_html(out, r->at[info].text);
	}
	text_add(out, "\">");
	plain_add_html(out, r->at[status].text);
	if (r->at[code].present)
		text_addf(out, "/%" PRId64, r->at[code].number);
	if (r->at[duration].present)
		text_addf(out, " in %" PRId64 "ms", r->at[duration].number);
	text_add(out, "</td>");
}

static void add_last_check(struct text *out, const struct snapshot_row *r)
{
	if (r->at[METRIC_CHECK_STATUS].present)
		add_check(out, r, METRIC_CHECK_STATUS, METRIC_CHECK_CODE, METRIC_CHECK_DURATION,
		          METRIC_CHECK_DESC, METRIC_LAST_CHK);
	else if (r->at[METRIC_AGENT_STATUS].present)
		add_check(out, r, METRIC_AGENT_STATUS, METRIC_AGENT_CODE, METRIC_AGENT_DURATION,
		          METRIC_AGENT_DESC, METRIC_LAST_AGT);
	else
		text_add(out, "<td></td>");
}

/* Chk, Dwn and Dwntme; of a server that follows another's checks, which one. */
static void add_failures(struct text *out, const struct snapshot_row *r)
{
	static const enum metric counts[] = { METRIC_CHKFAIL, METRIC_CHKDOWN };

	if (r->at[METRIC_TRACKED].present) {
		text_add(out, "<td class=\"ac\" colspan=\"3\"><a href=\"#");
		plain_add_html(out, r->at[METRIC_TRACKED].text);
		text_add(out, "\">via ");
		plain_add_html(out, r->at[METRIC_TRACKED].text);
		text_add(out, "</a></td>");
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		text_add(out, "<td>");
		if (r->at[counts[i]].present)
			text_addf(out, "%" PRId64, r->at[counts[i]].number);
		text_add(out, "</td>");
	}
	text_add(out, "<td>");
	if (r->at[METRIC_DOWNTIME].present)
		add_age(out, r->at[METRIC_DOWNTIME].number);
	text_add(out, "</td>");
}

static void add_server_cells(struct text *out, const struct snapshot_row *r,
                             const struct csv_filter *f)
{
	add_status(out, r, f);
	if (r->kind == SNAPSHOT_FRONTEND || r->kind == SNAPSHOT_LISTENER) {
		text_add(out, "<td colspan=\"8\"></td></tr>\n");
		return;
	}
	add_last_check(out, r);
	text_addf(out, "<td class=\"ac\">%" PRId64 "/%" PRId64 "</td>", r->at[METRIC_WEIGHT].number,
	          r->at[METRIC_UWEIGHT].number);
	if (r->kind == SNAPSHOT_SERVER)
		text_addf(out, "<td class=\"ac\">%s</td><td class=\"ac\">%s</td>",
		          r->at[METRIC_ACT].number ? "Y" : "-",
		          r->at[METRIC_BCK].number ? "Y" : "-");
	else
		text_addf(out, "<td class=\"ac\">%" PRId64 "</td><td class=\"ac\">%" PRId64 "</td>",
		          r->at[METRIC_ACT].number, r->at[METRIC_BCK].number);
	add_failures(out, r);
	if (r->at[METRIC_THROTTLE].present)
		text_addf(out, "<td class=\"ac\">%" PRId64 " %%</td></tr>\n",
		          r->at[METRIC_THROTTLE].number);
	else
		text_addf(out, "<td class=\"ac\">%s</td></tr>\n",
		          r->kind == SNAPSHOT_SERVER ? "-" : "");
}

/* --- rows and tables ------------------------------------------------------------------------ */

/* HAProxy's class of a server's row, after "active_" or "backup_". */
static const char *class_of(const struct snapshot_server *server)
{
	bool changing = state_is_changing(&server->state, &server->limits);

	switch (state_effective(&server->state)) {
	case STATE_UP:
		if (server->state.admin & STATE_DRAIN_ANY)
			return "draining";
		return changing                              ? "going_down"
		       : server->check_on || server->tracked ? "up"
		                                             : "no_check";
	case STATE_NOCHECK:
		return server->state.admin & STATE_DRAIN_ANY ? "draining" : "no_check";
	case STATE_NOLB:
		return "nolb";
	case STATE_DOWN:
		return changing ? "going_up" : "down";
	case STATE_CHECKING:
	case STATE_HEALTH_COUNT:
		break;
	}
	return "going_up";
}

static void begin_row(struct text *out, const struct snapshot_row *r)
{
	switch (r->kind) {
	case SNAPSHOT_FRONTEND:
		text_add(out, "<tr class=\"frontend\">");
		return;
	case SNAPSHOT_LISTENER:
		text_add(out, "<tr class=\"socket\">");
		return;
	case SNAPSHOT_BACKEND:
		text_addf(out, "<tr class=\"backend%s\">",
		          strcmp(r->at[METRIC_STATUS].text, "DOWN") == 0 ? " backend_down" : "");
		return;
	case SNAPSHOT_SERVER:
		break;
	}
	if (state_in_maint(&r->server->state))
		text_add(out, "<tr class=\"maintain\">");
	else
		text_addf(out, "<tr class=\"%s_%s\">", r->server->backup ? "backup" : "active",
		          class_of(r->server));
}

static const char *name_of(const struct snapshot_row *r)
{
	switch (r->kind) {
	case SNAPSHOT_FRONTEND:
		return "Frontend";
	case SNAPSHOT_BACKEND:
		return "Backend";
	case SNAPSHOT_SERVER:
	case SNAPSHOT_LISTENER:
		break;
	}
	return r->name;
}

/* "psql/n1"; listeners have a "+" before their name, as HAProxy's anchors. */
static void add_anchor(struct text *out, const struct snapshot_row *r)
{
	plain_add_html(out, r->proxy);
	text_add(out, r->kind == SNAPSHOT_LISTENER ? "/+" : "/");
	plain_add_html(out, name_of(r));
}

void statsrow_add(struct text *out, const struct snapshot_row *r, const struct csv_filter *f,
                  bool form)
{
	begin_row(out, r);
	text_add(out, "<td class=\"edge\">");
	if (form && r->kind == SNAPSHOT_SERVER) {
		text_add(out, "<input type=\"checkbox\" name=\"s\" value=\"");
		plain_add_html(out, r->name);
		text_add(out, "\">");
	}
	text_add(out, "</td><td class=\"name\"><a id=\"");
	add_anchor(out, r);
	text_add(out, "\" href=\"#");
	add_anchor(out, r);
	text_add(out, "\">");
	plain_add_html(out, name_of(r));
	text_add(out, "</a></td>");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		add_cell(out, r, i);
	add_server_cells(out, r, f);
}

void statsrow_add_heads(struct text *out)
{
	static const char *const servers[] = { "Status", "LastChk", "Wght",   "Act",   "Bck",
		                               "Chk",    "Dwn",     "Dwntme", "Thrtle" };
	text_add(
	    out,
	    "<div class=\"wide\"><table class=\"tbl\">\n<thead><tr><th rowspan=\"2\"></th>"
	    "<th rowspan=\"2\"></th><th colspan=\"3\">Queue</th><th colspan=\"3\">Session rate"
	    "</th><th colspan=\"6\">Sessions</th><th colspan=\"2\">Bytes</th><th colspan=\"2\">"
	    "Denied</th><th colspan=\"3\">Errors</th><th colspan=\"2\">Warnings</th>"
	    "<th colspan=\"9\">Server</th></tr>\n<tr>");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		text_addf(out, "<th>%s</th>", columns[i].head);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		text_addf(out, "<th>%s</th>", servers[i]);
	text_add(out, "</tr></thead>\n<tbody>\n");
}

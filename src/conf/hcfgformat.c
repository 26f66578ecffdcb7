/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include "core/logvars.h"

/* HAProxy's samples and the variables of HTTP that sluice has no value for. */
static bool has_no_value(enum logvars_what what)
{
	return what == LOGVARS_FOREIGN || what == LOGVARS_HTTP;
}

static void judge_piece(struct hcfgnote_list *notes, const struct hcfgmodel_proxy *p,
                        enum logvars_what what, const struct logvars_piece *piece)
{
	enum hcfgnote_kind kind = p->http.n ? HCFGNOTE_LOSS : HCFGNOTE_ERROR;
	int len = (int)(piece->len < 40 ? piece->len : 40);

	switch (what) {
	case LOGVARS_BROKEN:
		hcfgnote_add(notes, HCFGNOTE_ERROR, p->log_format_place,
		             "\"log-format\": after a %% comes a name, a [sample], or %% for the "
		             "sign itself");
		break;
	case LOGVARS_UNKNOWN:
		hcfgnote_add(notes, HCFGNOTE_ERROR, p->log_format_place,
		             "\"log-format\": there is no %%%.*s", len, piece->text);
		break;
	case LOGVARS_HTTP:
		hcfgnote_add(notes, kind, p->log_format_place,
		             "\"log-format\": %%%.*s is for HTTP: it shows as -", len, piece->text);
		break;
	case LOGVARS_FOREIGN:
		hcfgnote_add(notes, HCFGNOTE_LOSS, p->log_format_place,
		             "\"log-format\": sluice has no sample %%[%.*s]: it shows as -", len,
		             piece->text);
		break;
	case LOGVARS_END:
	case LOGVARS_TEXT:
	case LOGVARS_VALUE:
		break;
	}
}

void hcfgformat_judge(struct hcfgnote_list *notes, const struct hcfgmodel_proxy *p)
{
	struct logvars v = logvars_begin(p->log_format ? p->log_format : "");
	struct logvars_piece piece;
	enum logvars_what what;

	while ((what = logvars_next(&v, &piece)) != LOGVARS_END)
		judge_piece(notes, p, what, &piece);
}

const char *hcfgformat_convert(struct mem_arena *arena, const char *format)
{
	struct logvars v = logvars_begin(format);
	struct logvars_piece piece;
	enum logvars_what what;
	const char *from = format;
	const char *done = "";

	while ((what = logvars_next(&v, &piece)) != LOGVARS_END) {
		if (!has_no_value(what))
			continue;
		done = mem_arena_printf(arena, "%s%.*s-", done, (int)(piece.start - from), from);
		from = piece.end;
	}
	return mem_arena_printf(arena, "%s%s", done, from);
}

void hcfgformat_read(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	hcfgreader_at_most(r, 1);
	if (!*r->words[0]) {
		hcfgreader_error(r, "a format is missing");
		return;
	}
	p->log_format = r->words[0];
	p->log_format_place = r->line->place;
	p->session_log = SETTINGS_SESSION_FORMAT;
}

/* SPDX-License-Identifier: MIT */
#include "cli/lintcmd.h"

#include "base/number.h"
#include "base/processors.h"
#include "cli/conffile.h"
#include "cli/options.h"
#include "conf/lint.h"
#include "conf/nodesettings.h"
#include "websource.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#define PORT_RANGE "/proc/sys/net/ipv4/ip_local_port_range"

enum { SUBJECTS_SHOWN = 4, PROXIES_MAX = 1000000, WIDTH = 80 };

/* --- what this host knows ----------------------------------------------------------------- */

/* The kernel's default stands if the range cannot be read. */
static void read_ports(struct lint_facts *facts)
{
	FILE *file = fopen(PORT_RANGE, "re");
	char low[16], high[16];
	uint64_t from, to;

	if (file == NULL)
		return;
	if (fscanf(file, "%15s %15s", low, high) == 2 && number_parse(low, UINT16_MAX, &from) &&
	    number_parse(high, UINT16_MAX, &to) && from <= to) {
		facts->port_low = (uint16_t)from;
		facts->port_high = (uint16_t)to;
	}
	fclose(file);
}

static void read_host(struct lint_facts *facts)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
		facts->nofile = limit.rlim_max;
	facts->processors = processors_count();
	read_ports(facts);
}

static bool take_duration(const struct options *o, const char *name, uint64_t *ret,
                          struct error *err)
{
	const char *value = options_value(o, name);

	return value == NULL || options_duration(name, value, ret, err);
}

static bool take_facts(const struct options *o, struct lint_facts *facts, struct error *err)
{
	const char *proxies = options_value(o, "proxies");
	uint64_t count = 1;

	if (!take_duration(o, "initial-wait", &facts->initial_wait_ms, err) ||
	    !take_duration(o, "statement", &facts->statement_ms, err))
		return false;
	facts->initial_wait_given = options_has(o, "initial-wait");
	if (proxies != NULL && (!number_parse(proxies, PROXIES_MAX, &count) || count == 0))
		return error_set(err, "--proxies \"%.80s\": write how many there are, as 3",
		                 proxies);
	facts->proxies = (uint32_t)count;
	return true;
}

/* --- what the cluster knows --------------------------------------------------------------- */

static bool take_settings(void *ctx, const char *url, const struct text *body, struct error *err)
{
	return nodesettings_parse(url, text_str(body), body->len, ctx, err);
}

/* Its own settings, as far as nobody said what they are. */
static bool ask_cluster(const struct console *c, const struct websource *from,
                        struct lint_facts *facts, struct error *err)
{
	static const char *const pages[] = { NODESETTINGS_PAGE, NULL };
	struct nodesettings told = { 0 };

	if (from->count == 0)
		return true;
	if (!websource_read(from, c, pages, NODESETTINGS_BYTES_MAX, take_settings, &told, err))
		return false;
	if (!facts->initial_wait_given)
		facts->initial_wait_ms = told.initial_wait_ms;
	facts->initial_wait_given = true;
	if (facts->statement_ms == 0)
		facts->statement_ms = told.statement_ms;
	return true;
}

/* --- text --------------------------------------------------------------------------------- */

static const char *severity_colour(const struct console *c, enum lint_severity s)
{
	if (!c->colour)
		return "";
	return s == LINT_WARNING ? "\033[33m" : "\033[36m";
}

static void add_subjects(struct text *out, const struct lint_finding *f)
{
	size_t shown = f->subject_count > SUBJECTS_SHOWN + 1 ? SUBJECTS_SHOWN : f->subject_count;

	for (size_t i = 0; i < shown; i++)
		text_addf(out, "%s%s", i > 0 ? ", " : "", f->subjects[i]);
	if (shown < f->subject_count)
		text_addf(out, " and %zu more", f->subject_count - shown);
	if (shown > 0)
		text_add(out, ": ");
}

static void add_finding(const struct console *c, struct text *out, const struct lint_finding *f)
{
	static const char *const words[] = {
		[LINT_CONFIGURATION] = "write", [LINT_SQL] = "run in SQL", [LINT_COMMAND] = "run"
	};

	text_add(out, f->place.file);
	if (f->place.line > 0)
		text_addf(out, ":%u", f->place.line);
	text_addf(out, ": %s%s%s: %s: ", severity_colour(c, f->severity),
	          lint_severity_name(f->severity), c->colour ? "\033[0m" : "",
	          lint_rule_of(f->rule)->name);
	add_subjects(out, f);
	text_addf(out, "%s\n    %s: %s\n", f->text, words[f->cure_kind], f->cure);
}

static void add_count(struct text *out, size_t n, const char *noun)
{
	text_addf(out, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

static void write_text(const struct console *c, const struct lintfile *file, const struct lint *l,
                       struct text *out)
{
	if (lintfile_has_stand_ins(file) && l->count > 0)
		text_addf(out,
		          "%s: the cluster tells its nodes (cluster.discover); n1, n2 and n3 "
		          "stand for them here\n",
		          lintfile_name(file));
	for (size_t i = 0; i < l->count; i++)
		add_finding(c, out, &l->findings[i]);
	if (lintfile_is_haproxy(file) && l->count > 0)
		text_addf(out,
		          "%s: HAProxy's: what to write is in the words of `sluice import %s`\n",
		          lintfile_name(file), lintfile_name(file));
	text_addf(out, "%s: ", lintfile_name(file));
	if (l->count == 0) {
		text_addf(out, "ok: none of %d rules found anything\n", (int)LINT_RULES);
		return;
	}
	add_count(out, l->of_severity[LINT_WARNING], "warning");
	text_add(out, ", ");
	add_count(out, l->of_severity[LINT_NOTE], "note");
	text_add(out, "; `sluice lint --list` explains the rules\n");
}

static void add_folded(struct text *out, const char *s)
{
	size_t used = 3;

	text_add(out, "   ");
	while (*s != '\0') {
		size_t len = strcspn(s, " ");

		if (used > 3 && used + 1 + len > WIDTH) {
			text_add(out, "\n   ");
			used = 3;
		}
		text_addc(out, ' ');
		text_addn(out, s, len);
		used += 1 + len;
		s += len;
		s += strspn(s, " ");
	}
	text_addc(out, '\n');
}

static void list_text(struct text *out)
{
	for (int i = 0; i < LINT_RULES; i++) {
		const struct lint_rule *r = lint_rule_of((enum lint_id)i);

		text_addf(out, "%s%s (%s): %s\n", i > 0 ? "\n" : "", r->name,
		          lint_severity_name(r->severity), r->title);
		add_folded(out, r->text);
	}
}

/* --- JSON --------------------------------------------------------------------------------- */

static void add_member(struct text *out, const char *key, const char *value)
{
	text_addf(out, "\"%s\": ", key);
	text_add_json(out, value);
	text_add(out, ", ");
}

static void add_finding_json(struct text *out, const struct lint_finding *f)
{
	text_add(out, "{");
	add_member(out, "rule", lint_rule_of(f->rule)->name);
	add_member(out, "severity", lint_severity_name(f->severity));
	add_member(out, "title", lint_rule_of(f->rule)->title);
	add_member(out, "file", f->place.file);
	if (f->place.line > 0)
		text_addf(out, "\"line\": %u, \"subjects\": [", f->place.line);
	else
		text_add(out, "\"line\": null, \"subjects\": [");
	for (size_t i = 0; i < f->subject_count; i++) {
		text_add(out, i > 0 ? ", " : "");
		text_add_json(out, f->subjects[i]);
	}
	text_add(out, "], ");
	add_member(out, "text", f->text);
	text_add(out, "\"cure\": {");
	add_member(out, "kind", lint_cure_name(f->cure_kind));
	text_add(out, "\"text\": ");
	text_add_json(out, f->cure);
	text_add(out, "}}");
}

static void write_json(const struct lintfile *file, const struct lint *l, struct text *out)
{
	text_add(out, "{");
	add_member(out, "file", lintfile_name(file));
	text_addf(out, "\"haproxy\": %s, \"warnings\": %zu, \"notes\": %zu, \"findings\": [",
	          lintfile_is_haproxy(file) ? "true" : "false", l->of_severity[LINT_WARNING],
	          l->of_severity[LINT_NOTE]);
	for (size_t i = 0; i < l->count; i++) {
		text_add(out, i > 0 ? ",\n  " : "\n  ");
		add_finding_json(out, &l->findings[i]);
	}
	text_add(out, l->count > 0 ? "\n]}\n" : "]}\n");
}

static void list_json(struct text *out)
{
	text_add(out, "{\"rules\": [");
	for (int i = 0; i < LINT_RULES; i++) {
		const struct lint_rule *r = lint_rule_of((enum lint_id)i);

		text_add(out, i > 0 ? ",\n  {" : "\n  {");
		add_member(out, "rule", r->name);
		add_member(out, "severity", lint_severity_name(r->severity));
		add_member(out, "title", r->title);
		text_add(out, "\"text\": ");
		text_add_json(out, r->text);
		text_add(out, "}");
	}
	text_add(out, "\n]}\n");
}

/* --- the command -------------------------------------------------------------------------- */

static int say_problems(const struct console *c, struct loader_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		fprintf(c->err, "%s\n", problems->lines[i]);
	loader_problems_release(problems);
	return CONSOLE_INVALID;
}

static int look(const struct console *c, const struct options *o, const struct lint_facts *facts)
{
	struct loader_problems problems = { 0 };
	const char *path = conffile_path(c, o);
	struct lintfile *file = path != NULL ? lintfile_read(path, &problems) : NULL;
	struct lint l = { 0 };
	AUTO_TEXT out = { 0 };
	int status;

	if (file == NULL)
		return say_problems(c, &problems);
	loader_problems_release(&problems);
	lint_settings(&l, file, facts);
	if (options_has(o, "json"))
		write_json(file, &l, &out);
	else
		write_text(c, file, &l, &out);
	fputs(text_str(&out), c->out);
	status = l.of_severity[LINT_WARNING] > 0 ? CONSOLE_FAILED : CONSOLE_OK;
	lint_release(&l);
	lintfile_free(file);
	return status;
}

int lintcmd_main(const struct console *c, int argc, char **argv)
{
	struct lint_facts facts = { 0 };
	AUTO_TEXT out = { 0 };
	struct websource from;
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_LINT, argc, argv, &err) || !take_facts(&o, &facts, &err) ||
	    !websource_parse(&from, &o, &err))
		return console_usage(c, commands_get(COMMANDS_LINT), &err);
	if (options_has(&o, "list")) {
		if (options_has(&o, "json"))
			list_json(&out);
		else
			list_text(&out);
		fputs(text_str(&out), c->out);
		return CONSOLE_OK;
	}
	read_host(&facts);
	if (!ask_cluster(c, &from, &facts, &err))
		return console_fail(c, &err);
	return look(c, &o, &facts);
}

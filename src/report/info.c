/* SPDX-License-Identifier: MIT */
#include "report/info.h"

#include "base/error.h"
#include "series.h"
#include "tags.h"

#include <inttypes.h>
#include <stdio.h>

/* The interface that is spoken; what clients compare their abilities with. */
static const char spoken_version[] = "2.6.0";
static const char release_date[] = "2026/11/21";

enum line {
#define INFO(name, key, family, kind, tags, type, help) LINE_##name,
#include "info.def"
	LINE_COUNT
};

static const struct line_info {
	const char *key, *family, *tags, *type, *help;
	enum metric_kind kind;
} lines[LINE_COUNT] = {
#define INFO(name, key_, family_, kind_, tags_, type_, help_)                                      \
	[LINE_##name] = { .key = (key_),                                                           \
		          .family = (family_),                                                     \
		          .tags = (tags_),                                                         \
		          .type = (type_),                                                         \
		          .help = (help_),                                                         \
		          .kind = METRIC_KIND_##kind_ },
#include "info.def"
};

struct values {
	struct snapshot_value at[LINE_COUNT];
	bool is_float[LINE_COUNT];
	double floats[LINE_COUNT];
	struct text version, uptime, node, description;
};

static uint64_t uptime_s(const struct snapshot *s)
{
	int64_t ms = s->process.now_ms - s->process.start_ms;

	return ms > 0 ? (uint64_t)ms / 1000 : 0;
}

void info_add_version(const struct snapshot *s, struct text *out)
{
	text_addf(out, "%s-sluice-%s", spoken_version, s->process.version);
}

void info_add_uptime(const struct snapshot *s, struct text *out)
{
	uint64_t n = uptime_s(s);

	text_addf(out, "%" PRIu64 "d %" PRIu64 "h%02" PRIu64 "m%02" PRIu64 "s", n / 86400,
	          n / 3600 % 24, n / 60 % 60, n % 60);
}

/* A further colon or a line break would end the value for the clients that split at it. */
static const char *add_free_text(struct text *t, const char *s)
{
	for (; *s; s++) {
		if (*s == ':' || (unsigned char)*s < 0x20)
			text_addc(t, '-');
		else
			text_addc(t, *s);
	}
	return text_str(t);
}

static void put(struct values *v, enum line l, uint64_t n)
{
	v->at[l].number = (int64_t)n;
}

static void fill_numbers(struct values *v, const struct snapshot_process *p)
{
	put(v, LINE_NBTHREAD, p->threads);
	put(v, LINE_NBPROC, 1);
	put(v, LINE_PROCESS_NUM, 1);
	put(v, LINE_PID, (uint64_t)p->pid);
	put(v, LINE_ULIMIT_N, p->nofile);
	put(v, LINE_MAXSOCK, p->nofile);
	put(v, LINE_MAXCONN, p->maxconn);
	put(v, LINE_HARD_MAXCONN, p->maxconn);
	put(v, LINE_CURRCONNS, p->connections);
	put(v, LINE_CUMCONNS, p->connections_total);
	put(v, LINE_CUMREQ, p->connections_total);
	put(v, LINE_CONNRATE, p->conn_rate);
	put(v, LINE_MAXCONNRATE, p->conn_rate_max);
	put(v, LINE_SESSRATE, p->conn_rate);
	put(v, LINE_MAXSESSRATE, p->conn_rate_max);
	put(v, LINE_TASKS, (uint64_t)p->connections + p->listeners);
	put(v, LINE_JOBS, (uint64_t)p->connections + p->listeners);
	put(v, LINE_IDLE_PCT, 100);
	put(v, LINE_STOPPING, p->stopping);
	put(v, LINE_LISTENERS, p->listeners);
	put(v, LINE_DROPPEDLOGS, p->dropped_logs);
	put(v, LINE_TOTALBYTESOUT, p->bytes_out_total);
	put(v, LINE_BYTESOUTRATE, p->bytes_out_rate);
	put(v, LINE_START_TIME_SEC, (uint64_t)(p->start_wall_ms / 1000));
}

static void fill(struct values *v, const struct snapshot *s)
{
	const struct snapshot_process *p = &s->process;

	*v = (struct values){ 0 };
	for (enum line l = 0; l < LINE_COUNT; l++)
		v->at[l].present = l != LINE_ZLIBMEMUSAGE && l != LINE_MAXZLIBMEMUSAGE;
	fill_numbers(v, p);
	put(v, LINE_UPTIME_SEC, uptime_s(s));
	info_add_version(s, &v->version);
	info_add_uptime(s, &v->uptime);
	v->at[LINE_NAME].text = "HAProxy";
	v->at[LINE_VERSION].text = text_str(&v->version);
	v->at[LINE_RELEASE_DATE].text = release_date;
	v->at[LINE_UPTIME].text = text_str(&v->uptime);
	v->at[LINE_BUILD_INFO].text = text_str(&v->version);
	v->at[LINE_TAINTED].text = "0";
	v->at[LINE_NODE].present = p->node != NULL;
	v->at[LINE_DESCRIPTION].present = p->description != NULL;
	if (p->node)
		v->at[LINE_NODE].text = add_free_text(&v->node, p->node);
	if (p->description)
		v->at[LINE_DESCRIPTION].text = add_free_text(&v->description, p->description);
}

static void release(struct values *v)
{
	text_release(&v->version);
	text_release(&v->uptime);
	text_release(&v->node);
	text_release(&v->description);
}

/* As short as it can be: "93.79441", "0". */
static void add_float(double n, struct text *out)
{
	char buf[64];
	size_t len = (size_t)snprintf(buf, sizeof(buf), "%.6f", n);

	while (len && buf[len - 1] == '0')
		len--;
	if (len && buf[len - 1] == '.')
		len--;
	text_addn(out, buf, len);
}

static void add_value(const struct values *v, enum line l, bool json, struct text *out)
{
	const struct snapshot_value *at = &v->at[l];

	if (at->text && json)
		text_add_json(out, at->text);
	else if (at->text)
		text_add(out, at->text);
	else if (v->is_float[l])
		add_float(v->floats[l], out);
	else
		text_addf(out, "%" PRId64, at->number);
}

static void put_float(struct values *v, enum line l, double n)
{
	v->is_float[l] = true;
	v->floats[l] = n;
}

static void fill_floats(struct values *v, const struct snapshot_process *p)
{
	static const enum line rates[] = { LINE_CONNRATE,
		                           LINE_SESSRATE,
		                           LINE_SSLRATE,
		                           LINE_SSLFRONTENDKEYRATE,
		                           LINE_SSLFRONTENDSESSIONREUSE,
		                           LINE_SSLBACKENDKEYRATE,
		                           LINE_COMPRESSBPSIN,
		                           LINE_COMPRESSBPSOUT };

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		put_float(v, rates[i], (double)v->at[rates[i]].number);
	put_float(v, LINE_UPTIME_SEC, (double)(p->now_ms - p->start_ms) / 1000);
	put_float(v, LINE_START_TIME_SEC, (double)p->start_wall_ms / 1000);
}

static void fill_form(struct values *v, const struct snapshot *s, const struct info_form *f)
{
	fill(v, s);
	if (f->hard_maxconn)
		put(v, LINE_HARD_MAXCONN, f->hard_maxconn);
	put(v, LINE_CONNRATELIMIT, f->conn_rate_limit);
	put(v, LINE_SESSRATELIMIT, f->session_rate_limit);
	if (f->floats)
		fill_floats(v, &s->process);
}

/* A rate with digits behind the point is told to be a rate, whatever it is without. */
static const char *tags_of(const struct values *v, enum line l)
{
	bool percentage = lines[l].tags[1] == 'G' && v->is_float[l];

	return percentage ? "MRP" : lines[l].tags;
}

static const char *type_of(const struct values *v, enum line l)
{
	return v->is_float[l] ? "flt" : lines[l].type;
}

static void write_lines(const struct values *v, const struct info_form *f, struct text *out)
{
	for (enum line l = 0; l < LINE_COUNT; l++) {
		if (!v->at[l].present)
			continue;
		if (f->kind == INFO_TYPED)
			text_addf(out, "%d.%s.1:%s:%s:", (int)l, lines[l].key, tags_of(v, l),
			          type_of(v, l));
		else
			text_addf(out, "%s: ", lines[l].key);
		add_value(v, l, false, out);
		if (f->described)
			text_addf(out, ":\"%s\"", lines[l].help);
		text_addc(out, '\n');
	}
}

static void write_json(const struct values *v, struct text *out)
{
	text_addc(out, '[');
	for (enum line l = 0; l < LINE_COUNT; l++) {
		const char *tags = tags_of(v, l);

		if (!v->at[l].present)
			continue;
		text_addf(out,
		          "%s{\"field\":{\"pos\":%d,\"name\":\"%s\"},\"processNum\":1,\"tags\":"
		          "{\"origin\":\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},"
		          "\"value\":{\"type\":\"%s\",\"value\":",
		          l ? "," : "", (int)l, lines[l].key, tags_origin(tags[0]),
		          tags_nature(tags[1]), tags_scope(tags[2]), type_of(v, l));
		add_value(v, l, true, out);
		text_add(out, "}}");
	}
	text_add(out, "]\n");
}

void info_write_form(const struct snapshot *s, const struct info_form *form, struct text *out)
{
	struct values v;

	fill_form(&v, s, form);
	if (form->kind == INFO_JSON)
		write_json(&v, out);
	else
		write_lines(&v, form, out);
	release(&v);
}

void info_write_prometheus(const struct snapshot *s, bool openmetrics, struct text *out)
{
	static const char *const no_labels[] = { NULL };
	struct values v;
	char name[96];

	fill(&v, s);
	for (enum line l = 0; l < LINE_COUNT; l++) {
		const char *const version[] = { "version", v.at[l].text, NULL };

		if (!lines[l].family)
			continue;
		snprintf(name, sizeof(name), "haproxy_process_%s", lines[l].family);
		series_begin(out, openmetrics, name, lines[l].kind, lines[l].help);
		if (v.at[l].text)
			series_add(out, name, version, 1);
		else if (v.at[l].present)
			series_add(out, name, no_labels, v.at[l].number);
		else
			text_addf(out, "%s NaN\n", name);
	}
	release(&v);
}

/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include <string.h>
#include <strings.h>

/* The word after words[*i], and *i moved to it; NULL after an error. */
static const char *value_of(struct hcfgreader *r, size_t *i)
{
	if (*i + 1 < r->count)
		return r->words[++*i];
	hcfgreader_error(r, "\"%.30s\" needs a value", r->words[*i]);
	return NULL;
}

/* A format without samples, "%%" made one '%'; NULL if it has some. */
static const char *plain_text(struct hcfgreader *r, const char *format)
{
	char *out = mem_arena_zalloc(&r->model->arena, strlen(format) + 1);
	size_t n = 0;

	for (const char *s = format; *s; s++) {
		if (*s == '%' && *++s != '%')
			return NULL;
		out[n++] = *s;
	}
	return out;
}

/* --- connect ------------------------------------------------------------------------------ */

static void take_port(struct hcfgreader *r, const char *value, struct settings_step *step)
{
	uint32_t n;

	if (strspn(value, "0123456789") != strlen(value))
		hcfgreader_lose(r, "port %.30s: a check has a fixed port", value);
	else if (hcfgreader_whole(r, value, 1, UINT16_MAX, &n))
		step->port = (uint16_t)n;
}

/* Whether the word is one with a value, which is taken. */
static bool take_valued(struct hcfgreader *r, size_t *i, struct settings_step *step,
                        uint16_t *told_port)
{
	static const char *const valued[] = { "port", "addr", "sni", "alpn", "comment", "proto" };
	int which = hcfgreader_find(r->words[*i], valued, ARRAY_LEN(valued));
	const char *value = which < 0 ? NULL : value_of(r, i);

	if (!value)
		return which >= 0;
	if (which == 0)
		take_port(r, value, step);
	else if (which == 1)
		hcfgserveropt_read_addr(r, value, &step->address, told_port);
	else if (which == 2)
		step->sni = value;
	else if (which == 3)
		step->alpn = value;
	else if (which == 4)
		step->comment = value;
	else
		hcfgreader_lose(r, "proto: checks speak HTTP/1");
	return true;
}

static void read_connect(struct hcfgreader *r, struct hcfgmodel_rules *rules,
                         const struct hcfgmodel_proxy *p)
{
	const struct hcfgmodel_step *first = rules->owner == p ? rules->newest : NULL;
	struct settings_step *step;
	uint16_t told_port = 0; /* counts where there is no "port" */

	while (first && first->next)
		first = first->next;
	if (first && first->step.kind != SETTINGS_STEP_CONNECT)
		hcfgreader_error(r, "where there is a connect, the first step must be one, too");
	step = hcfgcheckstep_add(r, rules, p);
	step->kind = SETTINGS_STEP_CONNECT;
	for (size_t i = 0; i < r->count; i++) {
		const char *word = r->words[i];

		if (take_valued(r, &i, step, &told_port))
			continue;
		if (strcmp(word, "ssl") == 0)
			step->tls = true;
		else if (strcmp(word, "send-proxy") == 0)
			step->send_proxy = true;
		else if (strcmp(word, "linger") == 0)
			step->linger = true;
		else if (strcmp(word, "default") == 0)
			step->as_server = true;
		else if (strcmp(word, "via-socks4") == 0)
			hcfgreader_lose(r, "via-socks4: checks connect without a SOCKS proxy");
		else
			hcfgreader_error(r, "unknown word \"%.30s\"", word);
	}
	if (!step->port)
		step->port = told_port;
}

/* --- send --------------------------------------------------------------------------------- */

/* tcp-check send|send-lf|send-binary|send-binary-lf DATA [comment TEXT] */
static void read_bytes(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_rules *rules,
                       const struct hcfgmodel_proxy *p)
{
	bool formatted = id == HCFGWORDS_PROXY_TCP_CHECK_SEND_LF ||
	                 id == HCFGWORDS_PROXY_TCP_CHECK_SEND_BINARY_LF;
	bool binary = id == HCFGWORDS_PROXY_TCP_CHECK_SEND_BINARY ||
	              id == HCFGWORDS_PROXY_TCP_CHECK_SEND_BINARY_LF;
	struct settings_step *step = hcfgcheckstep_add(r, rules, p);
	const char *data = formatted ? plain_text(r, r->words[0]) : r->words[0];

	step->kind = SETTINGS_STEP_SEND;
	if (r->count > 1 && strcmp(r->words[1], "comment") == 0 && r->count > 2)
		step->comment = r->words[2];
	else if (r->count > 1)
		hcfgreader_error(r, "unexpected \"%.30s\"", r->words[1]);
	if (!data) {
		hcfgreader_lose(r, "samples in what is sent: sluice sends fixed bytes; the "
		                   "connection alone is checked");
		rules->lost = true;
	} else if (binary) {
		hcfgcheckstep_parse_hex(r, data, &step->bytes, &step->len);
	} else {
		step->bytes = data;
		step->len = strlen(data);
		if (!step->len)
			hcfgreader_error(r, "there is nothing to send");
	}
}

/* --- http-check send ---------------------------------------------------------------------- */

static void take_version(struct hcfgreader *r, const char *word, struct settings_step *step)
{
	step->version = strcmp(word, "HTTP/1.0") == 0 ? "1.0" : "1.1";
	if (strcmp(word, "HTTP/1.0") != 0 && strcmp(word, "HTTP/1.1") != 0)
		hcfgreader_lose(r, "\"%.30s\": checks speak HTTP/1.0 and HTTP/1.1", word);
}

static void take_header(struct hcfgreader *r, const char *name, const char *format,
                        struct settings_step *step)
{
	const char *value = plain_text(r, format);
	const char **lines;

	if (!value || !*name || name[strcspn(name, ": \t\r\n")] || strpbrk(value, "\r\n")) {
		hcfgreader_lose(r, "the header \"%.60s\" of the request: sluice sends fixed text",
		                name);
		return;
	}
	if (strcasecmp(name, "host") == 0) {
		step->host = value;
		return;
	}
	lines = mem_arena_zalloc(&r->model->arena, (step->headers.count + 1) * sizeof(*lines));
	for (size_t i = 0; i < step->headers.count; i++)
		lines[i] = step->headers.at[i];
	lines[step->headers.count] = mem_arena_printf(&r->model->arena, "%s: %s", name, value);
	step->headers.at = lines;
	step->headers.count++;
}

/* uri-lf and body-lf, where they are fixed after all. */
static void take_format(struct hcfgreader *r, const char *word, const char *format,
                        struct settings_step *step)
{
	const char *text = plain_text(r, format);

	if (!text)
		hcfgreader_lose(r, "%s with samples: sluice sends fixed text", word);
	else if (*word == 'u')
		hcfghealth_take_path(r, &step->path, text);
	else
		step->body = text;
}

static void read_request(struct hcfgreader *r, struct hcfgmodel_rules *rules,
                         const struct hcfgmodel_proxy *p)
{
	static const char *const words[] = { "meth", "uri",  "uri-lf",  "ver",
		                             "hdr",  "body", "body-lf", "comment" };
	struct settings_step *step = hcfgcheckstep_add(r, rules, p);

	step->kind = SETTINGS_STEP_SEND;
	for (size_t i = 0; i < r->count; i++) {
		const char *word = r->words[i];
		int which = hcfgreader_find(word, words, ARRAY_LEN(words));
		const char *value = NULL;

		if (which < 0)
			hcfgreader_error(r, "unknown word \"%.30s\"", word);
		else
			value = value_of(r, &i);
		if (!value)
			return;
		if (which == 0)
			hcfghealth_take_method(r, &step->method, value);
		else if (which == 1)
			hcfghealth_take_path(r, &step->path, value);
		else if (which == 3)
			take_version(r, value, step);
		else if (which == 5)
			step->body = value;
		else if (which == 7)
			step->comment = value;
		else if (which != 4)
			take_format(r, word, value, step);
		else if ((value = value_of(r, &i)) != NULL)
			take_header(r, r->words[i - 1], value, step);
	}
}

static void read_disable_on_404(struct hcfgreader *r, struct hcfgmodel_proxy *p)
{
	hcfgreader_at_most(r, 0);
	p->health.disable_on_404 = true;
}

static void read_comment(struct hcfgreader *r)
{
	if (!r->count)
		hcfgreader_error(r, "a text is missing");
}

bool hcfgrule_read(struct hcfgreader *r, enum hcfgwords_proxy id, struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_rules *tcp = &p->health.tcp;
	struct hcfgmodel_rules *http = &p->health.http;

	if (id == HCFGWORDS_PROXY_TCP_CHECK_CONNECT)
		read_connect(r, tcp, p);
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_CONNECT)
		read_connect(r, http, p);
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_SEND)
		read_request(r, http, p);
	else if (id == HCFGWORDS_PROXY_TCP_CHECK_EXPECT)
		hcfgexpect_read(r, false, tcp, p);
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_EXPECT)
		hcfgexpect_read(r, true, http, p);
	else if (id >= HCFGWORDS_PROXY_TCP_CHECK_SEND &&
	         id <= HCFGWORDS_PROXY_TCP_CHECK_SEND_BINARY_LF)
		read_bytes(r, id, tcp, p);
	else if (id == HCFGWORDS_PROXY_TCP_CHECK_COMMENT ||
	         id == HCFGWORDS_PROXY_HTTP_CHECK_COMMENT)
		read_comment(r);
	else if (id == HCFGWORDS_PROXY_HTTP_CHECK_DISABLE_ON_404)
		read_disable_on_404(r, p);
	else
		return false;
	return true;
}

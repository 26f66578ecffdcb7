/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "hcfgparts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { STATUS_MIN = 100, STATUS_MAX = 599, RANGES_MAX = 64 };

static void take_header(struct hcfgreader *r, struct hcfgmodel_health *h, const char *name,
                        const char *value)
{
	struct hcfgmodel_header *header;

	if (strstr(value, "%[") || !*name || name[strcspn(name, ": \t\r\n")] ||
	    strpbrk(value, "\r\n")) {
		hcfgreader_lose(r, "the header \"%.60s\" of the request: sluice sends fixed text",
		                name);
		return;
	}
	if (strcasecmp(name, "host") == 0) {
		h->host = value;
		return;
	}
	header = mem_arena_zalloc(&r->model->arena, sizeof(*header));
	header->line = mem_arena_printf(&r->model->arena, "%s: %s", name, value);
	header->next = h->headers;
	h->headers = header;
}

static void take_method(struct hcfgreader *r, const char **ret, const char *word)
{
	if (*word && strlen(word) <= 20 && !word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")])
		*ret = word;
	else
		hcfgreader_lose(r, "the method \"%.30s\": sluice knows those in capitals", word);
}

static void take_path(struct hcfgreader *r, const char **ret, const char *word)
{
	bool odd = *word != '/' || strpbrk(word, " #");

	for (const char *s = word; *s; s++)
		odd = odd || iscntrl((unsigned char)*s);
	if (odd)
		hcfgreader_lose(r, "the address \"%.60s\": sluice asks for a path, here for /",
		                word);
	*ret = odd ? "/" : word;
}

/* "HTTP/1.1", and the headers that used to be hidden after it ("HTTP/1.1\r\nHost:\ www"). */
static void take_version(struct hcfgreader *r, struct hcfgmodel_health *h, const char **ret,
                         const char *word)
{
	char *copy = mem_arena_strdup(&r->model->arena, word);
	char *save = NULL;
	char *line = strtok_r(copy, "\r\n", &save);

	if (line && strcmp(line, "HTTP/1.0") == 0) {
		*ret = "1.0";
	} else {
		*ret = "1.1";
		if (!line || strcmp(line, "HTTP/1.1") != 0)
			hcfgreader_lose(r, "\"%.30s\": checks speak HTTP/1.0 and HTTP/1.1", word);
	}
	while (line && (line = strtok_r(NULL, "\r\n", &save)) != NULL) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon++ = '\0';
		take_header(r, h, line, colon + strspn(colon, " \t"));
	}
}

static void begin_http(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	h->method = "OPTIONS";
	h->path = "/";
	h->version = "1.0";
	if (r->count == 1) {
		take_path(r, &h->path, r->words[0]);
	} else if (r->count > 1) {
		take_method(r, &h->method, r->words[0]);
		take_path(r, &h->path, r->words[1]);
	}
	if (r->count > 2)
		take_version(r, h, &h->version, r->words[2]);
	if (r->count > 3 && r->words[3][0])
		h->host = r->words[3];
}

static void begin_pgsql(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	h->user = NULL;
	if (r->count == 2 && strcmp(r->words[0], "user") == 0 && *r->words[1])
		h->user = r->words[1];
	else
		hcfgreader_error(r, "write: option pgsql-check user NAME");
}

/* The last option wins, whatever was written before it. */
void hcfghealth_read_option(struct hcfgreader *r, enum hcfgwords_proxy id,
                            struct hcfgmodel_health *h)
{
	h->option = r->name;
	h->place = r->line->place;
	h->test = HCFGMODEL_TEST_OTHER;
	if (id == HCFGWORDS_PROXY_OPTION_TCP_CHECK || r->off)
		h->test = HCFGMODEL_TEST_CONNECT;
	if (r->off)
		return;
	if (id == HCFGWORDS_PROXY_OPTION_HTTPCHK) {
		h->test = HCFGMODEL_TEST_HTTP;
		begin_http(r, h);
	} else if (id == HCFGWORDS_PROXY_OPTION_PGSQL_CHECK) {
		h->test = HCFGMODEL_TEST_PGSQL;
		begin_pgsql(r, h);
	}
}

/* The word after words[*i], and *i moved to it; NULL after an error. */
static const char *value_of(struct hcfgreader *r, size_t *i)
{
	if (*i + 1 < r->count)
		return r->words[++*i];
	hcfgreader_error(r, "\"%.30s\" needs a value", r->words[*i]);
	return NULL;
}

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

void hcfghealth_read_connect(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	static const char *const with_value[] = { "alpn", "proto", "comment" };
	uint32_t n;
	bool by_default = false;

	h->connect_ssl = false;
	for (size_t i = 0; i < r->count; i++) {
		const char *word = r->words[i];
		const char *value = word;

		if (strcmp(word, "port") == 0 || strcmp(word, "addr") == 0 ||
		    strcmp(word, "sni") == 0 || is_one_of(word, with_value, ARRAY_LEN(with_value)))
			value = value_of(r, &i);
		if (!value)
			return;
		if (strcmp(word, "port") == 0) {
			if (strspn(value, "0123456789") != strlen(value))
				hcfgreader_lose(r, "port %.30s: a check has a fixed port", value);
			else if (hcfgreader_whole(r, value, 1, UINT16_MAX, &n))
				hcfgreader_set(r, &h->connect_port, n);
		} else if (strcmp(word, "addr") == 0) {
			h->connect_addr = value;
		} else if (strcmp(word, "sni") == 0) {
			h->connect_sni = value;
		} else if (strcmp(word, "ssl") == 0) {
			h->connect_ssl = true;
		} else if (strcmp(word, "default") == 0) {
			by_default = true;
		} else if (strcmp(word, "comment") != 0 && strcmp(word, "linger") != 0) {
			hcfgreader_lose(r, "\"%.30s\": checks connect plainly or over TLS", word);
		}
	}
	h->connect_plain = !h->connect_ssl && !by_default;
}

void hcfghealth_read_send(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	for (size_t i = 0; i < r->count; i++) {
		const char *word = r->words[i];
		const char *value = value_of(r, &i);

		if (!value)
			return;
		if (strcmp(word, "meth") == 0)
			take_method(r, &h->send_method, value);
		else if (strcmp(word, "uri") == 0)
			take_path(r, &h->send_path, value);
		else if (strcmp(word, "ver") == 0)
			take_version(r, h, &h->send_version, value);
		else if (strcmp(word, "hdr") == 0 && (value = value_of(r, &i)) != NULL)
			take_header(r, h, r->words[i - 1], value);
		else if (value && strcmp(word, "comment") != 0)
			hcfgreader_lose(r, "\"%.30s\": checks send a request without a body", word);
		if (!value)
			return;
	}
}

static bool parse_status(const char *word, struct settings_range *ret)
{
	const char *dash = strchr(word, '-');
	char low[8];
	uint64_t a;
	uint64_t b;

	snprintf(low, sizeof(low), "%.*s", (int)(dash ? dash - word : 7), word);
	if (!number_parse(low, STATUS_MAX, &a) ||
	    !number_parse(dash ? dash + 1 : low, STATUS_MAX, &b) || a < STATUS_MIN || b < a)
		return false;
	*ret = (struct settings_range){ (uint16_t)a, (uint16_t)b };
	return true;
}

/* All statuses that are in none of the ranges. */
static size_t invert(const struct settings_range *in, size_t count, struct settings_range *out)
{
	const struct settings_ranges all = { in, count };
	size_t n = 0;

	for (unsigned int status = STATUS_MIN; status <= STATUS_MAX; status++) {
		if (settings_ranges_contain(&all, status))
			continue;
		if (n && out[n - 1].high + 1U == status)
			out[n - 1].high = (uint16_t)status;
		else
			out[n++] = (struct settings_range){ (uint16_t)status, (uint16_t)status };
	}
	return n;
}

/* "200,204,300-399", the statuses of a good answer; with "!" before it, of a bad one. */
static void take_statuses(struct hcfgreader *r, struct hcfgmodel_health *h, const char *list,
                          bool inverted)
{
	struct settings_range *given =
	    mem_arena_zalloc(&r->model->arena, RANGES_MAX * sizeof(*given));
	struct settings_range *others =
	    mem_arena_zalloc(&r->model->arena, (RANGES_MAX + 1) * sizeof(*others));
	char *copy = mem_arena_strdup(&r->model->arena, list);
	char *save = NULL;
	size_t count = 0;

	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		if (count == RANGES_MAX || !parse_status(s, &given[count])) {
			hcfgreader_error(r, "\"%.30s\" is not a status from 100 to 599", s);
			return;
		}
		count++;
	}
	h->statuses = inverted ? others : given;
	h->status_count = inverted ? invert(given, count, others) : count;
}

void hcfghealth_read_expect(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	static const char *const with_value[] = { "min-recv",     "comment",     "ok-status",
		                                  "error-status", "tout-status", "on-success",
		                                  "on-error",     "status-code" };
	static const struct settings_range every = { STATUS_MIN, STATUS_MAX };
	bool inverted = false;
	size_t i = 0;

	while (i + 1 < r->count && is_one_of(r->words[i], with_value, ARRAY_LEN(with_value)))
		i += 2;
	if (i < r->count && strcmp(r->words[i], "!") == 0) {
		inverted = true;
		i++;
	}
	if (i + 1 >= r->count) {
		hcfgreader_error(r, "write what to expect: status LIST or string TEXT");
	} else if (strcmp(r->words[i], "status") == 0) {
		take_statuses(r, h, r->words[i + 1], inverted);
	} else if (strcmp(r->words[i], "string") == 0 && !inverted && *r->words[i + 1] &&
	           !h->string) {
		h->string = r->words[i + 1];
		if (!h->statuses) { /* such a check looks at the body alone */
			h->statuses = &every;
			h->status_count = 1;
		}
	} else {
		hcfgreader_lose(r,
		                "%s%.30s: a good answer is known by its status or by one text in "
		                "its body",
		                inverted ? "! " : "", r->words[i]);
	}
}

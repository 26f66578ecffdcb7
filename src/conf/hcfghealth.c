/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void hcfghealth_take_method(struct hcfgreader *r, const char **ret, const char *word)
{
	if (*word && strlen(word) <= 20 && !word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")])
		*ret = word;
	else
		hcfgreader_lose(r, "the method \"%.30s\": sluice knows those in capitals", word);
}

void hcfghealth_take_path(struct hcfgreader *r, const char **ret, const char *word)
{
	bool odd = *word != '/' || strpbrk(word, " #");

	for (const char *s = word; *s; s++)
		odd = odd || iscntrl((unsigned char)*s);
	if (odd)
		hcfgreader_lose(r, "the address \"%.60s\": sluice asks for a path, here for /",
		                word);
	*ret = odd ? "/" : word;
}

/* --- option httpchk ----------------------------------------------------------------------- */

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

/* "HTTP/1.1", and the headers that used to be hidden after it ("HTTP/1.1\r\nHost:\ www"). */
static void take_version(struct hcfgreader *r, struct hcfgmodel_health *h, const char *word)
{
	char *copy = mem_arena_strdup(&r->model->arena, word);
	char *save = NULL;
	char *line = strtok_r(copy, "\r\n", &save);

	h->version = line && strcmp(line, "HTTP/1.0") == 0 ? "1.0" : "1.1";
	if (!line || (strcmp(line, "HTTP/1.0") != 0 && strcmp(line, "HTTP/1.1") != 0))
		hcfgreader_lose(r, "\"%.30s\": checks speak HTTP/1.0 and HTTP/1.1", word);
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
	h->method = h->path = h->version = h->host = NULL;
	h->headers = NULL;
	if (r->count == 1) {
		hcfghealth_take_path(r, &h->path, r->words[0]);
	} else if (r->count > 1) {
		hcfghealth_take_method(r, &h->method, r->words[0]);
		hcfghealth_take_path(r, &h->path, r->words[1]);
	}
	if (r->count > 2)
		take_version(r, h, r->words[2]);
	hcfgreader_at_most(r, 3);
}

/* --- the other options -------------------------------------------------------------------- */

static void begin_pgsql(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	if (r->count == 2 && strcmp(r->words[0], "user") == 0 && *r->words[1])
		h->user = r->words[1];
	else
		hcfgreader_error(r, "write: option pgsql-check user NAME");
}

/* [user NAME [post-41|pre-41]] */
static void begin_mysql(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	static const char *const versions[] = { "post-41", "pre-41" };
	int version = r->count > 2 ? hcfgreader_find(r->words[2], versions, 2) : 0;

	hcfgreader_at_most(r, 3);
	if (!r->count)
		return;
	if (strcmp(r->words[0], "user") != 0 || r->count < 2 || !*r->words[1])
		hcfgreader_error(r, "write: option mysql-check user NAME");
	else if (version < 0)
		hcfgreader_error(r, "\"%.30s\": write post-41 or pre-41", r->words[2]);
	else if (version > 0)
		hcfgreader_lose(r,
		                "pre-41: the login of MySQL before 4.1; sluice sends that of 4.1");
	if (r->count > 1)
		h->user = r->words[1];
}

/* [HELO|EHLO DOMAIN]: anything else, and HAProxy says HELO localhost. */
static void begin_smtp(struct hcfgreader *r, struct hcfgmodel_health *h)
{
	h->smtp_hello = "HELO localhost";
	if (r->count == 2 &&
	    (strcmp(r->words[0], "HELO") == 0 || strcmp(r->words[0], "EHLO") == 0) &&
	    !strpbrk(r->words[1], "\r\n"))
		h->smtp_hello =
		    mem_arena_printf(&r->model->arena, "%s %s", r->words[0], r->words[1]);
	else if (r->count)
		hcfgreader_remark(r, "without HELO or EHLO and a domain it is \"HELO localhost\"");
}

/* The last option wins, whatever was written before it. */
void hcfghealth_read_option(struct hcfgreader *r, enum hcfgwords_proxy id,
                            struct hcfgmodel_proxy *p)
{
	static const enum settings_check_type types[] = {
		[HCFGWORDS_PROXY_OPTION_HTTPCHK] = SETTINGS_CHECK_HTTP,
		[HCFGWORDS_PROXY_OPTION_TCP_CHECK] = SETTINGS_CHECK_TCP,
		[HCFGWORDS_PROXY_OPTION_PGSQL_CHECK] = SETTINGS_CHECK_PGSQL,
		[HCFGWORDS_PROXY_OPTION_SSL_HELLO_CHK] = SETTINGS_CHECK_SSL_HELLO,
		[HCFGWORDS_PROXY_OPTION_MYSQL_CHECK] = SETTINGS_CHECK_MYSQL,
		[HCFGWORDS_PROXY_OPTION_REDIS_CHECK] = SETTINGS_CHECK_REDIS,
		[HCFGWORDS_PROXY_OPTION_SMTPCHK] = SETTINGS_CHECK_SMTP,
		[HCFGWORDS_PROXY_OPTION_LDAP_CHECK] = SETTINGS_CHECK_LDAP,
		[HCFGWORDS_PROXY_OPTION_SPOP_CHECK] = SETTINGS_CHECK_TCP,
		[HCFGWORDS_PROXY_OPTION_EXTERNAL_CHECK] = SETTINGS_CHECK_EXTERNAL,
	};
	struct hcfgmodel_health *h = &p->health;

	h->owner = p;
	h->option = r->name;
	h->place = r->line->place;
	h->user = NULL;
	h->spop = id == HCFGWORDS_PROXY_OPTION_SPOP_CHECK;
	h->type = r->off ? SETTINGS_CHECK_TCP : types[id];
	if (r->off)
		return;
	if (id == HCFGWORDS_PROXY_OPTION_HTTPCHK) {
		if (h->http.owner != p)
			h->http = (struct hcfgmodel_rules){ .owner = p };
		begin_http(r, h);
	} else if (id == HCFGWORDS_PROXY_OPTION_PGSQL_CHECK) {
		begin_pgsql(r, h);
	} else if (id == HCFGWORDS_PROXY_OPTION_MYSQL_CHECK) {
		begin_mysql(r, h);
	} else if (id == HCFGWORDS_PROXY_OPTION_SMTPCHK) {
		begin_smtp(r, h);
	} else {
		if (id == HCFGWORDS_PROXY_OPTION_TCP_CHECK && h->tcp.owner != p)
			h->tcp = (struct hcfgmodel_rules){ .owner = p };
		hcfgreader_at_most(r, 0);
	}
}

void hcfghealth_read_external(struct hcfgreader *r, enum hcfgwords_proxy id,
                              struct hcfgmodel_proxy *p)
{
	hcfgreader_at_most(r, 1);
	if (id == HCFGWORDS_PROXY_EXTERNAL_CHECK_PATH)
		p->health.search_path = r->words[0];
	else
		p->health.command = r->words[0];
}

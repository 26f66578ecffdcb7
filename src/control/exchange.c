/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include "base/tick.h"

#include <string.h>

void exchange_count(struct exchange_rate *r)
{
	int64_t second = tick_ms() / 1000;

	if (second != r->second) {
		r->last = second == r->second + 1 ? r->now : 0;
		r->now = 0;
		r->second = second;
	}
	r->now++;
	if (r->now > r->max)
		r->max = r->now;
}

uint64_t exchange_per_second(const struct exchange_rate *r)
{
	int64_t age = tick_ms() / 1000 - r->second;

	return age == 0 ? r->last : age == 1 ? r->now : 0;
}

static const char *words_of(int status)
{
	static const struct {
		int status;
		const char *words;
	} table[] = {
		{ 200, "OK" },           { 303, "See Other" },
		{ 304, "Not Modified" }, { 400, "Bad request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" },    { 405, "Method Not Allowed" },
		{ 409, "Conflict" },     { 429, "Too Many Requests" },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].status == status)
			return table[i].words;
	return "Service Unavailable";
}

void exchange_say(struct exchange *x, int status, const char *sentence)
{
	x->status = status;
	x->type = "text/html";
	x->cache = "no-cache";
	text_clear(&x->body);
	text_addf(&x->body, "<html><body><h1>%d %s</h1>\n%s\n</body></html>\n", status,
	          words_of(status), sentence);
}

/* What any answer carries: nothing may be framed, sniffed or loaded from elsewhere. */
static const char common_fields[] = "X-Content-Type-Options: nosniff\r\n"
                                    "X-Frame-Options: DENY\r\n";

static const char strict_fields[] =
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

/* Without a referrer a browser sends "Origin: null" along with a form. */
static const char styled_fields[] =
    "Referrer-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n";

void exchange_write(const struct exchange *x, bool keep, bool with_body, struct text *out)
{
	text_addf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nCache-Control: %s\r\n%s%s", x->status,
	          words_of(x->status), x->type, x->cache ? x->cache : "no-store", common_fields,
	          x->styled ? styled_fields : strict_fields);
	text_addn(out, text_str(&x->fields), x->fields.len);
	/* Of 304 it would be the length of what is not sent. */
	if (!x->follow && x->status != 304)
		text_addf(out, "Content-Length: %zu\r\n", x->body.len);
	text_addf(out, "Connection: %s\r\n\r\n", keep ? "keep-alive" : "close");
	if (with_body)
		text_addn(out, text_str(&x->body), x->body.len);
}

void exchange_send(struct exchange_visitor *v, const struct text *bytes)
{
	struct text *out = &v->stream->out;

	if (!v->tls)
		text_addn(out, text_str(bytes), bytes->len);
	else if (!tlsserver_send(v->tls, text_str(bytes), bytes->len, out))
		v->stream->ending = true;
}

bool exchange_is_read(const struct exchange *x)
{
	return httphead_equals(x->request->method, "GET") ||
	       httphead_equals(x->request->method, "HEAD");
}

bool exchange_is_post(const struct exchange *x)
{
	return httphead_equals(x->request->method, "POST");
}

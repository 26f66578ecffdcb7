/* SPDX-License-Identifier: MIT */
#include "net/httphead.h"

#include "base/number.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 section 5.6.2 */
static bool is_token_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct httphead_string s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_char((unsigned char)s.at[i]))
			return false;
	return s.len > 0;
}

/* What a line may hold: everything but control characters, of which a tab is fine. */
static bool is_text(struct httphead_string s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct httphead_string trim(struct httphead_string s)
{
	while (s.len && is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* Cuts `s` off before the first `c`, which is dropped; what follows is returned. */
static struct httphead_string split(struct httphead_string *s, char c)
{
	const char *end = memchr(s->at, c, s->len);
	struct httphead_string rest = { s->at + s->len, 0 };

	if (end) {
		rest.at = end + 1;
		rest.len = s->len - (size_t)(end + 1 - s->at);
		s->len = (size_t)(end - s->at);
	}
	return rest;
}

/*
 * The line at *pos without its end, which is CRLF or (RFC 9112 section 2.2) LF alone.  A line that
 * is not complete yet is judged too: what cannot become a request is told at once.
 */
static enum httphead_status next_line(const char *bytes, size_t len, size_t *pos,
                                      struct httphead_string *line)
{
	const char *start = bytes + *pos;
	const char *end = memchr(start, '\n', len - *pos);

	*line = (struct httphead_string){ start, end ? (size_t)(end - start) : len - *pos };
	if (end)
		*pos += line->len + 1;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	if (!is_text(*line))
		return HTTPHEAD_BAD;
	return end ? HTTPHEAD_OK : HTTPHEAD_MORE;
}

/* RFC 9112 section 3 */
static bool parse_request_line(struct httphead_string line, struct httphead_request *r)
{
	struct httphead_string version;

	r->method = line;
	r->target = split(&r->method, ' ');
	version = split(&r->target, ' ');
	for (size_t i = 0; i < r->target.len; i++)
		if ((unsigned char)r->target.at[i] <= ' ' || (unsigned char)r->target.at[i] >= 0x7f)
			return false;
	if (!is_token(r->method) || !r->target.len || version.len != 8 ||
	    memcmp(version.at, "HTTP/1.", 7) != 0 || version.at[7] < '0' || version.at[7] > '9')
		return false;
	r->minor = version.at[7] - '0';
	return true;
}

static bool name_is(struct httphead_string s, const char *name)
{
	return s.len == strlen(name) && strncasecmp(s.at, name, s.len) == 0;
}

static bool parse_length(struct httphead_string value, size_t *ret)
{
	uint64_t n;

	if (!number_parse_bytes(value.at, value.len, SIZE_MAX, &n))
		return false;
	*ret = (size_t)n;
	return true;
}

static bool parse_field(struct httphead_string line, struct httphead_request *r)
{
	struct httphead_string name = line;
	struct httphead_string value = trim(split(&name, ':'));

	/* Without a colon the name is the whole line, which leaves the value at its end. */
	if (name.len == line.len || !is_token(name) || r->field_count == HTTPHEAD_FIELDS_MAX)
		return false;
	if (name_is(name, "Transfer-Encoding"))
		return false;
	if (name_is(name, "Content-Length") &&
	    (httphead_field(r, "Content-Length").at || !parse_length(value, &r->content_length)))
		return false;
	r->fields[r->field_count].name = name;
	r->fields[r->field_count].value = value;
	r->field_count++;
	return true;
}

enum httphead_status httphead_parse_request(const char *bytes, size_t len,
                                            struct httphead_request *ret)
{
	struct httphead_string line;
	size_t pos = 0;

	if (!len)
		return HTTPHEAD_MORE;
	ret->field_count = 0;
	ret->content_length = 0;
	ret->method.len = 0;
	for (;;) {
		enum httphead_status status = next_line(bytes, len, &pos, &line);

		if (status != HTTPHEAD_OK)
			return status;
		if (!line.len && ret->method.len)
			break;
		/* RFC 9112 section 2.2: empty lines before the request are ignored. */
		if (!line.len)
			continue;
		if (!(ret->method.len ? parse_field(line, ret) : parse_request_line(line, ret)))
			return HTTPHEAD_BAD;
	}
	ret->head_len = pos;
	return HTTPHEAD_OK;
}

struct httphead_string httphead_field(const struct httphead_request *r, const char *name)
{
	for (size_t i = 0; i < r->field_count; i++)
		if (name_is(r->fields[i].name, name))
			return r->fields[i].value;
	return (struct httphead_string){ NULL, 0 };
}

bool httphead_equals(struct httphead_string s, const char *text)
{
	return s.at && s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

bool httphead_has_token(struct httphead_string value, const char *token)
{
	while (value.len) {
		struct httphead_string item = value;

		value = split(&item, ',');
		split(&item, ';');
		if (name_is(trim(item), token))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: MIT */
/*
 * The http and https checks: one request, and a response read strictly from left to right (RFC
 * 9112), as lenient as HAProxy's parser: bare LF ends a line, empty lines may come first.
 */
#include "probes.h"

#include "base/number.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum parse { PARSE_OK, PARSE_MORE, PARSE_BAD };

enum framing { FRAMING_CLOSE, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_NONE };

struct slice {
	const char *at;
	size_t len;
};

struct head {
	unsigned int status;
	struct slice reason;
	enum framing framing;
	uint64_t length; /* FRAMING_LENGTH */
	size_t size;     /* of the head with its empty line */
};

static bool is_named(const char *header, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(header, name, len) == 0 && header[len] == ':';
}

static bool has_header(const struct settings_strings *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (is_named(headers->at[i], name))
			return true;
	return false;
}

static char lower(char c)
{
	if (c < 'A' || c > 'Z')
		return c;
	return (char)(c - 'A' + 'a');
}

/* Names in lower case: HAProxy sends them so. */
static void add_header(struct text *out, const char *header)
{
	size_t name = strcspn(header, ":");

	for (size_t i = 0; i < name; i++)
		text_addc(out, lower(header[i]));
	text_addf(out, "%s\r\n", header + name);
}

void probe_http_request(const struct settings_check *check, const char *authority, struct text *out)
{
	bool persistent = strcmp(check->version, "1.0") != 0;
	const char *host = check->host ? check->host : persistent ? authority : NULL;

	text_addf(out, "%s %s HTTP/%s\r\n", check->method, check->path, check->version);
	if (host && !has_header(&check->headers, "host"))
		text_addf(out, "host: %s\r\n", host);
	for (size_t i = 0; i < check->headers.count; i++)
		add_header(out, check->headers.at[i]);
	if (persistent && !has_header(&check->headers, "connection"))
		text_add(out, "connection: close\r\n");
	text_add(out, "\r\n");
}

/* The next line without its end; false if it is not complete.  `*used` moves behind it. */
static bool next_line(struct slice in, size_t *used, struct slice *ret)
{
	const char *at = in.at + *used;
	const char *end = *used < in.len ? memchr(at, '\n', in.len - *used) : NULL;

	if (!end)
		return false;
	*used += (size_t)(end - at) + 1;
	if (end > at && end[-1] == '\r')
		end--;
	*ret = (struct slice){ at, (size_t)(end - at) };
	return true;
}

static struct slice trim(struct slice s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* "HTTP/1.1 200 Reason": decided byte by byte, so that garbage is known before its line ends. */
static enum parse parse_status(struct slice in, size_t *used, struct head *ret)
{
	static const char shape[] = "HTTP/0.0 "; /* 0: any digit */
	size_t i = *used;
	size_t digits = 0;
	struct slice line;

	for (const char *c = shape; *c; c++, i++) {
		if (i == in.len)
			return PARSE_MORE;
		if (*c == '0' ? !isdigit((unsigned char)in.at[i]) : in.at[i] != *c)
			return PARSE_BAD;
	}
	while (i < in.len && in.at[i] == ' ')
		i++;
	for (; i < in.len && digits < 3 && isdigit((unsigned char)in.at[i]); i++, digits++)
		ret->status = ret->status * 10 + (unsigned int)(in.at[i] - '0');
	if (digits == 3 && ret->status < 100)
		return PARSE_BAD;
	if (i == in.len)
		return PARSE_MORE;
	if (digits < 3 || !strchr(" \r\n", in.at[i]) || !in.at[i])
		return PARSE_BAD;
	*used = i;
	if (!next_line(in, used, &line))
		return PARSE_MORE;
	ret->reason = trim(line);
	return PARSE_OK;
}

static bool set_length(struct head *h, struct slice value)
{
	char digits[24];
	uint64_t n;

	if (value.len >= sizeof(digits))
		return false;
	memcpy(digits, value.at, value.len);
	digits[value.len] = '\0';
	if (strlen(digits) != value.len || !number_parse(digits, UINT64_MAX, &n))
		return false;
	if (h->framing == FRAMING_LENGTH && h->length != n)
		return false;
	/* Chunked wins over a length (RFC 9112 section 6.3). */
	if (h->framing == FRAMING_CLOSE)
		h->framing = FRAMING_LENGTH;
	h->length = n;
	return true;
}

static void set_coding(struct head *h, struct slice value)
{
	static const char chunked[] = "chunked";
	size_t len = strlen(chunked);

	if (value.len >= len && strncasecmp(value.at + value.len - len, chunked, len) == 0)
		h->framing = FRAMING_CHUNKED;
}

static size_t name_length(struct slice line)
{
	size_t i = 0;

	while (i < line.len && line.at[i] &&
	       (isalnum((unsigned char)line.at[i]) || strchr("!#$%&'*+-.^_`|~", line.at[i])))
		i++;
	return i;
}

static bool parse_field(struct slice line, struct head *h)
{
	size_t name = name_length(line);
	struct slice value;

	if (!name || name == line.len || line.at[name] != ':')
		return false;
	value = trim((struct slice){ line.at + name + 1, line.len - name - 1 });
	if (is_named(line.at, "content-length"))
		return set_length(h, value);
	if (is_named(line.at, "transfer-encoding"))
		set_coding(h, value);
	return true;
}

static enum parse parse_head(struct slice in, bool head_only, struct head *ret)
{
	size_t used = 0;
	struct slice line;
	enum parse result;
	bool first = true;

	*ret = (struct head){ .framing = FRAMING_CLOSE };
	while (used < in.len && (in.at[used] == '\r' || in.at[used] == '\n'))
		used++;
	result = parse_status(in, &used, ret);
	if (result != PARSE_OK)
		return result;
	for (;; first = false) {
		bool folded;

		if (!next_line(in, &used, &line))
			return PARSE_MORE;
		if (!line.len)
			break;
		folded = !first && (line.at[0] == ' ' || line.at[0] == '\t');
		if (!folded && !parse_field(line, ret))
			return PARSE_BAD;
	}
	if (head_only || ret->status == 204 || ret->status == 304)
		ret->framing = FRAMING_NONE;
	ret->size = used;
	return PARSE_OK;
}

static bool add_hex(size_t *n, char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	size_t value = at ? (size_t)(at - digits) : 0;

	if (at)
		*n = *n * 16 + (value < 16 ? value : value - 6);
	return at;
}

/* "1a;extension": hexadecimal, at least one digit, at most a number that fits. */
static bool parse_chunk_size(struct slice line, size_t *ret)
{
	size_t i = 0;

	*ret = 0;
	while (i < line.len && add_hex(ret, line.at[i]))
		if (++i > 2 * sizeof(size_t) - 1)
			return false;
	return i && (i == line.len || line.at[i] == ';' || line.at[i] == ' ' || line.at[i] == '\t');
}

static enum parse decode_chunks(struct slice in, struct text *out)
{
	size_t used = 0;

	for (;;) {
		struct slice line;
		size_t size;
		size_t n;

		if (!next_line(in, &used, &line))
			return PARSE_MORE;
		if (!parse_chunk_size(line, &size))
			return PARSE_BAD;
		if (!size)
			return PARSE_OK;
		n = size < in.len - used ? size : in.len - used;
		text_addn(out, in.at + used, n);
		used += n;
		if (!next_line(in, &used, &line))
			return PARSE_MORE;
		if (line.len)
			return PARSE_BAD;
	}
}

/* The content that is there; PARSE_OK if it is all of it. */
static enum parse decode(const struct head *h, struct slice in, struct text *out)
{
	switch (h->framing) {
	case FRAMING_CHUNKED:
		return decode_chunks(in, out);
	case FRAMING_LENGTH:
		text_addn(out, in.at, in.len < h->length ? in.len : (size_t)h->length);
		return in.len < h->length ? PARSE_MORE : PARSE_OK;
	case FRAMING_CLOSE:
		text_addn(out, in.at, in.len);
		return PARSE_MORE;
	case FRAMING_NONE:
		break;
	}
	return PARSE_OK;
}

static enum probe_step settle(struct probe_result *ret, enum probe_code code, unsigned int status,
                              struct slice info)
{
	*ret = (struct probe_result){ .code = code, .status = (uint16_t)status };
	snprintf(ret->info, sizeof(ret->info), "%.*s", (int)info.len, info.at);
	return PROBE_DONE;
}

static struct slice words(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static enum probe_step judge_body(const struct settings_check *check, const struct head *h,
                                  struct slice in, bool ended, struct probe_result *ret)
{
	AUTO_TEXT body = { 0 };
	enum parse result = decode(h, in, &body);

	/* Before what is wrong behind it: that would not have been seen yet in smaller pieces. */
	if (memmem(text_str(&body), body.len, check->expect_string, strlen(check->expect_string)))
		return settle(ret, PROBE_L7OK, h->status, words(""));
	if (result == PARSE_BAD)
		return settle(ret, PROBE_L7RSP, h->status, words(""));
	if (result == PARSE_MORE && !ended)
		return PROBE_MORE;
	return settle(ret, PROBE_L7RSP, h->status,
	              words(body.len ? "HTTP content check did not match"
	                             : "HTTP content check could not find a response body"));
}

static enum probe_step judge_answer(const struct settings_check *check, const struct head *h,
                                    struct slice body, bool ended, struct probe_result *ret)
{
	if (!settings_ranges_contain(&check->expect_status, h->status)) {
		settle(ret, PROBE_L7STS, h->status, h->reason);
		ret->draining = settings_ranges_contain(&check->drain_status, h->status);
		return PROBE_DONE;
	}
	if (check->expect_string)
		return judge_body(check, h, body, ended, ret);
	/* HAProxy gives no info with a good status, and its log lines are matched to the letter. */
	return settle(ret, PROBE_L7OK, h->status, words(""));
}

/* 101 is final: nothing that was asked for can follow it. */
static bool is_interim(unsigned int status)
{
	return status < 200 && status != 101;
}

enum probe_step probe_http_judge(const struct settings_check *check, struct text *in, bool ended,
                                 struct probe_result *ret)
{
	bool head_only = strcmp(check->method, "HEAD") == 0;
	enum parse result;
	struct head h;

	for (;;) {
		if (!in->len)
			return ended ? settle(ret, PROBE_L7RSP, 0, words("")) : PROBE_MORE;
		result = parse_head((struct slice){ in->data, in->len }, head_only, &h);
		if (result != PARSE_OK || !is_interim(h.status))
			break;
		text_consume(in, h.size);
	}
	if (result == PARSE_MORE && !ended)
		return PROBE_MORE;
	if (result != PARSE_OK)
		return settle(ret, PROBE_L7RSP, 0, words(""));
	return judge_answer(check, &h, (struct slice){ in->data + h.size, in->len - h.size }, ended,
	                    ret);
}

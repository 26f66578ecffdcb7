/* SPDX-License-Identifier: MIT */
/*
 * As lenient as HAProxy's parser: bare LF ends a line, empty lines may come first.
 */
#include "base/httpanswer.h"

#include "base/number.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { CHUNK_LINE_MAX = 8192 }; /* of those that are read in portions */

/* The next line without its end; false if it is not complete.  `*used` moves behind it. */
static bool next_line(struct httpanswer_slice in, size_t *used, struct httpanswer_slice *ret)
{
	const char *at = in.at + *used;
	const char *end = *used < in.len ? memchr(at, '\n', in.len - *used) : NULL;

	if (!end)
		return false;
	*used += (size_t)(end - at) + 1;
	if (end > at && end[-1] == '\r')
		end--;
	*ret = (struct httpanswer_slice){ at, (size_t)(end - at) };
	return true;
}

static struct httpanswer_slice trim(struct httpanswer_slice s)
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
static enum httpanswer_state parse_status(struct httpanswer_slice in, size_t *used,
                                          struct httpanswer_head *ret)
{
	static const char shape[] = "HTTP/0.0 "; /* 0: any digit */
	size_t i = *used;
	size_t digits = 0;
	struct httpanswer_slice line;

	for (const char *c = shape; *c; c++, i++) {
		if (i == in.len)
			return HTTPANSWER_MORE;
		if (*c == '0' ? !isdigit((unsigned char)in.at[i]) : in.at[i] != *c)
			return HTTPANSWER_BAD;
	}
	while (i < in.len && in.at[i] == ' ')
		i++;
	for (; i < in.len && digits < 3 && isdigit((unsigned char)in.at[i]); i++, digits++)
		ret->status = ret->status * 10 + (unsigned int)(in.at[i] - '0');
	if (digits == 3 && ret->status < 100)
		return HTTPANSWER_BAD;
	if (i == in.len)
		return HTTPANSWER_MORE;
	if (digits < 3 || !strchr(" \r\n", in.at[i]) || !in.at[i])
		return HTTPANSWER_BAD;
	ret->code = (struct httpanswer_slice){ in.at + i - digits, digits };
	*used = i;
	if (!next_line(in, used, &line))
		return HTTPANSWER_MORE;
	ret->reason = trim(line);
	return HTTPANSWER_OK;
}

static bool set_length(struct httpanswer_head *h, struct httpanswer_slice value)
{
	uint64_t n;

	if (!number_parse_bytes(value.at, value.len, UINT64_MAX, &n))
		return false;
	if (h->framing == HTTPANSWER_LENGTH && h->length != n)
		return false;
	/* Chunked wins over a length (RFC 9112 section 6.3). */
	if (h->framing == HTTPANSWER_CLOSE)
		h->framing = HTTPANSWER_LENGTH;
	h->length = n;
	return true;
}

static void set_coding(struct httpanswer_head *h, struct httpanswer_slice value)
{
	static const char chunked[] = "chunked";
	size_t len = strlen(chunked);

	if (value.len >= len && strncasecmp(value.at + value.len - len, chunked, len) == 0)
		h->framing = HTTPANSWER_CHUNKED;
}

static size_t name_length(struct httpanswer_slice line)
{
	size_t i = 0;

	while (i < line.len && line.at[i] &&
	       (isalnum((unsigned char)line.at[i]) || strchr("!#$%&'*+-.^_`|~", line.at[i])))
		i++;
	return i;
}

/* `len` is name_length(): a comparison never looks beyond the line. */
static bool is_named(struct httpanswer_slice line, size_t len, const char *name)
{
	return len == strlen(name) && strncasecmp(line.at, name, len) == 0;
}

static bool parse_field(struct httpanswer_slice line, struct httpanswer_head *h)
{
	size_t name = name_length(line);
	struct httpanswer_slice value;

	if (!name || name == line.len || line.at[name] != ':')
		return false;
	value = trim((struct httpanswer_slice){ line.at + name + 1, line.len - name - 1 });
	if (is_named(line, name, "content-length"))
		return set_length(h, value);
	if (is_named(line, name, "transfer-encoding"))
		set_coding(h, value);
	return true;
}

enum httpanswer_state httpanswer_parse(struct httpanswer_slice in, bool head_only,
                                       struct httpanswer_head *ret)
{
	size_t used = 0;
	struct httpanswer_slice line;
	enum httpanswer_state result;
	bool first = true;

	*ret = (struct httpanswer_head){ .framing = HTTPANSWER_CLOSE };
	while (used < in.len && (in.at[used] == '\r' || in.at[used] == '\n'))
		used++;
	result = parse_status(in, &used, ret);
	if (result != HTTPANSWER_OK)
		return result;
	ret->fields.at = in.at + used;
	for (;; first = false) {
		bool folded;

		if (!next_line(in, &used, &line))
			return HTTPANSWER_MORE;
		if (!line.len)
			break;
		ret->fields.len = (size_t)(in.at + used - ret->fields.at);
		folded = !first && (line.at[0] == ' ' || line.at[0] == '\t');
		if (!folded && !parse_field(line, ret))
			return HTTPANSWER_BAD;
	}
	if (head_only || ret->status == 204 || ret->status == 304)
		ret->framing = HTTPANSWER_NONE;
	ret->size = used;
	return HTTPANSWER_OK;
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
static bool parse_chunk_size(struct httpanswer_slice line, size_t *ret)
{
	size_t i = 0;

	*ret = 0;
	while (i < line.len && add_hex(ret, line.at[i]))
		if (++i > 2 * sizeof(size_t) - 1)
			return false;
	return i && (i == line.len || line.at[i] == ';' || line.at[i] == ' ' || line.at[i] == '\t');
}

/*
 * The next chunk: whole, with the end of its line (HTTPANSWER_OK; the last one is empty), or what
 * is there of it.  `*used` moves behind a whole one.
 */
static enum httpanswer_state next_chunk(struct httpanswer_slice in, size_t *used,
                                        struct httpanswer_slice *ret)
{
	size_t at = *used;
	struct httpanswer_slice line;
	size_t size;

	*ret = (struct httpanswer_slice){ in.at, 0 };
	if (!next_line(in, &at, &line))
		return HTTPANSWER_MORE;
	if (!parse_chunk_size(line, &size))
		return HTTPANSWER_BAD;
	ret->at = in.at + at;
	ret->len = size < in.len - at ? size : in.len - at;
	at += ret->len;
	if (size && !next_line(in, &at, &line))
		return HTTPANSWER_MORE;
	if (size && line.len)
		return HTTPANSWER_BAD;
	*used = at;
	return HTTPANSWER_OK;
}

static enum httpanswer_state decode_chunks(struct httpanswer_slice in, struct text *out)
{
	size_t used = 0;

	for (;;) {
		struct httpanswer_slice chunk;
		enum httpanswer_state state = next_chunk(in, &used, &chunk);

		text_addn(out, chunk.at, chunk.len);
		if (state != HTTPANSWER_OK || !chunk.len)
			return state;
	}
}

enum httpanswer_state httpanswer_decode(const struct httpanswer_head *h, struct httpanswer_slice in,
                                        struct text *out)
{
	switch (h->framing) {
	case HTTPANSWER_CHUNKED:
		return decode_chunks(in, out);
	case HTTPANSWER_LENGTH:
		text_addn(out, in.at, in.len < h->length ? in.len : (size_t)h->length);
		return in.len < h->length ? HTTPANSWER_MORE : HTTPANSWER_OK;
	case HTTPANSWER_CLOSE:
		text_addn(out, in.at, in.len);
		return HTTPANSWER_MORE;
	case HTTPANSWER_NONE:
		break;
	}
	return HTTPANSWER_OK;
}

/* A line that has no end so far is not looked at again and again. */
static bool is_endless(struct httpanswer_slice in, size_t used, size_t there)
{
	return in.len - used > there + CHUNK_LINE_MAX;
}

static enum httpanswer_state take_chunks(struct httpanswer_slice in, size_t *used, struct text *out)
{
	for (;;) {
		struct httpanswer_slice chunk;
		enum httpanswer_state state = next_chunk(in, used, &chunk);

		if (state == HTTPANSWER_MORE && is_endless(in, *used, chunk.len))
			return HTTPANSWER_BAD;
		if (state != HTTPANSWER_OK)
			return state;
		text_addn(out, chunk.at, chunk.len);
		if (!chunk.len)
			return HTTPANSWER_OK;
	}
}

enum httpanswer_state httpanswer_take(const struct httpanswer_head *h, struct httpanswer_slice in,
                                      size_t *used, struct text *out)
{
	size_t n = in.len - *used;

	if (h->framing == HTTPANSWER_CHUNKED)
		return take_chunks(in, used, out);
	if (h->framing == HTTPANSWER_NONE)
		return HTTPANSWER_OK;
	if (h->framing == HTTPANSWER_LENGTH && n > h->length - *used)
		n = (size_t)(h->length - *used);
	text_addn(out, in.at + *used, n);
	*used += n;
	return h->framing == HTTPANSWER_LENGTH && *used == h->length ? HTTPANSWER_OK
	                                                             : HTTPANSWER_MORE;
}

/* The whole value, or a part of it between commas. */
static bool has_value(struct httpanswer_slice value, const char *wanted, size_t len)
{
	struct httpanswer_slice rest = value;

	if (value.len == len && memcmp(value.at, wanted, len) == 0)
		return true;
	for (;;) {
		const char *comma = rest.len ? memchr(rest.at, ',', rest.len) : NULL;
		size_t n = comma ? (size_t)(comma - rest.at) : rest.len;
		struct httpanswer_slice part = trim((struct httpanswer_slice){ rest.at, n });

		if (part.len == len && memcmp(part.at, wanted, len) == 0)
			return true;
		if (!comma)
			return false;
		rest = (struct httpanswer_slice){ comma + 1, rest.len - n - 1 };
	}
}

/* The value of a header line of that name; at == NULL if it is another one. */
static struct httpanswer_slice value_of(struct httpanswer_slice line, const char *name)
{
	size_t len = name_length(line);

	if (len == line.len || !is_named(line, len, name))
		return (struct httpanswer_slice){ 0 };
	return trim((struct httpanswer_slice){ line.at + len + 1, line.len - len - 1 });
}

struct httpanswer_slice httpanswer_field(const struct httpanswer_head *h, const char *name)
{
	struct httpanswer_slice line;
	size_t used = 0;

	while (next_line(h->fields, &used, &line)) {
		struct httpanswer_slice value = value_of(line, name);

		if (value.at)
			return value;
	}
	return (struct httpanswer_slice){ 0 };
}

bool httpanswer_has(const struct httpanswer_head *h, const char *name, const char *value,
                    size_t value_len)
{
	struct httpanswer_slice line;
	size_t used = 0;

	while (next_line(h->fields, &used, &line)) {
		struct httpanswer_slice found = value_of(line, name);

		if (found.at && (!value || has_value(found, value, value_len)))
			return true;
	}
	return false;
}

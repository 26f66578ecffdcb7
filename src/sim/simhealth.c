/* SPDX-License-Identifier: MIT */
#include "sim/simhealth.h"

#include "base/error.h"

#include <string.h>

enum { GRPC_UNKNOWN = 2, GRPC_INTERNAL = 13, GRPC_UNAVAILABLE = 14 };

#define V2_PATH "/api/v2/health/"

bool simhealth_is_path(const char *path)
{
	return strcmp(path, "/health") == 0 || strcmp(path, "/_admin/v1/health") == 0 ||
	       strcmp(path, V2_PATH) == 0;
}

/* The words that Go's strconv.ParseBool takes. */
static bool parse_bool(const char *s, size_t len, bool *ret)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "1", true },    { "t", true },      { "T", true },      { "true", true },
		{ "TRUE", true }, { "True", true },   { "0", false },     { "f", false },
		{ "F", false },   { "false", false }, { "FALSE", false }, { "False", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].word) != len || strncmp(words[i].word, s, len) != 0)
			continue;
		*ret = words[i].value;
		return true;
	}
	return false;
}

/* Does the query ask for readiness?  False if it says neither yes nor no. */
static bool wants_ready(const char *query, bool *ret)
{
	*ret = false;
	while (*query) {
		size_t len = strcspn(query, "&");

		if (len >= 6 && strncmp(query, "ready=", 6) == 0 &&
		    !parse_bool(query + 6, len - 6, ret))
			return false;
		query += len + (query[len] == '&');
	}
	return true;
}

static void say_well(struct simhttp_reply *reply)
{
	reply->status = 200;
	reply->no_cache = true;
	reply->type = "application/json";
	text_add(&reply->body, "{\n\n}");
}

/* An error as grpc-gateway writes it. */
static void say_error(struct simhttp_reply *reply, int status, int code, const char *why)
{
	reply->status = status;
	reply->no_cache = true;
	reply->type = "application/json";
	text_add(&reply->body, "{\n  \"error\": ");
	text_add_json(&reply->body, why);
	text_addf(&reply->body, ",\n  \"code\": %d,\n  \"message\": ", code);
	text_add_json(&reply->body, why);
	text_add(&reply->body, ",\n  \"details\": [\n  ]\n}");
}

static void say_plain(struct simhttp_reply *reply, int status, const char *why)
{
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	text_add(&reply->body, why);
	text_addc(&reply->body, '\n');
}

static void say_status(struct simhttp_reply *reply, int status)
{
	if (status == 503)
		say_error(reply, status, GRPC_UNAVAILABLE, "node is not healthy");
	else if (status == 500)
		say_error(reply, status, GRPC_INTERNAL, "simulated failure");
	else
		say_error(reply, status, GRPC_UNKNOWN, "simulated status");
}

static bool is_flapping_down(const struct simhealth *h, int64_t now_ms)
{
	return h->flap_ms && ((uint64_t)(now_ms - h->flap_since_ms) / h->flap_ms) % 2 == 1;
}

void simhealth_answer(struct simhealth *h, int64_t now_ms, const char *not_ready,
                      const char *method, const char *path, const char *query,
                      struct simhttp_reply *reply)
{
	bool v2 = strcmp(path, V2_PATH) == 0;
	bool ready;

	h->requests++;
	reply->delay_ms = h->delay_ms;
	if (!not_ready && h->unready[0])
		not_ready = h->unready;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		say_plain(reply, 405, "Method Not Allowed");
	else if (h->status)
		say_status(reply, h->status);
	else if (is_flapping_down(h, now_ms))
		say_status(reply, 503);
	else if (!wants_ready(query, &ready))
		say_plain(reply, 400, "invalid value for ready");
	else if (!ready || !not_ready)
		say_well(reply);
	else if (v2)
		say_plain(reply, 500, "internal server error");
	else
		say_error(reply, 503, GRPC_UNAVAILABLE, not_ready);
}

/* SPDX-License-Identifier: MIT */
/* What a JSON document is a list of, and the list of `cockroach node status --format=json`. */
#include "nodedocparts.h"

#include "base/number.h"

const json_t *nodedoc_member(const json_t *o, const char *name, const char *other)
{
	const json_t *v = json_object_get(o, name);

	return v || !other ? v : json_object_get(o, other);
}

const char *nodedoc_scalar(struct nodedoc_reader *r, const json_t *v)
{
	if (json_is_string(v))
		return mem_arena_strdup(&r->list.arena, json_string_value(v));
	if (json_is_integer(v))
		return mem_arena_printf(&r->list.arena, "%" JSON_INTEGER_FORMAT,
		                        json_integer_value(v));
	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	return NULL;
}

static bool fail_at(struct nodedoc_reader *r, const char *words)
{
	const struct nodedoc_place at = { "" };

	return nodedoc_fail(r, &at, "%s", words);
}

/* --- `cockroach node status` ---------------------------------------------------------------- */

static bool is_status_row(const json_t *o)
{
	const char *id = json_string_value(nodedoc_member(o, "id", "node_id"));
	uint64_t n;

	return (id ? number_parse(id, INT32_MAX, &n)
	           : json_is_integer(nodedoc_member(o, "id", "node_id"))) &&
	       (json_is_string(nodedoc_member(o, "address", "sql_address")) ||
	        json_object_get(o, "is_live") || json_object_size(o) == 1);
}

static bool add_status_row(struct nodedoc_reader *r, json_t *o, size_t i)
{
	struct nodedoc_place at = nodedoc_path("[%zu]", i);
	struct nodedoc_row row = { 0 };

	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
		const char **cell = nodedoc_row_cell(&row, json_object_iter_key(it));

		if (cell)
			*cell = nodedoc_scalar(r, json_object_iter_value(it));
	}
	if (!row.address && !row.sql)
		return nodedoc_no_addresses(r, 1);
	return nodedoc_add_row(r, &row, &at);
}

static bool add_status(struct nodedoc_reader *r, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *o = json_array_get(list, i);

		if (!is_status_row(o)) {
			struct nodedoc_place at = nodedoc_path("[%zu]", i);

			return nodedoc_fail(r, &at, "this is no row of `cockroach node status`");
		}
		if (!add_status_row(r, o, i))
			return false;
	}
	return true;
}

/* --- which form ----------------------------------------------------------------------------- */

static bool is_inventory(const json_t *doc)
{
	const json_t *all = json_object_get(doc, "all");

	return json_is_object(json_object_get(doc, "_meta")) ||
	       json_is_array(json_object_get(all, "hosts")) ||
	       json_is_array(json_object_get(all, "children"));
}

/* {"error": "...", "code": 16, "message": "..."}: what a node says when it cannot tell. */
static const char *error_of(const json_t *doc)
{
	const char *message = json_string_value(nodedoc_member(doc, "message", "error"));

	return json_is_integer(json_object_get(doc, "code")) || json_object_get(doc, "error")
	           ? message
	           : NULL;
}

static bool read_other(struct nodedoc_reader *r, json_t *doc)
{
	json_t *one;
	bool ok;

	if (is_inventory(doc))
		return nodedoc_inventory(r, doc);
	if (!json_is_object(json_object_get(doc, "desc")) &&
	    !nodedoc_member(doc, "nodeId", "node_id") && !is_status_row(doc))
		return nodedoc_terraform(r, doc);
	one = json_pack("[O]", doc);
	ok = is_status_row(doc) ? add_status(r, one) : nodedoc_cluster(r, doc, one);
	json_decref(one);
	return ok;
}

static bool read_object(struct nodedoc_reader *r, json_t *doc)
{
	const json_t *nodes = json_object_get(doc, "nodes");
	const struct nodedoc_place at = { "" };

	if (json_is_array(nodes))
		return nodedoc_cluster(r, doc, nodes);
	if (error_of(doc))
		return nodedoc_fail(r, &at, "this is no list but an error of the node's: %s",
		                    error_of(doc));
	return read_other(r, doc);
}

static bool read_document(struct nodedoc_reader *r, json_t *doc)
{
	if (json_is_object(doc))
		return read_object(r, doc);
	if (!json_array_size(doc) || is_status_row(json_array_get(doc, 0)))
		return add_status(r, doc);
	return nodedoc_terraform(r, doc);
}

static bool fail_json(struct nodedoc_reader *r, const json_error_t *e, int line)
{
	struct nodedoc_place at = nodedoc_line(line - 1 + (e->line > 0 ? e->line : 1));

	if (json_error_code(e) == json_error_premature_end_of_input)
		return nodedoc_fail(r, &at, "the JSON ends too early: it is not whole");
	if (json_error_code(e) == json_error_end_of_input_expected)
		return nodedoc_fail(r, &at,
		                    "something follows the JSON: give one document, as "
		                    "--format=json makes it, not ndjson");
	return nodedoc_fail(r, &at, "this is not JSON: %s", e->text);
}

bool nodedoc_json(struct nodedoc_reader *r, char *text, size_t len, int line)
{
	const char *problem;
	json_error_t e;
	json_t *doc;
	bool ok;

	if (!nodedoc_skim(text, &len, r->o->max, &problem))
		return fail_at(r, problem);
	doc = json_loadb(text, len, 0, &e);
	if (!doc)
		return fail_json(r, &e, line);
	if (r->o->from_node && !json_is_array(json_object_get(doc, "nodes")) && !error_of(doc))
		ok = fail_at(r,
		             "this JSON is no answer of a CockroachDB node: \"nodes\" is missing");
	else
		ok = read_document(r, doc);
	json_decref(doc);
	return ok;
}

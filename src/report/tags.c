/* SPDX-License-Identifier: MIT */
#include "tags.h"

#include <stddef.h>

struct tag {
	char letter;
	const char *words;
};

static const char *find(const struct tag *tags, size_t count, char letter)
{
	for (size_t i = 0; i < count; i++)
		if (tags[i].letter == letter)
			return tags[i].words;
	return "Unknown";
}

const char *tags_origin(char c)
{
	static const struct tag tags[] = {
		{ 'M', "Metric" }, { 'S', "Status" },  { 'K', "Key" },
		{ 'C', "Config" }, { 'P', "Product" },
	};

	return find(tags, sizeof(tags) / sizeof(tags[0]), c);
}

const char *tags_nature(char c)
{
	static const struct tag tags[] = {
		{ 'A', "Age" },   { 'C', "Counter" }, { 'D', "Duration" }, { 'G', "Gauge" },
		{ 'L', "Limit" }, { 'M', "Max" },     { 'N', "Name" },     { 'O', "Output" },
		{ 'R', "Rate" },  { 'a', "Avg" },
	};

	return find(tags, sizeof(tags) / sizeof(tags[0]), c);
}

const char *tags_scope(char c)
{
	static const struct tag tags[] = { { 'P', "Process" }, { 'S', "Service" } };

	return find(tags, sizeof(tags) / sizeof(tags[0]), c);
}

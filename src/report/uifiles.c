/* SPDX-License-Identifier: MIT */
#include "report/uifiles.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

/*
 * uifiles.list is made by CMake from what is in src/report/ui: UIFILE(name as an identifier,
 * "name").  The assembler puts each file where constants are, between two marks; a NUL follows,
 * so that an empty file has an address of its own.
 */
#define UIFILE(id, name)                                                                           \
	__asm__(".pushsection .rodata\n"                                                           \
	        ".global uifiles_" #id "\n"                                                        \
	        ".hidden uifiles_" #id "\n"                                                        \
	        "uifiles_" #id ":\n"                                                               \
	        ".incbin \"" SLUICE_UI "/" name "\"\n"                                             \
	        ".global uifiles_end_" #id "\n"                                                    \
	        ".hidden uifiles_end_" #id "\n"                                                    \
	        "uifiles_end_" #id ":\n"                                                           \
	        ".byte 0\n"                                                                        \
	        ".popsection\n");                                                                  \
	extern const char uifiles_##id[];                                                          \
	extern const char uifiles_end_##id[];
#include "uifiles.list"
#undef UIFILE

static const struct {
	const char *name, *start, *end;
} files[] = {
#define UIFILE(id, name_) { .name = name_, .start = uifiles_##id, .end = uifiles_end_##id },
#include "uifiles.list"
#undef UIFILE
};

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot && strcmp(dot, ".css") == 0)
		return "text/css; charset=utf-8";
	if (dot && strcmp(dot, ".js") == 0)
		return "text/javascript; charset=utf-8";
	if (dot && strcmp(dot, ".svg") == 0)
		return "image/svg+xml";
	return "application/octet-stream";
}

bool uifiles_at(size_t index, struct uifile *ret)
{
	if (index >= ARRAY_LEN(files))
		return false;
	*ret = (struct uifile){
		.name = files[index].name,
		.type = type_of(files[index].name),
		.data = files[index].start,
		.len = (size_t)(files[index].end - files[index].start),
	};
	return true;
}

bool uifiles_find(const char *name, struct uifile *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (strcmp(files[i].name, name) == 0)
			return uifiles_at(i, ret);
	return false;
}

/* FNV-1a: nobody has a reason to make two of our own files collide. */
void uifiles_add_tag(const struct uifile *f, struct text *out)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < f->len; i++)
		hash = (hash ^ (unsigned char)f->data[i]) * UINT64_C(0x100000001b3);
	text_addf(out, "\"%016" PRIx64 "\"", hash);
}

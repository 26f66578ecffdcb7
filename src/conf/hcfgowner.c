/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include <grp.h>
#include <pwd.h>

enum { ROOM = 65536 };

const char *hcfgowner_name(const struct hcfgreader *r, bool user, uint32_t id)
{
	char *room = mem_arena_zalloc(&r->model->arena, ROOM);
	struct passwd *found = NULL;
	struct group *found_group = NULL;
	struct passwd pw;
	struct group gr;

	if (user && getpwuid_r(id, &pw, room, ROOM, &found) == 0 && found)
		return pw.pw_name;
	if (!user && getgrgid_r(id, &gr, room, ROOM, &found_group) == 0 && found_group)
		return gr.gr_name;
	return mem_arena_printf(&r->model->arena, "%u", id);
}

/* SPDX-License-Identifier: MIT */
/*
 * What an entry of the journal says about the state of now, at once: the next sample, up to a
 * second later, says the same and more.
 *
 *   applyEvent(e, service, server) -> true if something of /v1/status is another now
 *   namesMore(e) -> true if only the whole status tells what is another now: servers, faults
 */

/* Flags of enum state_admin, in the words of /v1/status. */
const ADMIN = [
	[0x01, "maint"], [0x04, "maint (configuration)"], [0x02, "maint (inherited)"],
	[0x08, "drain"], [0x10, "drain (inherited)"],
	[0x80, "drain (left the cluster)"],
];

function applyServer(e, service, server) {
	server.state = e.to;
	server.health = e.after.health;
	server.counter = e.after.counter;
	if (e.check)
		server.check = { ...server.check, ...e.check, time: e.time };
	if (e.kind !== "server")
		return;
	server.since = e.time;
	server.admin = ADMIN.filter(([flag]) => e.after.admin & flag).map(([, word]) => word);
	server.usable = e.usable && server.weight > 0;
	service.usable = e.active_left;
	service.backup_usable = e.backup_left;
	service.on_backup = e.on_backup;
	service.up = e.active_left + e.backup_left > 0;
}

export function applyEvent(e, service, server) {
	if (e.kind === "check" && e.cause === "agent") /* its counter is another one */
		return false;
	if ((e.kind === "server" || e.kind === "check") && server)
		applyServer(e, service, server);
	else if (e.kind === "service_down" && service)
		service.up = false;
	else if (e.kind === "service_up" && service)
		service.up = true;
	else if (e.kind === "panic" && service)
		service.panicking = e.begins;
	else
		return false;
	return true;
}

export function namesMore(e) {
	return e.kind === "mark" || e.kind === "process" || e.kind === "fault";
}

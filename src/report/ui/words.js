/* SPDX-License-Identifier: MIT */
/* Numbers, times and states in words, as `sluice status` and `sluice watch` say them. */

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function two(n) {
	return String(n).padStart(2, "0");
}

/* How long: two units at most, "3s", "4m 12s", "2h 05m", "3d 04h".  `ms` may be below 0 or null. */
export function age(ms) {
	const s = Math.max(0, Math.floor((ms ?? 0) / 1000));

	if (s < 60)
		return `${s}s`;
	if (s < 3600)
		return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
	if (s < 86400)
		return `${Math.floor(s / 3600)}h ${two(Math.floor(s / 60) % 60)}m`;
	return `${Math.floor(s / 86400)}d ${two(Math.floor(s / 3600) % 24)}h`;
}

/* Bytes, 1000-based: "512 B", "12.3 kB", "4.0 MB". */
export function bytes(n) {
	const units = ["B", "kB", "MB", "GB", "TB", "PB"];
	let value = Math.max(0, n ?? 0);
	let unit = 0;

	while (value >= 999.95 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/* 1,234 */
export function count(n) {
	return whole.format(n ?? 0);
}

/* 1,234 as it is; from 100,000 on "123k", "4.5M": for narrow columns. */
export function short(n) {
	const value = n ?? 0;

	if (value < 100000)
		return count(value);
	if (value < 999500)
		return `${Math.round(value / 1000)}k`;
	return value < 999.5e6 ? `${(value / 1e6).toFixed(1)}M` : `${(value / 1e9).toFixed(1)}G`;
}

/* Per second: "0", "0.4", "12". */
export function rate(n) {
	const value = n ?? 0;

	return value > 0 && value < 10 && !Number.isInteger(value) ? value.toFixed(1) : count(value);
}

/* Local time with seconds: "14:02:07". */
export function clock(ms) {
	const d = new Date(ms);

	return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/* Local date and time: "2026-11-21 14:02:07". */
export function date(ms) {
	const d = new Date(ms);

	return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(ms)}`;
}

/* "1 server", "3 servers" */
export function plural(n, word) {
	return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}

/* --- states ------------------------------------------------------------------------------- */

/* Colour is never alone: each state has a glyph, too. */
export const GLYPHS = {
	up: "\u25cf",
	warming: "\u25d4",
	nolb: "\u25d0",
	drain: "\u25d1",
	maint: "\u25a0",
	down: "\u2716",
	checking: "\u25cb",
};

function keyOf(server) {
	const words = server.state ?? "";
	const admin = server.admin ?? [];
	const down = server.health === "down" || words.startsWith("DOWN");

	if (words.startsWith("MAINT") || admin.some((a) => a.startsWith("maint")))
		return "maint";
	if (down)
		return words.includes("/") ? "warming" : "down";
	if (words.startsWith("DRAIN") || admin.some((a) => a.startsWith("drain")))
		return "drain";
	if (server.health === "nolb" || server.health === "checking")
		return server.health;
	if (server.weight === 0)
		return "drain";
	return words.includes("/") ? "warming" : "up";
}

/*
 * A server of /v1/status: { key: its class, glyph, word }.  "warming" is one on its way: up while
 * checks fail, or down while they pass again.
 */
export function state(server) {
	const key = keyOf(server);
	const idle = key === "drain" && server.weight === 0 && server.health !== "nolb" &&
		!(server.state ?? "").startsWith("DRAIN");

	return { key, glyph: GLYPHS[key], word: idle ? `${server.state}, weight 0` : server.state };
}

/* --- checks and events -------------------------------------------------------------------- */

/* As `sluice watch` says it; /v1/status has HAProxy's words. */
const FOUND = {
	UNK: "no check",
	INI: "not checked yet",
	SOCKERR: "the connection broke",
	L4OK: "connected",
	L4TOUT: "no connection in time",
	L4CON: "no connection",
	L6OK: "TLS handshake done",
	L6TOUT: "no TLS handshake in time",
	L6RSP: "TLS handshake failed",
	L7TOUT: "no answer in time",
	L7RSP: "answer not understood",
	L7OK: "answered",
	L7OKC: "answered: no new sessions, please",
	L7STS: "wrong answer",
	PROCERR: "the program says no",
	PROCTOUT: "the program took too long",
	PROCOK: "the program says yes",
};

/* What a check found: 'HTTP 503 "Service Unavailable"', "Connection refused". */
export function answer(check) {
	if (!check)
		return "no check";
	if (check.status && !check.code.startsWith("PROC")) {
		const number = check.status >= 100 && check.status <= 599 ? "HTTP" : "code";

		return `${number} ${check.status}${check.info ? ` "${check.info}"` : ""}`;
	}
	if (check.info && (check.code === "L4CON" || check.code === "SOCKERR"))
		return check.info;
	const words = FOUND[check.code] ?? check.words;

	return check.info ? `${words}: ${check.info}` : words;
}

/* "UP 2/3" as "UP": a transition is between states, not between counters. */
function plainState(words) {
	return (words ?? "").replace(/ \d+\/\d+/, "");
}

/* { key: the class of its colour, what: "UP -> DOWN", why: "check failed: ..." } */
export function event(e) {
	switch (e.kind) {
	case "server":
		return {
			key: keyOf({ state: e.to, health: e.after?.health }),
			what: `${plainState(e.from)} \u2192 ${plainState(e.to)}`,
			why: whyOf(e),
		};
	case "check":
		return {
			key: e.check?.passed && e.after?.health !== "down" ? "up" : "warming",
			what: e.to,
			why: causeOf(e),
		};
	case "service_down":
		return { key: "down", what: "OUT OF SERVICE", why: "no server usable" };
	case "service_up":
		return { key: "up", what: "IN SERVICE", why: `${usableOf(e)} after ${age(e.lasted_ms)}` };
	case "panic":
		return { key: e.begins ? "down" : "up", what: e.begins ? "PANIC" : "PANIC OVER", why: e.text };
	case "fault":
		return { key: e.begins ? "down" : "up", what: e.begins ? "FAULT" : "FAULT OVER", why: e.text };
	default:
		return { key: "checking", what: e.kind === "mark" ? "MARK" : "", why: e.text };
	}
}

function causeOf(e) {
	if (!e.check)
		return e.text || "no reason was given";
	const lead = e.check.draining ? "drain" : e.check.passed ? "check passed" : "check failed";

	return `${lead}: ${answer(e.check)} (${e.check.duration_ms} ms)`;
}

function usableOf(e) {
	const parts = [];

	if (e.active_left)
		parts.push(plural(e.active_left, "server"));
	if (e.backup_left)
		parts.push(plural(e.backup_left, "backup"));
	return parts.length ? `${parts.join(" and ")} usable` : "no server usable";
}

function whyOf(e) {
	const leaves = !e.usable && e.before?.health !== "down" && e.sessions > 0;
	const stay = leaves ? `; ${plural(e.sessions, "session")} on it` : "";

	return `${causeOf(e)}${stay}; ${usableOf(e)}`;
}

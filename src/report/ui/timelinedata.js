/* SPDX-License-Identifier: MIT */
/*
 * What the timeline shows, as plain data: a history as /v1/history has it, continued by the
 * journal's events and by what the live connection told since.
 *
 *   createRecord(model) -> record
 *   record.note()            once a sample: what was counted since the one before
 *   record.fetch(seconds)    asks for the history again
 *   record.build(now)        {
 *     from: where what is known begins,
 *     services: [{ name, bins, counts, events, servers: [{ name, bands, counts, events, faults }] }],
 *     drills: [{ name, from, to }],    `to` is null while it runs
 *     lines: [{ t, kind, text }] }     what concerns everything: marks, reloads, starts
 *
 * bands: { id, key, from, to, why }, oldest first, without gaps.  bins: { from, to, n, sessions },
 * n new sessions in it.  counts: { t, to, kind, n }, kind "cut" or "turned".  events: entries of
 * the journal.  faults: { from, to, text }.  Times are the daemon's wall clock in ms.
 */
import { getJSON } from "./link.js";
import { event as wordsOf } from "./words.js";

const MAINT = 0x07;
const DRAIN = 0x18;
const VALUES_MAX = 200000;
const POINTS_MIN = 180;
const POINTS_MAX = 900;
const TAIL_MAX = 180;
const SAMPLE_MS = 1000;
const SAME_MS = 100;

/* The state as a lane shows it, of `after` in an entry of the journal. */
export function laneKey(after) {
	if (after.admin & MAINT)
		return "maint";
	if (after.admin & DRAIN)
		return "drain";
	if (after.agent_down)
		return "down";
	return after.health === "nocheck" ? "up" : after.health;
}

/* The same of a server of /v1/status. */
function keyNow(server) {
	const admin = server.admin ?? [];

	if (admin.some((word) => word.startsWith("maint")))
		return "maint";
	if (admin.some((word) => word.startsWith("drain")))
		return "drain";
	return server.health === "nocheck" ? "up" : server.health;
}

/* --- bands -------------------------------------------------------------------------------- */

class Bands {
	constructor(from, key, why) {
		this.list = [{ id: "first", key, from, to: from, why }];
		this.ids = new Set();
	}

	get last() {
		return this.list[this.list.length - 1];
	}

	/* The same as long as the clock is corrected a little only, and never that of another one. */
	idOf(at, key) {
		let id = `${Math.round(at / 1000)} ${key}`;

		while (this.ids.has(id))
			id += "+";
		this.ids.add(id);
		return id;
	}

	add(from, key, why) {
		if (key === this.last.key || from < this.last.from)
			return;
		this.last.to = from;
		this.list.push({ id: this.idOf(from, key), key, from, to: from, why });
	}

	end(to) {
		this.last.to = Math.max(to, this.last.from);
		return this.list;
	}
}

/* What the history has comes as an event, too. */
function isNoted(states, at, key) {
	return states.some(([ms, noted]) => noted === key && Math.abs(ms - at) < SAME_MS);
}

function bandsOf(series, server, begin, events, now) {
	const states = series?.states ?? [];
	let bands;

	if (series) {
		bands = new Bands(begin, series.first, "");
		for (const [ms, key, why] of states)
			bands.add(ms, key, why);
	} else {
		const since = Math.min(Date.parse(server.since) || now, now);
		const first = events.find((e) => e.kind === "server");

		bands = first ? new Bands(first.wall, laneKey(first.after), wordsOf(first).why)
			: new Bands(since, keyNow(server), server.cause);
	}
	for (const e of events)
		if (e.kind === "server" && !isNoted(states, e.wall, laneKey(e.after)))
			bands.add(e.wall, laneKey(e.after), wordsOf(e).why);
	return bands.end(now);
}

function faultsOf(events, now) {
	const list = [];

	for (const e of events) {
		const open = list.length ? list[list.length - 1] : null;

		if (e.kind !== "fault")
			continue;
		if (open && open.to === now)
			open.to = e.wall;
		if (e.begins)
			list.push({ from: e.wall, to: now, text: e.text });
	}
	return list;
}

/* --- counts ------------------------------------------------------------------------------- */

/* The last one was not over when the history was asked for. */
function binsOf(series, history, until) {
	const bins = [];

	for (let i = 0; i < (series?.connected?.length ?? 0); i++) {
		const from = history.from + i * history.every_ms;

		if (series.connected[i] !== null && from < until)
			bins.push({
				from,
				to: Math.min(from + history.every_ms, until),
				n: series.connected[i],
				sessions: series.sessions?.[i] ?? null,
			});
	}
	return bins;
}

function countsOf(list, kind, history) {
	const counts = [];

	for (let i = 0; i < (list?.length ?? 0); i++)
		if (list[i])
			counts.push({
				t: history.from + i * history.every_ms,
				to: history.from + (i + 1) * history.every_ms,
				kind,
				n: list[i],
			});
	return counts;
}

function sum(list, member) {
	return list.reduce((n, each) => n + (each[member] ?? 0), 0);
}

/* What samples counted since the history was asked for. */
class Tail {
	constructor() {
		this.list = [];
		this.before = null;
	}

	take(status, now) {
		const seen = { t: now, services: new Map() };

		for (const v of status.services)
			seen.services.set(v.name, {
				connected: sum(v.servers, "connected"),
				sessions: v.sessions,
				cut: new Map(v.servers.map((s) => [s.name, s.cut])),
			});
		if (this.before && now > this.before.t)
			this.list.push(this.since(seen));
		this.before = seen;
		if (this.list.length > TAIL_MAX)
			this.list.shift();
	}

	since(seen) {
		const services = new Map();

		for (const [name, v] of seen.services) {
			const old = this.before.services.get(name);
			const cut = [];

			if (!old)
				continue;
			for (const [server, n] of v.cut)
				if (n > (old.cut.get(server) ?? n))
					cut.push([server, n - old.cut.get(server)]);
			services.set(name, { n: Math.max(0, v.connected - old.connected),
				sessions: v.sessions, cut });
		}
		return { from: this.before.t, to: seen.t, services };
	}

	after(t) {
		return this.list.filter((bin) => bin.from >= t);
	}

	forget() {
		this.list = [];
		this.before = null;
	}
}

/* --- all of it ---------------------------------------------------------------------------- */

/* Entries of the journal by what they concern; "" is everything. */
function byPlace(events) {
	const places = new Map();

	for (const e of events) {
		const place = e.service ? `${e.service}/${e.server ?? ""}` : "";

		if (!places.has(place))
			places.set(place, []);
		places.get(place).push(e);
	}
	return places;
}

/* Where a drill begins and ends its bar shows. */
function linesOf(events, marks) {
	const lines = events.filter((e) => e.kind === "mark" || e.kind === "process")
		.map((e) => ({ t: e.wall, kind: e.kind, text: e.text }));

	for (const [t, text] of marks)
		if (!lines.some((l) => l.text === text && Math.abs(l.t - t) < 10 * SAME_MS))
			lines.push({ t, kind: "mark", text });
	return lines.filter((l) => !/^drill (began|ended): /.test(l.text)).sort((a, b) => a.t - b.t);
}

class Record {
	constructor(model) {
		this.model = model;
		this.history = null;
		this.until = 0; /* where it ends */
		this.tail = new Tail();
		this.asking = null;
		this.pid = null;
	}

	note() {
		const { status } = this.model;

		if (!status)
			return;
		/* Another process counts anew. */
		if (this.pid !== status.pid)
			this.tail.forget();
		this.pid = status.pid;
		this.tail.take(status, this.model.now());
	}

	points() {
		const servers = sum((this.model.status?.services ?? []).map((v) => ({
			n: v.servers.length })), "n");
		const most = Math.floor(VALUES_MAX / (3 * Math.max(1, servers)));

		return Math.max(POINTS_MIN, Math.min(POINTS_MAX, most));
	}

	fetch(seconds) {
		this.asking ??= getJSON(`/v1/history?last=${seconds}&points=${this.points()}`)
			.then((history) => {
				this.history = history;
				this.until = this.model.now();
			})
			.catch(() => {})
			.finally(() => { this.asking = null; });
		return this.asking;
	}

	/* A history reaches back to before the start, of which nothing is known. */
	begin() {
		const start = Date.parse(this.model.status?.start_time) || 0;

		return Math.max(this.history?.from ?? start, start);
	}

	service(v, places, now) {
		const { history } = this;
		const series = history?.services?.[v.name];
		const bins = binsOf(series, history, this.until);
		const tail = this.tail.after(this.until - SAMPLE_MS / 2);

		for (const bin of tail)
			if (bin.services.has(v.name))
				bins.push({ from: bin.from, to: bin.to,
					n: bin.services.get(v.name).n,
					sessions: bin.services.get(v.name).sessions });
		return {
			name: v.name,
			bins,
			counts: countsOf(series?.failed, "turned", history),
			events: places.get(`${v.name}/`) ?? [],
			servers: v.servers.map((s) => this.server(v, s, series, places, tail, now)),
		};
	}

	server(v, s, series, places, tail, now) {
		const { history } = this;
		const own = series?.servers?.[s.name];
		const events = places.get(`${v.name}/${s.name}`) ?? [];
		const counts = countsOf(own?.cut, "cut", history);

		for (const bin of tail)
			for (const [name, n] of bin.services.get(v.name)?.cut ?? [])
				if (name === s.name)
					counts.push({ t: bin.from, to: bin.to, kind: "cut", n });
		return {
			name: s.name,
			bands: bandsOf(own, s, this.begin(), events, now),
			counts,
			events: events.filter((e) => e.kind !== "server"),
			faults: faultsOf(events, now),
		};
	}

	build(now) {
		const places = byPlace(this.model.events);
		const services = this.model.status?.services ?? [];

		return {
			from: this.begin(),
			services: services.map((v) => this.service(v, places, now)),
			drills: this.history?.drills ?? [],
			lines: linesOf(places.get("") ?? [], this.history?.marks ?? []),
		};
	}
}

export function createRecord(model) {
	return new Record(model);
}

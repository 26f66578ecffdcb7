/* SPDX-License-Identifier: MIT */
/*
 * A service over time: a curve of its new sessions, and a lane for each server.
 *
 *   createChart(name, { onWhy(server) }) -> { el, update(data, scale, frame), rateAt(t) }
 *
 * data: a service of timelinedata.js; frame: { now, narrow, status, top, bottom }.  Of the lanes
 * only those between the window's `top` and `bottom` are drawn, since there may be hundreds.
 */
import { h, mark, say, svg } from "./dom.js";
import { keyed } from "./keyed.js";
import { band, bandAt } from "./patterns.js";
import { gather, item, moment } from "./timelineaxis.js";
import { age, clock, count, event as wordsOf, plural, rate, state } from "./words.js";

const CURVE = 46;
const CURVE_MARKS = 20;
const LABEL = 16;
/* A lane from top to bottom; where there are many servers it is lower. */
const LANE = { space: 5, bar: 16, marks: 13 };
const LOW_LANE = { space: 3, bar: 12, marks: 9 };
const MANY = 24;
const MARK_WIDTH = 11;
const CURVE_WIDTH = 2;

/* Marks below a bar.  Two kinds of the same moment stand beside each other. */
const KINDS = {
	cut: { glyph: "\u2716", shift: 5, say: (n) => `${plural(n, "session")} cut` },
	turned: { glyph: "\u25bc", shift: 5, say: (n) => `${plural(n, "client")} turned away` },
	passed: { glyph: "\u2713", shift: 0 },
	failed: { glyph: "!", shift: 0 },
	fault: { glyph: "\u25be", shift: -5 },
	service_down: { glyph: "\u2716", shift: 0 },
	service_up: { glyph: "\u25cf", shift: 0 },
	panic: { glyph: "\u203c", shift: -5 },
};

function kindOf(e) {
	if (e.kind === "check")
		return e.check?.passed ? "passed" : "failed";
	return e.kind;
}

/* --- marks -------------------------------------------------------------------------------- */

/* [{ id, kind, t, list }]: what is near each other and of the same kind is one. */
function marksOf(data, scale) {
	const kinds = new Map();
	const marks = [];

	for (const e of data.events) {
		const kind = kindOf(e);

		if (KINDS[kind])
			kinds.set(kind, [...(kinds.get(kind) ?? []), { t: e.wall, e }]);
	}
	for (const c of data.counts)
		kinds.set(c.kind, [...(kinds.get(c.kind) ?? []), { t: (c.t + c.to) / 2, n: c.n }]);
	for (const [kind, list] of kinds)
		for (const near of gather(list, scale, MARK_WIDTH, (each) => each.t))
			marks.push({ id: `${kind} ${Math.round(near[0].t)}`, kind, t: near[0].t, list: near });
	return marks.sort((a, b) => a.t - b.t);
}

function linesOf({ kind, list }) {
	if (KINDS[kind].say)
		return [KINDS[kind].say(list.reduce((n, each) => n + each.n, 0))];
	const lines = list.slice(-6).map(({ e }) => {
		const words = wordsOf(e);

		return { key: words.key, text: `${words.what} ${words.why}` };
	});

	if (list.length > lines.length)
		lines.unshift(`${count(list.length)} events, the last of them:`);
	return lines;
}

function updateMark(node, m, y, scale, frame, place) {
	const tip = () => ({ head: `${place}, ${moment(m.t, frame.now)}`, lines: linesOf(m) });
	const x = scale.x(m.t) + KINDS[m.kind].shift * scale.unit;

	mark(node, "x", x.toFixed(1));
	mark(node, "y", y);
	mark(node, "aria-label", `${place}, ${clock(m.t)}: ` +
		linesOf(m).map((line) => line.text ?? line).join("; "));
	node.item = { t: m.t, tip };
}

function updateMarks(group, data, y, scale, frame, place) {
	keyed(group, marksOf(data, scale), (m) => m.id,
		(m) => item("text", { class: `mark ${m.kind}` }, KINDS[m.kind].glyph),
		(node, m) => updateMark(node, m, y, scale, frame, place));
}

/* --- curve -------------------------------------------------------------------------------- */

/* Columns of equal width at fixed times, which are those of bins: [{ t, to, rate }] */
function columnsOf(bins, scale) {
	const widest = bins.reduce((most, b) => Math.max(most, b.to - b.from), 1000);
	const wide = widest * Math.ceil(scale.ms(CURVE_WIDTH * scale.unit) / widest);
	const begin = bins.length ? bins[0].from % widest : 0;
	const columns = new Map();

	for (const bin of bins) {
		const at = Math.floor(((bin.from + bin.to) / 2 - begin) / wide);
		const column = columns.get(at) ??
			{ t: begin + at * wide, to: begin + (at + 1) * wide, n: 0, ms: 0 };

		if (!scale.inside(bin.from, bin.to))
			continue;
		column.n += bin.n;
		column.ms += bin.to - bin.from;
		columns.set(at, column);
	}
	return [...columns.values()].map((c) => ({ ...c, rate: c.n * 1000 / Math.max(1, c.ms) }));
}

/* The next round number: the scale stays the same while rates vary a little. */
function roundUp(n) {
	const power = 10 ** Math.floor(Math.log10(Math.max(1, n)));

	return power * [1, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= n);
}

function pathOf(columns, most, scale, top, height) {
	let d = "";
	let end = null;

	for (const c of columns) {
		const y = (top + height - height * c.rate / most).toFixed(1);
		const x = scale.x(c.t).toFixed(1);

		d += end === c.t ? `V${y}` : `${end === null ? "" : `V${top + height}`}M${x} ${top + height}V${y}`;
		d += `H${scale.x(c.to).toFixed(1)}`;
		end = c.to;
	}
	return d && `${d}V${top + height}Z`;
}

/* --- lanes -------------------------------------------------------------------------------- */

function shorten(name, most) {
	if (name.length <= most)
		return name;
	const half = Math.max(1, Math.floor((most - 1) / 2));

	return `${name.slice(0, Math.max(1, most - 1 - half))}\u2026${name.slice(-half)}`;
}

function updateBand(node, b, y, scale, frame, place) {
	const x = scale.x(b.from);
	const width = Math.max(2 * scale.unit, scale.x(b.to) - x);
	const lasted = b.to >= frame.now ? `for ${age(b.to - b.from)}, until now`
		: `for ${age(b.to - b.from)}, until ${clock(b.to)}`;
	const since = b.id === "first" ? "since the beginning" : moment(b.from, frame.now);

	bandAt(node, x, y, width, frame.lane.bar * scale.unit);
	mark(node, "aria-label", `${place} ${b.key} since ${clock(b.from)}, ${lasted}. ${b.why ?? ""}`);
	node.item = {
		t: Math.max(b.from, scale.from),
		tip: () => ({
			head: `${place}, ${since}`,
			lines: [{ key: b.key, text: `${b.key.toUpperCase()} ${lasted}` },
				...(b.why ? [b.why] : [])],
		}),
	};
}

function makeLane(service, name, hooks) {
	const why = (event) => {
		event.stopPropagation();
		hooks.onWhy(name);
	};
	const node = svg("g", { class: "lane", "data-row": "", "data-service": service,
		"data-server": name },
		svg("text", { class: "label", onclick: why }, svg("title"), svg("tspan", { class: "look" }),
			svg("tspan", { class: "name", dx: "0.35em" }),
			svg("tspan", { class: "soft", dx: "0.6em" })),
		svg("g"), svg("g"), svg("g"));

	node.onWhy = () => hooks.onWhy(name);
	return node;
}

function updateLabel(text, server, y, scale, frame) {
	const now = frame.status?.servers.find((s) => s.name === server.name);
	const look = now ? state(now) : null;
	const [title, glyph, name, soft] = text.children;
	const room = frame.narrow ? 40 : Math.floor((scale.left / scale.unit - 34) / 7);

	mark(text, "y", y);
	say(title, `${server.name}: why is it ${look?.word ?? "so"}?`);
	mark(glyph, "class", `look ${look?.key ?? ""}`);
	say(glyph, look?.glyph ?? "");
	say(name, shorten(server.name, room));
	say(soft, frame.narrow && look ? look.word : "");
}

function updateFaults(group, server, y, scale) {
	keyed(group, server.faults.filter((f) => scale.inside(f.from, f.to)), (f) => f.from,
		() => svg("rect", { class: "fault", fill: "url(#over-fault)" }), (node, f) => {
			mark(node, "x", scale.x(f.from).toFixed(1));
			mark(node, "width", Math.max(2, scale.x(f.to) - scale.x(f.from)).toFixed(1));
			mark(node, "y", y);
			mark(node, "height", 3 * scale.unit);
		});
}

function updateLane(node, server, y, scale, frame, service) {
	const [label, bands, faults, marks] = node.children;
	const u = scale.unit;
	const { lane } = frame;
	const bar = y + (frame.narrow ? LABEL + lane.space : lane.space) * u;
	const place = `${service}/${server.name}`;
	const seen = server.bands.filter((b) => scale.inside(b.from, b.to));

	updateLabel(label, server, frame.narrow ? bar - 6 * u : bar + (lane.bar / 2 + 4.5) * u, scale, frame);
	keyed(bands, seen, (b) => b.id, (b) => {
		const made = band(b.key, { tabindex: -1, role: "img" });

		made.classList.add("item");
		return made;
	}, (each, b) => updateBand(each, b, bar, scale, frame, place));
	updateFaults(faults, server, bar - lane.space * u, scale);
	updateMarks(marks, server, bar + (lane.bar + lane.marks - (lane === LANE ? 3 : 1)) * u, scale, frame, place);
}

/* --- the figure --------------------------------------------------------------------------- */

function captionOf(status, drawn, most) {
	const usable = status
		? `${count(status.usable)} of ${plural(status.servers.length, "server")} usable, ` : "";

	const some = status && drawn < status.servers.length ? `${count(drawn)} of them shown, ` : "";

	return most ? `${usable}${some}new sessions/s, at most ${rate(Math.round(most * 10) / 10)}` : `${usable}${some}no new session`;
}

function updateLines(group, data, scale, height, lines) {
	keyed(group, scale.ticks.map((t) => ({ id: t, t, kind: "tick" }))
		.concat(lines.filter((l) => l.t >= scale.from && l.t <= scale.to)
			.map((l) => ({ id: `${l.t} ${l.text}`, t: l.t, kind: "line" }))),
	(l) => l.id, (l) => svg("line", { class: l.kind, y1: 0 }), (node, l) => {
		mark(node, "x1", scale.x(l.t).toFixed(1));
		mark(node, "x2", scale.x(l.t).toFixed(1));
		mark(node, "y2", height);
	});
}

function updateDrills(group, drills, scale, height, now) {
	keyed(group, drills.filter((d) => scale.inside(d.from, d.to ?? now)), (d) => d.name,
		() => svg("rect", { class: "span", y: 0 }), (node, d) => {
			const x = scale.x(d.from);

			mark(node, "x", x.toFixed(1));
			mark(node, "width", Math.max(2, scale.x(d.to ?? now) - x).toFixed(1));
			mark(node, "height", height);
		});
}

class Chart {
	constructor(name, hooks) {
		this.name = name;
		this.hooks = hooks;
		this.columns = [];
		this.caption = h("small");
		this.most = svg("text", { class: "most", "aria-hidden": "true" });
		this.spans = svg("g");
		this.grid = svg("g");
		this.path = svg("path", { class: "curve" });
		this.base = svg("line", { class: "base-line" });
		this.own = svg("g", { "data-row": "", "data-service": name });
		this.lanes = svg("g");
		this.svg = svg("svg", { class: "chart", role: "group", "aria-label": `servers of ${name}` },
			svg("g", { "aria-hidden": "true" }, this.spans, this.grid, this.path, this.base,
				this.most), this.own, this.lanes);
		this.el = h("figure", { "data-service": name },
			h("figcaption", {}, name, " ", this.caption), this.svg);
	}

	updateCurve(data, scale) {
		const u = scale.unit;
		const most = Math.max(...this.columns.map((c) => c.rate), 0);
		const full = roundUp(most);

		mark(this.path, "d", pathOf(this.columns, full, scale, 2, CURVE * u));
		for (const [name, value] of [["x1", scale.left], ["x2", scale.right],
			["y1", 2 + CURVE * u], ["y2", 2 + CURVE * u]])
			mark(this.base, name, value);
		mark(this.most, "x", scale.left ? scale.left - 8 * u : 2);
		mark(this.most, "y", 12 * u);
		mark(this.most, "text-anchor", scale.left ? "end" : "start");
		say(this.most, `${rate(full)}/s`);
		return most;
	}

	update(data, scale, about) {
		const frame = { ...about, lane: data.servers.length > MANY ? LOW_LANE : LANE };
		const { space, bar, marks } = frame.lane;
		const u = scale.unit;
		const lane = ((frame.narrow ? LABEL : 0) + space + bar + marks) * u;
		const first = 2 + (CURVE + CURVE_MARKS) * u;
		const height = first + data.servers.length * lane;
		const place = this.svg.getBoundingClientRect().top;
		const seen = data.servers.map((server, i) => ({ server, y: first + i * lane }))
			.filter(({ y }) => place + y + lane > frame.top && place + y < frame.bottom);

		this.columns = columnsOf(data.bins, scale);
		mark(this.svg, "width", scale.right);
		mark(this.svg, "height", Math.ceil(height));
		updateDrills(this.spans, frame.drills, scale, height, frame.now);
		updateLines(this.grid, data, scale, height, frame.lines);
		say(this.caption, captionOf(frame.status, data.servers.length, this.updateCurve(data, scale)));
		updateMarks(this.own, data, 2 + (CURVE + 11) * u, scale, frame, this.name);
		keyed(this.lanes, seen, ({ server }) => server.name,
			({ server }) => makeLane(this.name, server.name, this.hooks),
			(node, { server, y }) => updateLane(node, server, y, scale, frame, this.name));
	}

	/* What the curve shows at that time, or undefined. */
	rateAt(t) {
		return this.columns.find((c) => t >= c.t && t < c.to)?.rate;
	}
}

export function createChart(name, hooks) {
	return new Chart(name, hooks);
}

/* SPDX-License-Identifier: MIT */
/*
 * The view "Timeline": what happened to servers in the last half hour, and what it cost.
 *
 *   create(model) -> element
 *
 * It follows the present until somebody looks at the past: by dragging, by ctrl and the wheel, by
 * a span that is dragged on the time axis, or by keys (plot.addEventListener below).
 */
import { h, mark, painter, replace, say } from "./dom.js";
import { needPatterns, swatch } from "./patterns.js";
import { createAxis, scaleOf } from "./timelineaxis.js";
import { createChart } from "./timelinechart.js";
import { createRecord } from "./timelinedata.js";
import { createDigest } from "./timelinetext.js";
import { createTip } from "./tip.js";
import { attachPointer } from "./timelinepointer.js";
import { age, clock, rate } from "./words.js";
import { openWhy } from "./why.js";

const LONGEST_MS = 30 * 60000;
const SHORTEST_MS = 10000;
const RANGES = [5, 15, 30];
const FRESH_MS = 15000;
const FRESH_MANY_MS = 60000;
const MANY = 50;
const NARROW = 700;
const MARGIN = 600;
const LABELS_MIN = 84;
const LABELS_MAX = 200;

const STATES = [
	["up", "takes sessions"],
	["nolb", "asked for no new sessions"],
	["drain", "drained by an operator"],
	["maint", "in maintenance"],
	["down", "checks fail"],
	["checking", "waits for its first check"],
];
const MARKS = [
	["failed", "!", "check failed"],
	["passed", "\u2713", "check passed"],
	["cut", "\u2716", "sessions cut"],
	["turned", "\u25bc", "clients turned away"],
	["fault", "\u25be", "fault on the way"],
	["line", "\u25be", "mark, reload or start (on the axis)"],
];

function legend() {
	return h("ul", { class: "legend" },
		STATES.map(([key, words]) => h("li", {}, swatch(key, 26, 14), ` ${key} `,
			h("small", { text: words }))),
		MARKS.map(([kind, glyph, words]) => h("li", {},
			h("span", { class: `mark ${kind}`, "aria-hidden": "true", text: glyph }), ` ${words}`)));
}

function isTroubled(server, view) {
	const seen = server.bands.filter((b) => b.to > view.from && b.from < view.to);

	return seen.some((b) => b.key !== "up" && b.key !== "checking") ||
		server.counts.some((c) => c.to > view.from && c.t < view.to) ||
		server.events.some((e) => e.wall > view.from && e.wall < view.to);
}

function button(action, words, hint, onclick) {
	return h("button", { type: "button", dataset: { action }, title: hint, onclick }, words);
}

class Timeline {
	constructor(model) {
		this.model = model;
		this.record = createRecord(model);
		this.charts = new Map();
		this.span = null; /* until it is known how much there is to see */
		this.to = null; /* the present */
		this.askedAt = -Infinity;
		needPatterns();
		this.make();
		this.ask = painter(this.el, () => this.draw());
		attachPointer(this);
		this.listen();
		this.ask();
	}

	make() {
		this.axis = createAxis();
		this.tip = createTip();
		this.digest = createDigest();
		this.figures = h("div", { class: "figures" });
		this.cursor = h("div", { class: "cursor", hidden: true }, h("span"));
		this.plot = h("div", { class: "plot", tabindex: 0, role: "application",
			"aria-roledescription": "timeline", "aria-describedby": "timeline-keys",
			"aria-label": "Timeline" },
		h("div", { class: "axis-row" }, this.axis.el), this.figures, this.cursor);
		this.ranges = RANGES.map((n) => button(`range-${n}`, `${n} min`, `The last ${n} minutes`,
			() => this.look(n * 60000, null)));
		this.live = button("live", "\u25cf Live", "Follow the present (0)",
			() => this.look(this.span, null));
		this.window = h("output", { class: "window" });
		this.trouble = h("input", { type: "checkbox", onchange: () => this.ask() });
		this.el = h("section", { class: "view timeline", "data-view": "timeline" }, this.toolbar(),
			this.plot, legend(), this.keys(), this.digest.el, this.tip.el);
	}

	toolbar() {
		return h("div", { class: "tools", role: "toolbar", "aria-label": "Timeline" },
			h("span", { class: "group" }, this.ranges),
			h("span", { class: "group" },
				button("zoom-out", "\u2212", "Zoom out (-)", () => this.zoom(2)),
				button("zoom-in", "+", "Zoom in (+)", () => this.zoom(0.5))),
			h("span", { class: "group" },
				button("earlier", "\u2190", "Earlier (Page Up)", () => this.pan(-0.5)),
				button("later", "\u2192", "Later (Page Down)", () => this.pan(0.5)), this.live),
			h("label", {}, this.trouble, " only servers with trouble"), this.window);
	}

	keys() {
		const key = (words) => h("kbd", { text: words });

		return h("p", { class: "keys", id: "timeline-keys" },
			key("\u2190"), " ", key("\u2192"), " next event, ", key("\u2191"), " ", key("\u2193"),
			" next server, ", key("Enter"), " why, ", key("+"), " ", key("\u2212"), " or ",
			key("Ctrl"), " and the wheel zoom, ", key("Page Up"), " ", key("Page Down"),
			" or dragging moves, ", key("0"), " live. Drag on the time axis to look at a span.");
	}

	listen() {
		const { model } = this;

		model.on("sample", () => {
			this.record.note();
			this.ask();
		});
		model.on("event", (e) => {
			/* Only the history knows when a drill began and what it is called. */
			if (e.kind === "mark")
				this.askedAt = -Infinity;
			this.ask();
		});
		model.on("status", () => {
			this.askedAt = -Infinity;
			this.ask();
		});
		new ResizeObserver(() => this.ask()).observe(this.el);
		document.addEventListener("scroll", () => this.ask(), { passive: true, capture: true });
	}

	/* --- what is looked at ---------------------------------------------------------------- */

	view() {
		const now = this.model.now();
		const to = this.to === null ? now : this.to;

		return { now, from: to - this.span, to };
	}

	/* A span that ends at `to`; null: at the present. */
	look(span, to) {
		const now = this.model.now();

		this.span = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, span));
		this.to = to === null || to >= now ? null : Math.max(to, now - LONGEST_MS + this.span);
		this.tip.hide();
		this.ask();
	}

	/* `at` stays where it is; without it the end, or what is in the middle. */
	zoom(factor, at) {
		const { from, to } = this.view();
		const fixed = at ?? (this.to === null ? to : (from + to) / 2);
		const span = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, this.span * factor));

		this.look(span, this.to === null && fixed >= to ? null
			: fixed + (to - fixed) * span / this.span);
	}

	/* By a share of what is seen. */
	pan(share) {
		this.look(this.span, this.view().to + share * this.span);
	}

	/* --- drawing -------------------------------------------------------------------------- */

	refresh() {
		const many = this.model.status.services.some((v) => v.servers.length > MANY);

		if (performance.now() - this.askedAt < (many ? FRESH_MANY_MS : FRESH_MS))
			return;
		this.askedAt = performance.now();
		this.record.fetch(LONGEST_MS / 1000).then(() => this.ask());
	}

	/* Room for the longest name. */
	labels() {
		const names = this.model.status.services.flatMap((v) => v.servers.map((s) => s.name.length));

		return Math.max(LABELS_MIN, Math.min(LABELS_MAX, 34 + 7.2 * Math.max(0, ...names)));
	}

	scale(view) {
		const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
		const width = this.figures.clientWidth;
		const narrow = width < NARROW * unit;

		this.narrow = narrow;
		return scaleOf({ from: view.from, to: view.to, left: narrow ? 0 : this.labels() * unit,
			right: Math.max(100, width), unit });
	}

	chart(name) {
		if (!this.charts.has(name))
			this.charts.set(name, createChart(name, {
				onWhy: (server) => openWhy(this.model, name, server),
			}));
		return this.charts.get(name);
	}

	drawCharts(data, view) {
		const services = data.services.map((v) => (this.trouble.checked
			? { ...v, servers: v.servers.filter((s) => isTroubled(s, view)) } : v));
		const shown = services.map((v) => this.chart(v.name).el);

		if (shown.length !== this.figures.children.length ||
			shown.some((el, i) => el !== this.figures.children[i]))
			replace(this.figures, shown);
		for (const v of services)
			this.chart(v.name).update(v, this.scaled, {
				now: view.now, narrow: this.narrow, status: this.model.service(v.name),
				drills: data.drills, lines: data.lines,
				top: -MARGIN, bottom: window.innerHeight + MARGIN,
			});
	}

	draw() {
		if (!this.model.status)
			return;
		if (this.model.link !== "lost")
			this.refresh();
		this.span ??= RANGES[this.model.status.uptime_s < RANGES[0] * 60 ? 0 : 1] * 60000;
		const view = this.view();
		const data = this.record.build(view.now);

		this.scaled = this.scale(view);
		this.axis.update(data, this.scaled, view.now);
		this.drawCharts(data, view);
		this.digest.update(data, view);
		this.tell(view);
	}

	tell(view) {
		const following = this.to === null;

		say(this.window, `${clock(view.from)} \u2013 ${clock(view.to)} (${age(this.span)})`);
		mark(this.live, "aria-pressed", String(following));
		RANGES.forEach((n, i) => mark(this.ranges[i], "aria-pressed",
			String(following && this.span === n * 60000)));
	}

	/* The vertical line below the pointer: the time there, and what the curve shows. */
	point(x, chart) {
		const t = this.scaled?.at(x);
		const seen = this.scaled && x >= this.scaled.left && x <= this.scaled.right;

		this.cursor.hidden = !seen;
		if (!seen)
			return;
		const found = chart?.rateAt(t);

		this.cursor.style.left = `${x + this.figures.offsetLeft}px`;
		mark(this.cursor, "class", x > this.scaled.right - 120 ? "cursor left" : "cursor");
		say(this.cursor.firstChild, found === undefined ? clock(t) : `${clock(t)}  ${rate(found)}/s`);
	}
}

export function create(model) {
	return new Timeline(model).el;
}

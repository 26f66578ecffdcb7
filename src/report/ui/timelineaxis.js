/* SPDX-License-Identifier: MIT */
/*
 * Time from left to right.
 *
 *   scaleOf({ from, to, left, right, unit }) -> scale: x(ms), at(x), inside(from, to), ticks
 *   createAxis() -> { el, update(data, scale) }: ticks, drills as bars, marks as pointers
 *
 * `unit` is what a pixel of the drawing is on this screen: it grows with the text.  A node that
 * can be pointed at has a member `item`: { t, tip() -> { head, lines } }.
 */
import { mark, say, svg } from "./dom.js";
import { keyed } from "./keyed.js";
import { age, clock } from "./words.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];
const TICK_WIDTH = 100;
const MARK_WIDTH = 12;
/* From top to bottom, the row of drills only where there are any. */
const TICKS = 15;
const DRILLS = { top: 20, height: 17 };
const MARKS = 17;

function ticksOf(from, to, most) {
	const span = (to - from) / 1000;
	const step = 1000 * (STEPS.find((s) => span / s <= most) ?? STEPS[STEPS.length - 1]);
	const zone = new Date(to).getTimezoneOffset() * 60000;
	const ticks = [];

	for (let t = Math.ceil((from - zone) / step) * step + zone; t <= to; t += step)
		ticks.push(t);
	return { ticks, step };
}

export function scaleOf({ from, to, left, right, unit }) {
	const perMs = (right - left) / (to - from);
	const { ticks, step } = ticksOf(from, to, Math.max(2, (right - left) / (TICK_WIDTH * unit)));

	return {
		from, to, left, right, unit, ticks, step,
		x: (t) => Math.max(left, Math.min(right, left + (t - from) * perMs)),
		at: (x) => from + (x - left) / perMs,
		inside: (a, b) => b > from && a < to,
		/* Milliseconds that lie below so many pixels. */
		ms: (pixels) => pixels / perMs,
	};
}

/* What happens at nearly the same time is one mark: buckets of fixed times, so that they do not
 * flicker while time goes on. */
export function gather(list, scale, pixels, timeOf) {
	const wide = scale.ms(pixels * scale.unit);
	const buckets = new Map();

	for (const each of list) {
		const t = timeOf(each);
		const bucket = Math.floor(t / wide);

		if (t < scale.from || t > scale.to)
			continue;
		if (!buckets.has(bucket))
			buckets.set(bucket, []);
		buckets.get(bucket).push(each);
	}
	return [...buckets.values()];
}

/* "14:02", or with seconds where ticks need them. */
function label(t, step) {
	return step % 60000 ? clock(t) : clock(t).slice(0, 5);
}

export function moment(t, now) {
	return `${clock(t)}, ${age(now - t)} ago`;
}

export function item(tag, attrs, ...children) {
	return svg(tag, { tabindex: -1, role: "img", ...attrs,
		class: `item ${attrs.class ?? ""}` }, ...children);
}

function updateTick(node, t, scale) {
	mark(node, "x", scale.x(t).toFixed(1));
	mark(node, "y", TICKS * scale.unit);
	mark(node, "text-anchor", t - scale.from < scale.ms(20 * scale.unit) ? "start"
		: scale.to - t < scale.ms(24 * scale.unit) ? "end" : "middle");
	say(node, label(t, scale.step));
}

function tellDrill(node, drill, now) {
	const to = drill.to ?? now;

	node.item = {
		t: drill.from,
		tip: () => ({
			head: `drill ${drill.name}`,
			lines: [`${clock(drill.from)} to ${drill.to ? clock(to) : "now: it runs"}`,
				age(to - drill.from)],
		}),
	};
	mark(node, "aria-label", `drill ${drill.name}, from ${clock(drill.from)}, ` +
		(drill.to ? `for ${age(to - drill.from)}` : "running"));
}

function updateDrill(node, drill, scale, now) {
	const x = scale.x(drill.from);
	const width = Math.max(3, scale.x(drill.to ?? now) - x);
	const [rect, words] = node.children;
	const name = drill.to ? drill.name : `${drill.name}, running`;
	const char = 6.8 * scale.unit;
	const room = Math.floor((width - 8 * scale.unit) / char);
	/* The one that runs has just begun: its name is beside it, then. */
	const beside = !drill.to && room < name.length && x - scale.left > (name.length + 2) * char;

	mark(node, "class", drill.to ? "item drill" : "item drill running");
	mark(rect, "x", x.toFixed(1));
	mark(rect, "width", width.toFixed(1));
	mark(rect, "y", DRILLS.top * scale.unit);
	mark(rect, "height", DRILLS.height * scale.unit);
	mark(words, "x", (beside ? x - 5 * scale.unit : x + 5 * scale.unit).toFixed(1));
	mark(words, "text-anchor", beside ? "end" : null);
	mark(words, "y", (DRILLS.top + 12.5) * scale.unit);
	say(words, beside || room >= name.length ? name : room > 3 ? `${name.slice(0, room - 1)}\u2026` : "");
	tellDrill(node, drill, now);
}

function updateLine(node, lines, y, scale, now) {
	mark(node, "x", scale.x(lines[0].t).toFixed(1));
	mark(node, "y", y);
	mark(node, "aria-label", `${clock(lines[0].t)} ${lines.map((l) => l.text).join("; ")}`);
	node.item = {
		t: lines[0].t,
		tip: () => ({ head: moment(lines[0].t, now), lines: lines.map((l) => l.text) }),
	};
}

export function createAxis() {
	const ticks = svg("g", { class: "ticks", "aria-hidden": "true" });
	const drills = svg("g");
	const lines = svg("g");
	const row = svg("g", { "data-row": "" }, drills, lines);
	const el = svg("svg", { class: "axis", role: "group", "aria-label": "time, drills and marks" },
		ticks, row);

	return {
		el,
		update(data, scale, now) {
			const near = gather(data.lines, scale, MARK_WIDTH, (l) => l.t);
			const seen = data.drills.filter((d) => scale.inside(d.from, d.to ?? now));
			const bottom = seen.length ? DRILLS.top + DRILLS.height : TICKS + 2;
			const y = (bottom + MARKS - 6) * scale.unit;

			mark(el, "width", scale.right);
			mark(el, "height", (bottom + MARKS) * scale.unit);
			keyed(ticks, scale.ticks, (t) => t, () => svg("text"),
				(node, t) => updateTick(node, t, scale));
			keyed(drills, seen, (d) => d.name,
				() => item("g", {}, svg("rect", { rx: 3 }), svg("text")),
				(node, d) => updateDrill(node, d, scale, now));
			keyed(lines, near, (list) => `${list[0].t} ${list[0].text}`,
				() => item("text", { class: "line" }, "\u25be"),
				(node, list) => updateLine(node, list, y, scale, now));
		},
	};
}

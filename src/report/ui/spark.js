/* SPDX-License-Identifier: MIT */
/*
 * The last 15 minutes in a small picture: an area for sessions, bars for new sessions per second.
 * Each has a scale of its own; the title tells both.
 *
 *   const spark = createSpark(); spark.el; spark.draw(points, now)
 *   points: [{ t, sessions, rate }], oldest first, as model.spark() gives them
 */
import { mark, say, svg } from "./dom.js";
import { count, rate } from "./words.js";

const SPAN_MS = 900000;
const WIDTH = 180;
const HEIGHT = 28;
const BARS = 11;
const GAP_MS = 20000;
const BAR_MS = 15000;

/* Whole numbers of tenths: shorter, and no finer than a pixel. */
function at(n) {
	return Math.round(n * 10) / 10;
}

function xOf(t, now) {
	return WIDTH - (now - t) * WIDTH / SPAN_MS;
}

/* Stretches without a gap, so that what was not recorded is not drawn. */
function stretches(points) {
	const all = [];

	for (const p of points) {
		const last = all[all.length - 1];

		if (last && p.t - last[last.length - 1].t <= GAP_MS)
			last.push(p);
		else
			all.push([p]);
	}
	return all;
}

function areaPath(list, now, top) {
	const y = (p) => at(HEIGHT - 1 - p.sessions * (HEIGHT - 3) / top);
	const steps = list.map((p) => `L${at(xOf(p.t, now))} ${y(p)}`).join("");
	const first = at(xOf(list[0].t, now));
	const last = at(xOf(list[list.length - 1].t + 5000, now));

	return {
		line: `M${steps.slice(1)}H${last}`,
		area: `M${first} ${HEIGHT}${steps}H${last}V${HEIGHT}Z`,
	};
}

/* Three points make a bar: one for each pixel is more than can be seen. */
function barPath(points, now, top) {
	const bars = new Map();

	for (const p of points) {
		const slot = Math.floor(p.t / BAR_MS);

		bars.set(slot, Math.max(bars.get(slot) ?? 0, p.rate));
	}
	let path = "";

	for (const [slot, value] of bars)
		if (value > 0)
			path += `M${at(xOf(slot * BAR_MS + BAR_MS / 2, now))} ${HEIGHT}v${-at(Math.max(1, value * BARS / top))}`;
	return path;
}

export function createSpark() {
	const area = svg("path", { class: "area" });
	const bars = svg("path", { class: "bars" });
	const line = svg("path", { class: "line" });
	const title = svg("title");
	const el = svg("svg", {
		class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true",
	}, title, area, bars, line);
	let drawn = "";

	return {
		el,
		draw(all, now) {
			const points = all.filter((p) => p.t > now - SPAN_MS);
			const last = points[points.length - 1];
			const key = last ? `${last.t} ${last.sessions} ${points.length}` : "";

			if (key === drawn)
				return;
			drawn = key;
			const sessions = Math.max(0, ...points.map((p) => p.sessions));
			const rates = Math.max(0, ...points.map((p) => p.rate));
			const end = last ? last.t + 5000 : now;
			const paths = stretches(points).map((list) => areaPath(list, end, sessions || 1));

			mark(area, "d", paths.map((p) => p.area).join(""));
			mark(line, "d", paths.map((p) => p.line).join(""));
			mark(bars, "d", barPath(points, end, rates || 1));
			say(title, `The last 15 minutes: up to ${count(sessions)} sessions (area), ` +
				`up to ${rate(rates)} new per second (bars)`);
		},
	};
}

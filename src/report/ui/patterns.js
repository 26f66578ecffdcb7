/* SPDX-License-Identifier: MIT */
/*
 * Each state has a pattern and a glyph besides its colour, the same as in a drill's report.
 *
 *   needPatterns()         before any of these is shown: the definitions, once in a page
 *   swatch(key, w, h)      a picture of a state, for a legend
 *   band(key), bandAt(...) a bar of a state: a <g>, and where it is from now on
 */
import { mark, svg } from "./dom.js";
import { GLYPHS } from "./words.js";

const PLAIN = new Set(["up"]);

function pattern(key, width, height, shape, turned) {
	return svg("pattern", {
		id: `over-${key}`,
		width,
		height,
		patternUnits: "userSpaceOnUse",
		patternTransform: turned ? "rotate(45)" : null,
	}, shape);
}

function definitions() {
	return svg("svg", { class: "defs", width: 0, height: 0, "aria-hidden": "true" },
		svg("defs", {},
			pattern("down", 7, 7, svg("rect", { width: 3, height: 7 }), true),
			pattern("nolb", 6, 6, svg("circle", { cx: 3, cy: 3, r: 1.4 })),
			pattern("drain", 6, 5, svg("rect", { width: 6, height: 2 })),
			pattern("maint", 8, 8, svg("path", { d: "M0 0H8V2H2V8H0Z" })),
			pattern("checking", 6, 6, svg("rect", { width: 2, height: 6 })),
			pattern("fault", 6, 6, svg("rect", { width: 3, height: 6 }))));
}

let there = false;

export function needPatterns() {
	if (!there)
		document.body.append(definitions());
	there = true;
}

export function band(key, attrs) {
	return svg("g", { class: `band ${key}`, "data-state": key, ...attrs },
		svg("rect", { class: "base" }),
		svg("rect", { class: "over", fill: PLAIN.has(key) ? "none" : `url(#over-${key})` }),
		svg("text", { class: "glyph", "aria-hidden": "true" }, GLYPHS[key]));
}

/* The glyph is only there if it has room. */
export function bandAt(node, x, y, width, height) {
	const [base, over, glyph] = node.children;
	const room = width >= height;

	for (const rect of [base, over]) {
		mark(rect, "x", x.toFixed(1));
		mark(rect, "y", y);
		mark(rect, "width", width.toFixed(1));
		mark(rect, "height", height);
	}
	mark(glyph, "visibility", room ? null : "hidden");
	mark(glyph, "x", (x + height * 0.25).toFixed(1));
	mark(glyph, "y", (y + height * 0.74).toFixed(1));
}

export function swatch(key, width, height) {
	const g = band(key);

	bandAt(g, 0, 0, width, height);
	return svg("svg", { class: "swatch", width, height, "aria-hidden": "true" }, g);
}

/* SPDX-License-Identifier: MIT */
/*
 * All servers of a large service at a glance: a small square each, in the colour of its state,
 * with a shape of its own where that is not "up".
 *
 *   const strip = createStrip(onPick(name)); strip.el; strip.draw(rows)
 */
import { h, mark, svg } from "./dom.js";
import { plural } from "./words.js";

const CELL = 12;
const SMALL = 9;
const SMALL_FROM = 100;
const SHAPES = {
	up: "M1 1h9v9h-9z",
	down: "M1 1l4.5 3 4.5-3-3 4.5 3 4.5-4.5-3-4.5 3 3-4.5z",
	maint: "M1 4h9v4h-9z",
	drain: "M1 10l4.5-9 4.5 9z",
	nolb: "M1 1l4.5 9 4.5-9z",
	warming: "M5.5 1l4.5 4.5-4.5 4.5-4.5-4.5z",
	checking: "M4 4h3v3h-3z",
};

function cellOf(name, size, onPick) {
	const path = svg("path");

	return { path, el: svg("svg", { width: size, height: size, viewBox: "0 0 11 11", onclick: () => onPick(name) },
		svg("title", {}, name), path) };
}

export function createStrip(onPick) {
	const el = h("div", { class: "strip", role: "img" });
	const cells = new Map();

	return {
		el,
		draw(rows) {
			const size = rows.length < SMALL_FROM ? CELL : SMALL;
			let usable = 0;

			for (const { server, look } of rows) {
				let cell = cells.get(server.name);

				if (!cell) {
					cells.set(server.name, cell = cellOf(server.name, size, onPick));
					el.append(cell.el);
				}
				if (cell.key !== look.key) {
					cell.key = look.key;
					mark(cell.el, "class", look.key);
					mark(cell.path, "d", SHAPES[look.key]);
					cell.el.firstChild.textContent = `${server.name}: ${look.word}`;
				}
				usable += server.usable ? 1 : 0;
			}
			mark(el, "aria-label", `${usable} of ${plural(rows.length, "server")} usable`);
		},
	};
}

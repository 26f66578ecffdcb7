/* SPDX-License-Identifier: MIT */
/*
 * Pointer and keys on the timeline.
 *
 *   attachPointer(timeline)
 *
 * A drag moves time; one on the axis chooses a span.  Arrow keys walk over what can be pointed at
 * (`item`, see timelineaxis.js) from row to row; the focus shows what the pointer would.
 */
import { h } from "./dom.js";

const DRAG_PX = 4;
const LEAST_SPAN_PX = 6;

function itemOf(target) {
	return target.closest?.(".item") ?? null;
}

function show(timeline, node) {
	if (node?.item)
		timeline.tip.show(node.getBoundingClientRect(), node.item.tip());
	else
		timeline.tip.hide();
}

/* A band that is as wide as the window is told about where the pointer is. */
function showAt(timeline, node, event) {
	const box = node.getBoundingClientRect();

	timeline.tip.show({ left: event.clientX, right: event.clientX, top: box.top,
		bottom: box.bottom }, node.item.tip());
}

/* --- dragging ----------------------------------------------------------------------------- */

class Drag {
	constructor(timeline) {
		this.timeline = timeline;
		this.chosen = h("div", { class: "chosen", hidden: true });
		timeline.plot.append(this.chosen);
		this.begin = null;
	}

	x(event) {
		return event.clientX - this.timeline.figures.getBoundingClientRect().left;
	}

	down(event) {
		if (event.button !== 0 || !this.timeline.scaled)
			return;
		this.begin = { x: this.x(event), to: this.timeline.view().to, id: event.pointerId,
			axis: event.target.closest(".axis-row") !== null, moved: false };
	}

	move(event) {
		const { begin, timeline } = this;

		if (!begin || event.pointerId !== begin.id)
			return;
		const x = this.x(event);

		if (!begin.moved && Math.abs(x - begin.x) < DRAG_PX)
			return;
		if (!begin.moved) {
			begin.moved = true;
			timeline.plot.setPointerCapture(begin.id);
			timeline.tip.hide();
		}
		if (begin.axis) {
			this.choose(x);
			return;
		}
		timeline.look(timeline.span, begin.to - timeline.scaled.ms(x - begin.x));
	}

	choose(x) {
		const left = Math.min(x, this.begin.x) + this.timeline.figures.offsetLeft;

		this.chosen.hidden = false;
		this.chosen.style.left = `${left}px`;
		this.chosen.style.width = `${Math.abs(x - this.begin.x)}px`;
	}

	up(event) {
		const { begin, timeline } = this;

		this.begin = null;
		this.chosen.hidden = true;
		if (!begin?.axis || !begin.moved || event.type === "pointercancel")
			return;
		const x = this.x(event);
		const from = timeline.scaled.at(Math.min(x, begin.x));
		const to = timeline.scaled.at(Math.max(x, begin.x));

		if (Math.abs(x - begin.x) >= LEAST_SPAN_PX)
			timeline.look(to - from, to);
	}
}

/* --- keys --------------------------------------------------------------------------------- */

function itemsOf(row) {
	return [...row.querySelectorAll(".item")].filter((node) => node.item)
		.sort((a, b) => a.item.t - b.item.t);
}

function focus(timeline, node) {
	if (!node)
		return;
	node.focus();
	node.scrollIntoView({ block: "nearest" });
}

/* Of the next row that has any, the one that is nearest in time. */
function toRow(timeline, row, step, t) {
	const rows = [...timeline.plot.querySelectorAll("[data-row]")];

	for (let i = rows.indexOf(row) + step; i >= 0 && i < rows.length; i += step) {
		const items = itemsOf(rows[i]);

		if (items.length) {
			focus(timeline, items.reduce((best, node) =>
				(Math.abs(node.item.t - t) < Math.abs(best.item.t - t) ? node : best)));
			return;
		}
	}
}

function walk(timeline, key) {
	const here = itemOf(document.activeElement);
	const row = here?.closest("[data-row]");

	if (!here || !timeline.plot.contains(here)) {
		const rows = [...timeline.plot.querySelectorAll("[data-row]")].map(itemsOf);
		const first = rows.find((items) => items.length);

		focus(timeline, key === "ArrowLeft" ? first?.[first.length - 1] : first?.[0]);
		return;
	}
	const items = itemsOf(row);
	const i = items.indexOf(here);

	if (key === "ArrowLeft")
		focus(timeline, items[i - 1]);
	else if (key === "ArrowRight")
		focus(timeline, items[i + 1]);
	else if (key === "Home" || key === "End")
		focus(timeline, items[key === "Home" ? 0 : items.length - 1]);
	else
		toRow(timeline, row, key === "ArrowUp" ? -1 : 1, here.item.t);
}

function press(timeline, event) {
	const at = itemOf(document.activeElement)?.item?.t;

	switch (event.key) {
	case "ArrowLeft":
	case "ArrowRight":
		if (event.shiftKey)
			timeline.pan(event.key === "ArrowLeft" ? -0.2 : 0.2);
		else
			walk(timeline, event.key);
		return true;
	case "ArrowUp":
	case "ArrowDown":
	case "Home":
	case "End":
		walk(timeline, event.key);
		return true;
	case "PageUp":
	case "PageDown":
		timeline.pan(event.key === "PageUp" ? -0.5 : 0.5);
		return true;
	case "+":
	case "=":
		timeline.zoom(0.5, at);
		return true;
	case "-":
		timeline.zoom(2, at);
		return true;
	case "0":
		timeline.look(timeline.span, null);
		return true;
	case "Enter":
		document.activeElement.closest("[data-row]")?.onWhy?.();
		return true;
	case "Escape":
		timeline.tip.hide();
		return true;
	default:
		return false;
	}
}

/* --- all of it ---------------------------------------------------------------------------- */

function follow(timeline, drag, event) {
	const node = itemOf(event.target);
	const figure = event.target.closest?.("figure");
	const chart = figure ? timeline.charts.get(figure.dataset.service) : undefined;

	timeline.point(drag.x(event), node ? undefined : chart);
	if (drag.begin?.moved)
		return;
	if (node?.item)
		showAt(timeline, node, event);
	else
		timeline.tip.hide();
}

export function attachPointer(timeline) {
	const { plot } = timeline;
	const drag = new Drag(timeline);

	plot.addEventListener("pointerdown", (event) => drag.down(event));
	plot.addEventListener("pointermove", (event) => {
		drag.move(event);
		follow(timeline, drag, event);
	});
	plot.addEventListener("pointerup", (event) => drag.up(event));
	plot.addEventListener("pointercancel", (event) => drag.up(event));
	plot.addEventListener("pointerleave", () => {
		timeline.cursor.hidden = true;
		timeline.tip.hide();
	});
	plot.addEventListener("focusin", (event) => show(timeline, itemOf(event.target)));
	plot.addEventListener("focusout", () => timeline.tip.hide());
	plot.addEventListener("wheel", (event) => {
		if (!event.ctrlKey || !timeline.scaled)
			return;
		event.preventDefault();
		timeline.zoom(event.deltaY > 0 ? 1.25 : 0.8, timeline.scaled.at(drag.x(event)));
	}, { passive: false });
	plot.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.metaKey || event.altKey || !press(timeline, event))
			return;
		event.preventDefault();
		event.stopPropagation();
	});
}

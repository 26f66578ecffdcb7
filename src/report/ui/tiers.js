/* SPDX-License-Identifier: MIT */
/*
 * The tiers of a service, the nearest first: which part of the new sessions each takes at present.
 * Where there is one tier nothing is shown.
 *
 *   createTiers(service) -> { el, draw() }
 *   createTierTag(service, server) -> { el, draw() }   of a server that is no backup
 */
import { h, mark, say } from "./dom.js";
import { count, plural } from "./words.js";

const PLACES_MAX = 3;

/* "region=eu,zone=a" -> ["region=eu", "zone=a"] */
function partsOf(server) {
	return server.locality ? server.locality.split(",") : [];
}

function valueOf(part) {
	return part.slice(part.indexOf("=") + 1);
}

/* What its servers have in common, "eu-west"; else where they are, "us-east + us-west"; else "". */
function placeOf(servers) {
	const all = servers.map(partsOf);
	const [first = []] = all;
	let same = 0;

	while (same < first.length && all.every((parts) => parts[same] === first[same]))
		same++;
	if (same)
		return first.slice(0, same).map(valueOf).join("/");
	const places = [...new Set(all.filter((parts) => parts.length).map(([part]) => valueOf(part)))];

	return places.length > PLACES_MAX ? `${places.slice(0, PLACES_MAX).join(" + ")} + \u2026` : places.join(" + ");
}

function createTier(service, number) {
	const share = h("b");
	const place = h("span", { class: "soft" });
	const el = h("span", { class: "tier", "data-tier": number }, `tier ${number} `, place, " ", share);

	return {
		el,
		draw() {
			const members = service.servers.filter((s) => !s.backup && s.tier === number);
			const percent = service.tier_percent[number] ?? 0;

			el.hidden = number >= service.tiers;
			say(place, placeOf(members));
			say(share, `${percent} %`);
			mark(el, "class", percent ? "tier" : "tier idle");
			mark(el, "title", `${plural(members.length, "server")}, ${members.filter((s) => s.usable).length} usable: ` +
				`${percent} % of new sessions`);
		},
	};
}

export function createTiers(service) {
	const tiers = [];
	const crossed = h("span", { class: "soft", title: "Sessions that further tiers than the nearest took, since the start" });
	const el = h("p", { class: "tiers", hidden: true }, crossed);

	return {
		el,
		draw() {
			const far = service.servers.reduce((sum, s) => sum + s.cross_tier_sessions, 0);

			el.hidden = service.tiers <= 1;
			while (tiers.length < service.tiers) {
				tiers.push(createTier(service, tiers.length));
				el.insertBefore(tiers.at(-1).el, crossed);
			}
			for (const tier of tiers)
				tier.draw();
			say(crossed, far ? `${count(far)} ${far === 1 ? "session" : "sessions"} crossed tiers` : "");
		},
	};
}

export function createTierTag(service, server) {
	const el = h("span", { class: "tag", "data-field": "tier", hidden: true });

	return {
		el,
		draw() {
			const percent = service.tier_percent[server.tier] ?? 0;

			el.hidden = service.tiers <= 1;
			say(el, `tier ${server.tier}`);
			mark(el, "title", percent ? `${percent} % of new sessions come to its tier`
				: "nearer servers are healthy: 0 % of new sessions come here");
		},
	};
}

/* SPDX-License-Identifier: MIT */
/*
 * Sessions and new connections of the last 15 minutes, in bins, for sparklines: filled from
 * /v1/history and continued from what the live connection says.
 *
 *   fill(history), add(status, nowMs), of(service, server) -> [{ t, sessions, rate }]
 */
const BIN_MS = 5000;
const POINTS = 180;

class Line {
	constructor() {
		this.points = [];
		this.bin = -1;
		this.sum = 0;
		this.n = 0;
	}

	put(t, sessions, rate) {
		const bin = Math.floor(t / BIN_MS);

		if (bin !== this.bin) {
			this.bin = bin;
			this.sum = this.n = 0;
			this.points.push({ t: bin * BIN_MS, sessions, rate });
			while (this.points.length > POINTS)
				this.points.shift();
		}
		this.sum += rate;
		this.n++;
		const last = this.points[this.points.length - 1];

		last.sessions = sessions;
		last.rate = this.sum / this.n;
	}

	/* What was seen here after the history ends stays. */
	fill(points) {
		const end = points.length ? points[points.length - 1].t : 0;

		this.points = points.concat(this.points.filter((p) => p.t > end)).slice(-POINTS);
	}
}

/* A null is not recorded yet. */
function pointsOf(series, from, every) {
	const points = [];

	for (let i = 0; i < (series.sessions?.length ?? 0); i++) {
		const connected = series.connected?.[i] ?? null;

		if (series.sessions[i] !== null || connected !== null)
			points.push({
				t: from + i * every,
				sessions: series.sessions[i] ?? 0,
				rate: (connected ?? 0) * 1000 / every,
			});
	}
	return points;
}

function sumOf(lists) {
	const at = new Map();

	for (const points of lists)
		for (const p of points) {
			const sum = at.get(p.t) ?? { t: p.t, sessions: 0, rate: 0 };

			sum.sessions += p.sessions;
			sum.rate += p.rate;
			at.set(p.t, sum);
		}
	return [...at.values()].sort((a, b) => a.t - b.t);
}

class Sparks {
	constructor() {
		this.lines = new Map();
	}

	line(service, server) {
		const key = `${service ?? ""}/${server ?? ""}`;
		let line = this.lines.get(key);

		if (!line)
			this.lines.set(key, line = new Line());
		return line;
	}

	of(service, server) {
		return this.line(service, server).points;
	}

	add(status, now) {
		this.line().put(now, status.sessions, status.session_rate);
		for (const service of status.services) {
			this.line(service.name).put(now, service.sessions, service.rate);
			for (const s of service.servers)
				this.line(service.name, s.name).put(now, s.sessions, s.rate);
		}
	}

	fill(history) {
		const all = [];

		for (const [name, service] of Object.entries(history.services ?? {})) {
			const points = pointsOf(service, history.from, history.every_ms);

			all.push(points);
			this.line(name).fill(points);
			for (const [server, series] of Object.entries(service.servers ?? {}))
				this.line(name, server).fill(
					pointsOf(series, history.from, history.every_ms));
		}
		this.line().fill(sumOf(all));
	}
}

export function createSparks() {
	return new Sparks();
}

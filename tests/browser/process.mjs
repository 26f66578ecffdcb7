// SPDX-License-Identifier: MIT
// What the browser looks at: simulated nodes, a balancer in front of them, or the demo.  They are
// started on free loopback ports and ended by their process id; what waits has a deadline and waits
// for a condition.  SLUICE_BUILD names the build directory.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const TOP = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const BUILD = path.resolve(process.env.SLUICE_BUILD ?? path.join(TOP, "build/asan"));
export const LOOPBACK = "127.0.0.1";
export const PATIENCE_MS = 30000; // of a sanitized program on a busy machine

const SANITIZER = /(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|: runtime error: /;

export function program(name) {
  for (const at of [path.join(BUILD, name), path.join(BUILD, "tests", name)])
    if (existsSync(at))
      return at;
  throw new Error(`${name} is not in ${BUILD}`);
}

// The first true answer of condition().
export async function waitFor(condition, what, timeout = PATIENCE_MS) {
  const end = Date.now() + timeout;

  for (;;) {
    const answer = await condition();

    if (answer)
      return answer;
    assert.ok(Date.now() < end, `waited ${timeout} ms in vain for ${what}`);
    await pause(20);
  }
}

// --- ports --------------------------------------------------------------------------------------

// Where a browser opens nothing (https://fetch.spec.whatwg.org/#port-blocking).
const BLOCKED = [6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697];

function isFree(port) {
  return !BLOCKED.includes(port) && new Promise((resolve) => {
    const server = net.createServer();

    server.once("error", () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
}

const PORTS = { first: 5120, end: 8000 };
let nextPort = PORTS.first + Math.floor(Math.random() * 2000);

// The first of so many free ports in a row, below those that tests/integration gives away.
async function freePorts(count) {
  for (;;) {
    const first = nextPort + count < PORTS.end ? nextPort : PORTS.first;
    const ports = Array.from({ length: count }, (_, i) => first + i);

    nextPort = first + count;
    if ((await Promise.all(ports.map(isFree))).every(Boolean))
      return first;
  }
}

// --- processes ----------------------------------------------------------------------------------

const children = new Set();

// Whatever happens to a test, nothing of it stays.
process.on("exit", () => {
  for (const child of children)
    child.kill("SIGKILL");
});

class Child {
  constructor(name, args) {
    this.name = path.basename(name);
    this.log = "";
    this.ended = false;
    this.process = spawn(name, args.map(String), { stdio: ["pipe", "pipe", "pipe"] });
    this.process.stdin.on("error", () => {}); // it has ended, which its exit code tells
    children.add(this.process);
    this.process.stdout.on("data", (data) => this.hear(String(data)));
    this.process.stderr.on("data", (data) => (this.log += data));
    this.exit = new Promise((resolve) => {
      this.process.on("close", (code, signal) => {
        this.ended = true;
        children.delete(this.process);
        resolve(code ?? signal);
      });
    });
  }

  hear(text) {
    this.log += text;
  }

  // A signal, or null where it has been asked to end in another way.
  async end(signal = "SIGTERM") {
    const late = setTimeout(() => this.process.kill("SIGKILL"), PATIENCE_MS);

    if (signal && !this.ended)
      this.process.kill(signal);
    const code = await this.exit;
    clearTimeout(late);
    assert.doesNotMatch(this.log, SANITIZER, `${this.name} has a sanitizer report`);
    assert.equal(code, 0, `${this.name} ended with ${code}:\n${this.log}`);
  }
}

// A cluster of simulated CockroachDB nodes; include/sim/simnode.h has their commands.
class Simnodes extends Child {
  constructor(count, sql) {
    super(program("simnodes"), ["--nodes", count, "--host", LOOPBACK, "--events",
      "--sql-port-base", sql, "--http-port-base", sql + count]);
    this.rest = "";
    this.nodes = [];
    this.waiting = []; // of commands without an answer yet
    this.ready = new Promise((resolve) => (this.isReady = resolve));
  }

  hear(text) {
    const lines = (this.rest + text).split("\n");

    this.rest = lines.pop();
    for (const line of lines) {
      const [word, number, , sqlAt, , httpAt] = line.split(" ");

      if (word === "node")
        this.nodes.push({ name: `n${number}`, sql: sqlAt.split(":")[1],
          http: httpAt.split(":")[1] });
      else if (word === "ready")
        this.isReady();
      else
        this.waiting.shift()(line);
    }
  }

  // To a node by its number, or to "all"; what it answers.
  async command(who, words) {
    const answered = new Promise((resolve) => this.waiting.push(resolve));

    this.process.stdin.write(`${who} ${words}\n`);
    const answer = await answered;
    assert.match(answer, /^ok/, `simnodes: ${who} ${words}: ${answer}`);
    return answer;
  }

  async end() {
    this.process.stdin.end();
    await super.end(null);
  }
}

export async function startSimnodes(count) {
  const s = new Simnodes(count, await freePorts(2 * count));

  await Promise.race([s.ready, s.exit.then(() => assert.fail(`simnodes has ended:\n${s.log}`))]);
  return s;
}

// { status, text } of one request.
export function get(port, target, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: LOOPBACK, port, path: target, method, headers,
      agent: false, timeout: PATIENCE_MS }, (answer) => {
      let text = "";

      answer.setEncoding("utf8");
      answer.on("data", (data) => (text += data));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
      answer.on("error", reject);
    });

    request.on("error", reject);
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.end(body);
  });
}

async function isReady(port) {
  try {
    return (await get(port, "/readyz")).status === 200;
  } catch {
    return false;
  }
}

function confOf(options, ports, socket) {
  const { nodes, services = ["psql", "dbconsole"], inter = "100ms", admin = "", here, places, discover = "" } = options;
  const placeOf = (n, i) => places?.[i] ?? `region=test,zone=${"abc"[n.sql % 3]}`;
  const lines = nodes.map((n, i) => `{ name = "${n.name}"; host = "${LOOPBACK}"; sql_port = ${n.sql}; ` +
    `http_port = ${n.http}; locality = "${placeOf(n, i)}"; }`);

  return `${here ? `locality = "${here}";\n` : ""}cluster = {
  nodes = (\n    ${lines.join(",\n    ")}\n  );
  ${discover ? `discover = { from = "http://${LOOPBACK}:${nodes[0].http}"; ${discover} };` : ""}
  check = { type = "http"; port = "http"; path = "/health?ready=1"; inter = "${inter}";
            timeout = "5s"; rise = 2; fall = 3; };
};
services = (\n  ${services.map((name, i) => `{ name = "${name}"; ` +
    `bind = "${LOOPBACK}:${ports + 1 + i}"; port = "${name === "dbconsole" ? "http" : "sql"}"; ` +
    'balance = "leastconn"; }').join(",\n  ")}\n);
timeout = { connect = "2s"; client = "10m"; server = "10m"; };
admin = { bind = "${LOOPBACK}:${ports}"; socket = "${socket}"; ${admin} };
log = ( { target = "stderr"; format = "text"; level = "notice"; } );
`;
}

// `sluice run` in front of those nodes.  Options: nodes, services (names), inter, admin (further
// lines of that group), here (the proxy's locality), places (those of the nodes).
export class Sluice {
  static async start(options) {
    const s = new Sluice();
    const services = options.services ?? ["psql", "dbconsole"];

    s.port = await freePorts(1 + services.length);
    s.sqlPort = s.port + 1;
    s.url = `http://${LOOPBACK}:${s.port}`;
    s.directory = mkdtempSync(path.join(tmpdir(), "sluice-browser-"));
    s.socket = path.join(s.directory, "s");
    writeFileSync(path.join(s.directory, "conf"), confOf(options, s.port, s.socket));
    await s.run();
    return s;
  }

  async run() {
    this.child = new Child(program("sluice"), ["run", "-f", path.join(this.directory, "conf")]);
    await waitFor(async () => {
      assert.ok(!this.child.ended, `sluice has ended:\n${this.child.log}`);
      return isReady(this.port);
    }, "the balancer to be ready");
  }

  get pid() {
    return this.child.process.pid;
  }

  // A command of the runtime API; its answer.
  ctl(command) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.socket, () => socket.end(`${command}\n`));
      let text = "";

      socket.setEncoding("utf8");
      socket.on("data", (data) => (text += data));
      socket.on("end", () => resolve(text));
      socket.on("error", reject);
    });
  }

  async stop() {
    await this.child.end();
  }

  async end() {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }
}

// `sluice demo` with its commands on a pipe.
export class Demo extends Child {
  static async start() {
    const d = new Demo(program("sluice"), ["demo"]);
    const found = await waitFor(() => d.find(/dashboard +(http:\/\/127\.0\.0\.1:(\d+))\//),
      "the demo's address");

    [, d.url, d.port] = found;
    await waitFor(() => isReady(d.port), "the demo to be ready");
    return d;
  }

  find(pattern) {
    assert.ok(!this.ended, `the demo has ended:\n${this.log}`);
    return pattern.exec(this.log);
  }

  // Says it and waits until the node tells that it is done.
  async say(words, told) {
    const before = this.log.length;

    this.process.stdin.write(`${words}\n`);
    await waitFor(() => told.test(this.log.slice(before)), `the demo to say ${told}`);
  }

  async end() {
    this.process.stdin.write("quit\n");
    await super.end(null);
  }
}

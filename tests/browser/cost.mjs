// SPDX-License-Identifier: MIT
// What open pages cost the daemon: its processor time without a page and with five, 30 servers.
//
//   sh tests/browser/install.sh BUILD
//   SLUICE_BUILD=BUILD sh tests/browser/run.sh tests/browser/cost.mjs [SECONDS]
//
// Meant for a release build on a quiet machine; prints, and judges nothing.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { openBrowser, openLive } from "./page.mjs";
import { Sluice, startSimnodes } from "./process.mjs";

const TABS = 5;
const seconds = Number(process.argv[2] ?? 30);
const ticks = Number(execFileSync("getconf", ["CLK_TCK"]));

// Seconds of processor time that the process has had, and its memory in kB.
function usage(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  const [, rss] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));

  return { cpu: (Number(fields[11]) + Number(fields[12])) / ticks, rss: Number(rss) };
}

async function measure(pid) {
  const from = usage(pid);
  const begin = performance.now();

  await pause(1000 * seconds);
  const to = usage(pid);
  return { share: 100000 * (to.cpu - from.cpu) / (performance.now() - begin), rss: to.rss };
}

function show(what, { share, rss }) {
  console.log(`${what.padEnd(24)} ${share.toFixed(2).padStart(6)} % of one core, ${rss} kB`);
}

const nodes = await startSimnodes(15);
const sluice = await Sluice.start({ nodes: nodes.nodes, inter: "1s" });
const browser = await openBrowser();
const before = await measure(sluice.pid);

show("no page", before);
for (let i = 0; i < TABS; i++)
  await openLive(browser, sluice.url);
const after = await measure(sluice.pid);

show(`${TABS} pages`, after);
show("the pages alone", { share: after.share - before.share, rss: after.rss - before.rss });
await browser.close();
await sluice.end();
await nodes.end();

// SPDX-License-Identifier: MIT
// What a file of tests has for all of them: nodes, a balancer or a demo, a browser.

import { after, before } from "node:test";

import { openBrowser } from "./page.mjs";
import { Demo, Sluice, startSimnodes } from "./process.mjs";

export const OPS = { username: "ops", password: "pw" };
export const WRITABLE = 'writable = true; users = ( { name = "ops"; password = "pw"; } );';
export const AUTHORIZED = { Authorization: `Basic ${btoa("ops:pw")}` };

// In the reverse order of their beginning, each even if another one fails.
async function endAll(list) {
  const failed = [];

  for (const one of list.reverse())
    try {
      await one();
    } catch (error) {
      failed.push(error);
    }
  if (failed.length)
    throw failed[0];
}

function scene(begin, arrange) {
  const s = {};
  const ends = [];

  before(async () => {
    await begin(s, ends);
    s.browser = await openBrowser();
    ends.push(() => s.browser.close());
    await arrange?.(s, ends);
  });
  after(() => endAll(ends));
  return s;
}

// { nodes, sluice, browser }, there when tests run.  Options are those of Sluice.start(), and how
// many nodes.  arrange(s, ends) does what else is to be done before; what it adds to `ends` is
// called afterwards.
export function clusterScene({ count = 3, ...options } = {}, arrange = null) {
  return scene(async (s, ends) => {
    s.nodes = await startSimnodes(count);
    ends.push(() => s.nodes.end());
    s.sluice = await Sluice.start({ nodes: s.nodes.nodes, ...options });
    ends.push(() => s.sluice.end());
  }, arrange);
}

// { demo, browser }
export function demoScene(arrange = null) {
  return scene(async (s, ends) => {
    s.demo = await Demo.start();
    ends.push(() => s.demo.end());
  }, arrange);
}

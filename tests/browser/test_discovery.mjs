// SPDX-License-Identifier: MIT
// Nodes that the cluster tells: the first view names who told them, and why nobody does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openLive, shoot, showView } from "./page.mjs";
import { clusterScene } from "./scene.mjs";

const scene = clusterScene({ count: 3, discover: 'every = "1s"; cache = "";' });

test("the list of nodes has its source, and its failure is a trouble", async () => {
  const page = await openLive(scene.browser, scene.sluice.url);
  const trouble = page.locator(".trouble", { hasText: "NODES" });

  await showView(page, "overview");
  await page.locator(".calm", { hasText: /3 nodes told by http:/ }).waitFor();
  assert.equal(await trouble.count(), 0);
  for (const id of [1, 2, 3])
    await scene.nodes.command(id, "session secret");
  await trouble.filter({ hasText: "session" }).waitFor();
  assert.match(await trouble.innerText(), /cluster\.discover/);
  assert.equal(await page.locator(".calm:visible").count(), 0);
  await shoot(page, "discovery-denied");
  for (const id of [1, 2, 3])
    await scene.nodes.command(id, "reset");
  await trouble.waitFor({ state: "detached" });
  assertQuiet(page);
  await page.context().close();
});

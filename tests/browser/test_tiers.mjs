// SPDX-License-Identifier: MIT
// Near and far servers: the page tells which tier takes which part of the new sessions, and a far
// server that gets none does not look broken.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, audit, openLive, row, shoot, showView, THEMES } from "./page.mjs";
import { clusterScene } from "./scene.mjs";

const PLACES = ["region=eu-west,zone=a", "region=eu-west,zone=b", "region=us-east,zone=a",
  "region=us-west,zone=a"];
const near = clusterScene({ count: 4, here: "region=eu-west", places: PLACES });
const flat = clusterScene({ count: 2 });

function tiers(page) {
  return page.locator('.card[data-service="psql"] .tiers');
}

test("tiers have their servers and their shares, as they are now", async () => {
  const page = await openLive(near.browser, near.sluice.url);

  await showView(page, "services");
  await tiers(page).filter({ hasText: "tier 0 eu-west 100 %" }).waitFor();
  assert.match(await tiers(page).innerText(), /tier 1 us-east \+ us-west 0 %/);
  assert.match(await row(page, "psql", "n1").innerText(), /tier 0/);
  assert.match(await row(page, "psql", "n3").innerText(), /UP[^]*tier 1/);
  assert.match(await row(page, "psql", "n3").locator('[data-field="tier"]').getAttribute("title"),
    /nearer servers are healthy: 0 %/);
  await near.nodes.command(1, "kill");
  await tiers(page).filter({ hasText: "tier 0 eu-west 70 %" }).waitFor();
  await tiers(page).filter({ hasText: "us-west 30 %" }).waitFor();
  await near.nodes.command(1, "start");
  await tiers(page).filter({ hasText: "tier 0 eu-west 100 %" }).waitFor();
  assertQuiet(page, /Failed to load/);
  await page.context().close();
});

test("why says that nearer servers are healthy", async () => {
  const page = await openLive(near.browser, near.sluice.url);

  await showView(page, "services");
  await row(page, "psql", "n3").locator('[data-action="why"]').click();
  await page.locator("dialog[open]", { hasText: "nearer servers are healthy: 0 % of new sessions come here" })
    .waitFor();
  assertQuiet(page);
  await page.context().close();
});

for (const colorScheme of THEMES)
  for (const width of [360, 1280])
    test(`nothing is too wide or too pale, ${width}, ${colorScheme}`, async () => {
      const page = await openLive(near.browser, near.sluice.url,
        { viewport: { width, height: 800 }, colorScheme });

      await showView(page, "services");
      await tiers(page).waitFor();
      await shoot(page, `tiers-${width}-${colorScheme}`);
      assert.equal(await page.evaluate(() => {
        const { clientWidth, scrollWidth } = document.scrollingElement;
        return scrollWidth > clientWidth;
      }), false);
      assert.deepEqual(await audit(page), []);
      await page.context().close();
    });

test("one tier is not told", async () => {
  const page = await openLive(flat.browser, flat.sluice.url);

  await showView(page, "services");
  await row(page, "psql", "n1").waitFor();
  assert.equal(await tiers(page).isVisible(), false);
  assert.doesNotMatch(await row(page, "psql", "n1").innerText(), /tier/);
  assertQuiet(page);
  await page.context().close();
});

import assert from "node:assert/strict";
import { violationsOn } from "./accessibility.mjs";
import { lookOf } from "./screenshots.mjs";

const SCHEMES = ["light", "dark"];
const WIDTHS = [360, 1280];
const NARROWEST = 320;
const OF_TODAY = "time:not([datetime^='2099'], [datetime^='2100'])"; // differ in every run

/** Looks at the page as it is now, light and dark, narrow and wide: it is as its baselines show, axe
    finds nothing, and the narrowest screen need not scroll sideways. */
export async function assertPage(page, name) {
  const wrong = [];
  await page.locator(OF_TODAY).evaluateAll((times) => {
    for (const time of times) time.textContent = "Nov 22, 2026, 10:00:00 AM";
  });
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      wrong.push(...(await lookOf(page, `${name}-${colorScheme}-${width}`)));
    }
  }
  await page.clock.resume(); // axe needs timers, also where the test made them stand still
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    wrong.push(...(await violationsOn(page)));
  }
  await page.setViewportSize({ width: NARROWEST, height: 800 });
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  if (widest > NARROWEST) wrong.push(`it is ${widest} pixels wide on a screen of ${NARROWEST}`);
  assert.deepEqual(wrong, [], `${name} (STAMPEDE_UPDATE_BASELINES=1 accepts how it looks)`);
}

// What makes the product's page bearable in a rush: small, steady, and usable by keyboard and ear.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { captchaAnswer } from "./support/captcha.mjs";
import { eventually } from "./support/eventually.mjs";
import { inSeconds } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const MOST_BYTES = 100_000;
const MOST_TABS = 20;

const stage = setStage();
const asBuyer = (id) => ({ cookies: stage.shop.mint(id)[0] });

test("without its pictures the page is under 100 KB", async (t) => {
  const product = await stage.shop.openSale();
  const { page, context } = await Visitor.enter(t, stage, asBuyer(1));
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const bytes = new Map();
  const pictures = new Set();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (new URL(request.url).pathname.startsWith("/pictures/")) pictures.add(requestId);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes.set(requestId, encodedDataLength);
  });
  await page.goto(`/product/${product}`, { waitUntil: "networkidle" });
  await steps.shows(steps.buyButton(page), /^Buy$/);
  const counted = [...bytes].filter(([id]) => !pictures.has(id));
  const sum = counted.reduce((total, [, length]) => total + length, 0);
  assert.ok(counted.length >= 4, `only ${counted.length} requests were counted`);
  assert.ok(sum > 0 && sum < MOST_BYTES, `${sum} bytes`);
});

for (const width of [360, 1280]) {
  test(`at ${width} pixels nothing moves, not even when the sale starts`, async (t) => {
    const { shop } = stage;
    const product = await shop.openSale({ starts: inSeconds(3600), ends: inSeconds(7200) });
    const { page } = await Visitor.enter(t, stage, {
      ...asBuyer(2),
      viewport: { width, height: 800 },
    });
    await page.addInitScript(() => {
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) {
          const moved = sources.map(({ node, previousRect, currentRect }) => ({
            what: node?.outerHTML ?? node?.parentElement?.outerHTML,
            from: previousRect.toJSON(),
            to: currentRect.toJSON(),
          }));
          window.shifts.push({ value, moved });
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto(`/product/${product}`);
    await steps.shows(page.getByRole("timer"), /Starts in/);
    await steps.reschedule({ shop, page, product }, { starts: inSeconds(8) });
    await steps.shows(page.getByRole("timer"), /Ends in/);
    await steps.shows(steps.buyButton(page), /^Buy$/);
    await page.locator("#captcha img").waitFor();
    assert.equal(JSON.stringify(await page.evaluate(() => window.shifts)), "[]");
  });
}

test("by keyboard alone: every stop is seen, and Buy is one of them", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale();
  const visitor = await Visitor.enter(t, stage, asBuyer(3));
  const { page } = visitor;
  await page.goto(`/product/${product}`);
  const answer = await captchaAnswer(visitor, shop.keyFile);
  await steps.shows(steps.buyButton(page), /^Buy$/);

  const stops = [];
  while (stops.at(-1) !== "buy-button" && stops.length < MOST_TABS) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const { activeElement: element } = document;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { top, bottom, left, right } = element.getBoundingClientRect();
      const inView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
      const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      return { name: element.id || element.textContent.trim(), seen: inView && outlined };
    });
    assert.ok(stop.seen, `the focus on ${stop.name} is not seen`);
    stops.push(stop.name);
    if (stop.name === "captcha-answer") await page.keyboard.type(answer);
  }
  assert.equal(stops[0], "Skip to the content");
  assert.ok(stops.includes("captcha-answer"), stops.join(" → "));
  assert.equal(stops.at(-1), "buy-button", stops.join(" → "));
  await page.keyboard.press("Enter");
  await steps.soldOrder(page);
});

test("the first link leads past the navigation", async (t) => {
  const { page } = await Visitor.enter(t, stage);
  await page.goto("/");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
});

test("countdown and outcome are heard", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ starts: inSeconds(3600) });
  const visitor = await Visitor.enter(t, stage, asBuyer(4));
  const { page } = visitor;
  await page.goto(`/product/${product}`);
  await steps.shows(page.getByRole("timer"), /Starts in/);
  await steps.reschedule({ shop, page, product }, { starts: inSeconds(45) });
  const heard = page.locator("[aria-live=polite]", { hasText: "less than a minute" });
  await heard.waitFor({ state: "attached" });
  assert.equal(await page.getByRole("timer").getAttribute("aria-live"), "off");
  assert.equal(await steps.outcome(page).getAttribute("role"), "status");
  assert.equal(await steps.outcome(page).getAttribute("aria-live"), "polite");
});

test("the countdown is the server's, whatever the visitor's clock says", async (t) => {
  const product = await stage.shop.openSale({ starts: inSeconds(300) });
  const { page } = await Visitor.enter(t, stage);
  await page.clock.setFixedTime("2001-01-01T00:00:00Z");
  await page.goto(`/product/${product}`);
  await steps.shows(page.getByRole("timer"), /Starts in\s*00:0[45]:\d\d/);
  await eventually(async () => {
    assert.match(await page.getByRole("timer").innerText(), /00:04:[0-5]\d/);
  });
});

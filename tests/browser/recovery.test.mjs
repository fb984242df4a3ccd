// What happens to a purchase when the page, the connection or the buyer's patience breaks: the key is
// stored before it is sent, so that asking again never buys twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { eventually } from "./support/eventually.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const LOST = /Failed to load resource: net::ERR_(FAILED|INTERNET_DISCONNECTED)/;

const stage = setStage();
let buyers = 0;

/** A new buyer at the page of a new product on sale without captcha. */
async function enter(t) {
  const product = await stage.shop.openSale({ captcha: false });
  const [cookies] = stage.shop.mint((buyers += 1));
  const visitor = await Visitor.enter(t, stage, { cookies });
  await visitor.page.goto(`/product/${product}`);
  await steps.shows(steps.buyButton(visitor.page), /^Buy$/);
  return { visitor, product, page: visitor.page, before: stage.shop.orders() };
}

const ordersSince = (before) => stage.shop.orders() - before;

function assertOneKey(checks, least) {
  assert.ok(checks.length >= least, `${checks.length} requests, at least ${least} expected`);
  assert.equal(new Set(checks).size, 1, `every request has the same key: ${checks}`);
}

/** The first /check reaches the server, but its answer does not come: `lose` decides what the page
    sees instead. Resolves once the server has answered. */
function loseFirstAnswer(context, lose) {
  return new Promise((answered) => {
    context.route("**/check*", async (route) => {
      const response = await route.fetch();
      answered(response.status());
      await lose(route);
    }, { times: 1 });
  });
}

test("a reload in the middle of a purchase shows its outcome", async (t) => {
  const { visitor, page, before } = await enter(t);
  const answered = loseFirstAnswer(visitor.context, () => undefined);
  await steps.buyButton(page).click();
  assert.equal(await answered, 201);
  await page.reload();
  const order = await steps.soldOrder(page);
  assertOneKey(visitor.checks, 2);
  assert.equal(ordersSince(before), 1);
  await page.goto(`/orders/${order}`);
  await page.getByRole("heading", { name: `Order ${order}` }).waitFor();
});

test("an order that the shop has cancelled is told, and another can be bought", async (t) => {
  const { page, before } = await enter(t);
  await steps.buyButton(page).click();
  const order = await steps.soldOrder(page);
  await page.reload();
  await steps.shows(steps.buyButton(page), /^Bought$/);
  stage.shop.run(["order", "cancel", order, "--reason", "paid twice"]);
  await eventually(async () => {
    await page.reload();
    await steps.shows(steps.outcome(page), /the shop has cancelled that order/);
  });
  await steps.shows(steps.buyButton(page), /^Buy$/);
  await steps.buyButton(page).click();
  assert.notEqual(await steps.soldOrder(page), order);
  assert.equal(ordersSince(before), 1);
  await page.goto("/orders");
  await steps.shows(page.locator("main"), /Cancelled by the shop/);
});

test("an answer that is lost is asked for again, with the same key", async (t) => {
  const { visitor, page, before } = await enter(t);
  visitor.expect(LOST);
  const answered = loseFirstAnswer(visitor.context, (route) => route.abort());
  await steps.buyButton(page).click();
  assert.equal(await answered, 201);
  await steps.soldOrder(page);
  assertOneKey(visitor.checks, 2);
  assert.equal(ordersSince(before), 1);
});

test("without a connection the page says so, and goes on by itself", async (t) => {
  const { visitor, page, before } = await enter(t);
  visitor.expect(LOST);
  await visitor.context.setOffline(true);
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), /connection was lost/i);
  assert.equal(ordersSince(before), 0);
  await visitor.context.setOffline(false);
  await steps.soldOrder(page);
  assertOneKey(visitor.checks, 2);
  assert.equal(ordersSince(before), 1);
});

/** How long after `event` of the page's window its note about the connection changed. */
const watchNote = (page, event) =>
  page.evaluate((name) => {
    window.addEventListener(name, () => (window.happenedAt = performance.now()), { once: true });
    new MutationObserver(() => (window.saidAt ??= performance.now())).observe(
      document.getElementById("connection"),
      { childList: true, characterData: true, subtree: true },
    );
  }, event);

test("a page that goes offline says so within five seconds, before anybody presses", async (t) => {
  const { visitor, page } = await enter(t);
  visitor.expect(LOST);
  await watchNote(page, "offline");
  await visitor.context.setOffline(true);
  await steps.shows(page.locator("#connection"), /You are offline/);
  const took = await page.evaluate(() => window.saidAt - window.happenedAt);
  assert.ok(took < 5000, `${took} ms`);
  await visitor.context.setOffline(false);
  await steps.shows(page.locator("#connection"), /^$/);
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
});

test("a shop that does not answer is told of within five seconds too", async (t) => {
  const { visitor, page } = await enter(t);
  await page.clock.install({ time: Date.now() - 60_000 }); // it runs until it is paused
  await page.clock.pauseAt(Date.now());
  const held = [];
  await page.route("**/check*", (route) => held.push(route), { times: 1 });
  await steps.buyButton(page).click();
  await eventually(async () => assert.equal(held.length, 1));
  await page.clock.runFor(5000);
  await steps.shows(page.locator("#connection"), /not answered for some seconds/);
  await held[0].continue();
  await steps.soldOrder(page);
  await steps.shows(page.locator("#connection"), /^$/);
  assertOneKey(visitor.checks, 1);
});

test("two tabs that buy at once buy one unit, and both show it", async (t) => {
  const { visitor, page, before } = await enter(t);
  const other = await visitor.newPage();
  await other.goto(page.url());
  await steps.shows(steps.buyButton(other), /^Buy$/);
  const press = (tab) => steps.buyButton(tab).evaluate((button) => button.click());
  await Promise.all([press(page), press(other)]);
  const orders = await Promise.all([steps.soldOrder(page), steps.soldOrder(other)]);
  assert.equal(orders[0], orders[1]);
  assertOneKey(visitor.checks, 1);
  assert.equal(ordersSince(before), 1);
});

test("a tab that only looks on learns of the purchase in another", async (t) => {
  const { visitor, page } = await enter(t);
  const other = await visitor.newPage();
  await other.goto(page.url());
  await steps.shows(steps.buyButton(other), /^Buy$/);
  await steps.buyButton(page).click();
  assert.equal(await steps.soldOrder(other), await steps.soldOrder(page));
  await steps.shows(steps.buyButton(other), /Bought/);
});

test("the key is stored before the request leaves", async (t) => {
  const { visitor, page } = await enter(t);
  const stored = new Promise((resolve) => {
    visitor.context.route("**/check*", async (route) => {
      const storage = await page.evaluate(() => JSON.stringify(localStorage));
      resolve(storage.includes(route.request().headers()["idempotency-key"]));
      await route.continue();
    }, { times: 1 });
  });
  await steps.buyButton(page).click();
  assert.ok(await stored);
  await steps.soldOrder(page);
});

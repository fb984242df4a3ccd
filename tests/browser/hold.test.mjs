// An order that is held for its payment: what its buyer sees until it is paid, and what an operator does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { violationsOn } from "./support/accessibility.mjs";
import { Visitor } from "./support/browser.mjs";
import * as consoleSteps from "./support/console.mjs";
import { eventually } from "./support/eventually.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const WIDTHS = [360, 1280];
const LEFT = /Time left to pay: (\d\d):(\d\d):(\d\d)/;

const stage = setStage({ prepare: consoleSteps.addOperator });
let buyers = 0;

/** A new buyer at the page of a new product whose orders are held, without captcha. */
async function enter(t, options = {}) {
  const product = await stage.shop.openSale({ captcha: false, hold: 3600, ...options });
  const [cookies] = stage.shop.mint((buyers += 1));
  const visitor = await Visitor.enter(t, stage, { cookies });
  await visitor.page.goto(`/product/${product}`);
  await steps.shows(steps.buyButton(visitor.page), /^Buy$/);
  return { visitor, product, page: visitor.page };
}

/** The number of the order that the page says is held, once it does. */
async function heldOrder(page) {
  await steps.shows(steps.outcome(page), /Held for you: pay by \d\d:\d\d/);
  const link = await steps.outcome(page).getByRole("link", { name: /^Order / }).innerText();
  return Number(link.replace(/\D/g, ""));
}

const payLeft = (page) => page.locator("#pay-left");

/** Seconds that the page says are left. */
async function secondsLeft(page) {
  const [, hours, minutes, seconds] = LEFT.exec(await payLeft(page).innerText()) ?? [];
  assert.ok(seconds, "no countdown");
  return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
}

/** The page's countdown runs, and is about that of an hour. */
async function assertCountsDown(page) {
  await steps.shows(payLeft(page), LEFT);
  const first = await secondsLeft(page);
  assert.ok(first > 0 && first < 3660, `${first} s`); // the page knows the time as well as it was told
  await eventually(async () => assert.ok((await secondsLeft(page)) < first));
}

/** Nothing for axe to say, and nothing beside the screen, narrow and wide, light and dark. */
async function assertWhole(page) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violationsOn(page), [], `${width} pixels, ${colorScheme}`);
    }
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(widest <= width, `${widest} pixels wide on a screen of ${width}`);
  }
}

test("a held order counts down, survives a reload, and is paid by the command line", async (t) => {
  const { page } = await enter(t);
  await steps.buyButton(page).click();
  const order = await heldOrder(page);
  await assertCountsDown(page);
  await assertWhole(page);
  await page.reload();
  assert.equal(await heldOrder(page), order);
  await assertCountsDown(page);
  await steps.shows(steps.buyButton(page), /^Held for you$/);

  await steps.outcome(page).getByRole("link", { name: "Pay", exact: true }).click();
  await page.getByRole("heading", { name: `Order ${order}` }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/orders/${order}`, "the shop has no checkout");
  await steps.shows(page.locator("main"), /is held for you\. Pay by[^]*will tell you how to pay/);
  await assertCountsDown(page);
  await assertWhole(page);

  assert.equal(stage.shop.run(["order", "pay", String(order), "--reference", "cash:1"]), "kept");
  await page.reload();
  await steps.shows(page.locator("main"), /Paid: this unit is yours/);
  assert.equal(await payLeft(page).count(), 0);
  await assertWhole(page);
});

test("the product's page hears that its order was paid", async (t) => {
  const { page } = await enter(t);
  await steps.buyButton(page).click();
  const order = await heldOrder(page);
  stage.shop.run(["order", "pay", String(order), "--reference", "cash:2"]);
  await page.reload();
  assert.equal(await steps.soldOrder(page), order);
  await steps.shows(steps.buyButton(page), /^Bought$/);
  assert.ok(await payLeft(page).isHidden());
});

test("where a buyer may have several, each is held and told until it is paid", async (t) => {
  const { page } = await enter(t, { limit: 2 });
  await steps.buyButton(page).click();
  const order = await heldOrder(page);
  await page.reload();
  assert.equal(await heldOrder(page), order);
  stage.shop.run(["order", "pay", String(order), "--reference", "cash:3"]);
  await page.reload();
  assert.equal(await steps.soldOrder(page), order);
});

test("without script the order says by when it is to be paid", async (t) => {
  const { visitor, page } = await enter(t);
  await steps.buyButton(page).click();
  const order = await heldOrder(page);
  const cookies = await visitor.context.cookies();
  const plain = await Visitor.enter(t, stage, { cookies, javaScriptEnabled: false });
  await plain.page.goto(`/orders/${order}`);
  await steps.shows(plain.page.locator("main"), /Pay by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
});

test("an operator records a payment that is not kept, its refund, and the one that pays", async (t) => {
  const { page: shopPage } = await enter(t);
  await steps.buyButton(shopPage).click();
  const order = await heldOrder(shopPage);
  const { page } = await consoleSteps.enterConsole(t, stage);
  await page.goto(`/orders/${order}`);
  await steps.shows(page.locator("main"), /Held: one unit waits for its payment/);
  await assertWhole(page);
  const record = async (reference, amount) => {
    await page.getByLabel("Reference").fill(reference);
    if (amount) await page.getByLabel("Amount").fill(amount);
    await page.getByRole("button", { name: "Record the payment" }).click();
    await page.getByRole("rowheader", { name: reference }).waitFor();
  };
  await record("cash:4", "19.98");
  await steps.shows(page.locator("main"), /refund due: the amount is not the price/);
  await assertWhole(page);
  await page.getByRole("button", { name: "Record a refund of $19.98, cash:4" }).click();
  await steps.shows(page.locator("main"), /refunded: the amount is not the price/);
  await record("cash:5");
  await steps.shows(page.locator("main"), /Paid: one unit is the buyer’s/);
  await steps.shows(page.locator("main"), /paid by console:olive, \$19\.99/);
  await assertWhole(page);
  await shopPage.goto(`/orders/${order}`);
  await steps.shows(shopPage.locator("main"), /Paid: this unit is yours/);
});

test("the command line sets and shows the hold, and records what was paid and what went back", async (t) => {
  const { shop } = stage;
  const product = shop.addProduct("Clock");
  const sale = shop.createSale({ product, hold: 600, starts: "2099-01-01T00:00:00Z" });
  const shown = () => JSON.parse(shop.run(["sale", "show", sale, "--json"]));
  assert.equal(shown().hold_seconds, 600);
  assert.match(shop.run(["sale", "show", sale]), /^hold +600 s$/m);
  assert.match(shop.run(["sale", "list"]), /\b600 s\b/);
  shop.run(["sale", "change", sale, "--hold-seconds", "90"]);
  assert.equal(shown().hold_seconds, 90);
  shop.run(["sale", "change", sale, "--no-hold"]);
  assert.equal(shown().hold_seconds, null);
  assert.match(shop.run(["sale", "show", sale]), /^hold +-$/m);

  const { page } = await enter(t);
  await steps.buyButton(page).click();
  const order = String(await heldOrder(page));
  const pay = (...words) => shop.run(["order", "pay", order, ...words]);
  assert.equal(pay("--reference", "cash:6", "--amount-cents", "1"), "refund_due");
  assert.equal(pay("--reference", "cash:7"), "kept");
  assert.equal(pay("--reference", "cash:7"), "kept", "the same payment again");
  shop.run(["order", "refund", "--reference", "cash:6"]);
  assert.equal(pay("--reference", "cash:6", "--amount-cents", "1"), "refunded");
});

// A shop that more people ask than it can take in: what the page does for its buyer meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { eventually } from "./support/eventually.mjs";
import { assertPage } from "./support/page.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const CROWD = 200;

const stage = setStage({
  environment: {
    STAMPEDE_ADMISSION_CHECK_RATE: "0.2", // so that the crowd, and nobody else, gets each token
    STAMPEDE_ADMISSION_CHECK_BURST: "1",
    STAMPEDE_ADMISSION_PRODUCT_RATE: "1",
    STAMPEDE_ADMISSION_PRODUCT_BURST: "1",
  },
});

/** Sends `request(i)` again and again, so that its bucket stays empty, until it is stopped. */
function crowd(request) {
  let on = true;
  const done = (async () => {
    for (let i = 0; on; i += 1) await request(i);
  })();
  return async () => {
    on = false;
    await done;
  };
}

/** The product's page, however often it says before that too many ask for it. */
async function open(visitor, product) {
  visitor.expect(/status of 429 .*\/product\/\d+/);
  await visitor.page.goto(`/product/${product}`);
  await steps.shows(steps.buyButton(visitor.page), /^Buy$/);
}

test("the page asks again with the same key, when the shop says, and buys", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ captcha: false, quantity: 2 * CROWD });
  const [cookies, ...others] = shop.mint(1, CROWD);
  const visitor = await Visitor.enter(t, stage, { cookies });
  visitor.expect(/status of 429 .*\/check/);
  const { page } = visitor;
  await open(visitor, product);
  const stop = crowd(async (i) => {
    const buyer = others[i % others.length];
    const response = await fetch(`${shop.origin}/check?productID=${product}`, {
      method: "POST",
      headers: {
        Cookie: buyer.map(({ name, value }) => `${name}=${value}`).join("; "),
        "Idempotency-Key": `a-key-of-the-crowd-${i}`,
      },
    });
    await response.arrayBuffer();
  });
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), /great many people are pressing/i);
  await steps.shows(page.locator("#status"), /Very busy/);
  await stop();
  await steps.soldOrder(page);
  assert.ok(visitor.checks.length >= 2, "nobody pressed again");
  assert.equal(new Set(visitor.checks).size, 1, "it is the same purchase");
});

test("a page that too many ask for comes by itself", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ name: "Rush lamp" });
  const visitor = await Visitor.enter(t, stage);
  visitor.expect(/status of 429 .*\/product\/\d+/);
  const { page } = visitor;
  const stop = crowd(async () => (await fetch(`${shop.origin}/product/${product}`)).arrayBuffer());
  await eventually(async () => {
    await page.goto(`/product/${product}`);
    await page.getByRole("heading", { name: "A great many people are here" }).waitFor({ timeout: 100 });
  });
  await stop();
  await page.getByRole("heading", { name: "Rush lamp" }).waitFor();
});

test("that page, how it looks", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ name: "Rush lamp" });
  const path = `/product/${product}`;
  const busy = await eventually(async () => {
    const response = await fetch(shop.origin + path);
    const text = await response.text();
    assert.equal(response.status, 429);
    return text;
  });
  const visitor = await Visitor.enter(t, stage);
  visitor.expect(/status of 429 .*\/product\/\d+/);
  const again = /<meta http-equiv="refresh" content="(\d+)">/;
  assert.match(busy, again);
  // It stands still here, and always says the same.
  const body = busy.replace(again, "").replace(/in \d+ seconds?/, "in 2 seconds");
  const contentType = "text/html; charset=utf-8";
  await visitor.page.route(`**${path}`, (route) => route.fulfill({ status: 429, contentType, body }));
  await visitor.page.goto(path);
  await assertPage(visitor.page, "product-too-many");
});

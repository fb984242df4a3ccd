// Everything that a buyer may be told instead of yes, in words on the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { eventually } from "./support/eventually.mjs";
import { inSeconds } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const refused = (status) => new RegExp(`status of ${status} .*/check`);

const stage = setStage();
let buyers = 0;

async function enter(t, product) {
  const [cookies] = stage.shop.mint((buyers += 1));
  const visitor = await Visitor.enter(t, stage, { cookies });
  await visitor.page.goto(`/product/${product}`);
  return visitor;
}

/** The page goes on believing what the server said of the sale until now. */
async function holdState(page) {
  let state;
  await page.route("**/state", async (route) => {
    state ??= await (await route.fetch()).text();
    await route.fulfill({ contentType: "application/json", body: state });
  });
}

test("the page says by itself that all is sold", async (t) => {
  const product = await stage.shop.openSale({ captcha: false, quantity: 1 });
  const { page } = await enter(t, product);
  await steps.shows(steps.buyButton(page), /^Buy$/);
  await stage.shop.buy(product, stage.shop.mint((buyers += 1))[0]);
  await steps.shows(page.locator("#status"), /Sold out/);
  assert.ok(await steps.buyButton(page).isDisabled());
  await page.goto("/");
  await steps.shows(page.getByRole("listitem").filter({ hasText: "Sold out" }).first(), /Lamp/);
});

test("a buyer who is a moment too late is told that all is sold", async (t) => {
  const product = await stage.shop.openSale({ captcha: false, quantity: 1 });
  const [cookies] = stage.shop.mint((buyers += 1));
  const visitor = await Visitor.enter(t, stage, { cookies });
  visitor.expect(refused(410));
  visitor.expect(refused(503)); // until the last order is committed
  await holdState(visitor.page);
  await visitor.page.goto(`/product/${product}`);
  await steps.shows(steps.buyButton(visitor.page), /^Buy$/);
  await stage.shop.buy(product, stage.shop.mint((buyers += 1))[0]);
  await steps.buyButton(visitor.page).click();
  await steps.shows(steps.outcome(visitor.page), /sold out/i);
});

test("a banned buyer is told so", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ captcha: false });
  const over = await shop.openSale({ captcha: false });
  shop.run(["sale", "end", String((await shop.state(over)).sale)]);
  await shop.awaitStatus(over, "ended");
  const visitor = await enter(t, product);
  visitor.expect(refused(403));
  // Asked of a sale that is over: that puts nobody on the blacklist.
  const told = async () => {
    const probe = await visitor.page.request.post(`/check?productID=${over}`, {
      headers: { "Idempotency-Key": "a-key-of-the-test", Accept: "application/json" },
    });
    return (await probe.json()).type.replace(/^.*#/, "");
  };
  await eventually(async () => assert.equal(await told(), "sale-ended"));
  shop.run(["user", "ban", `id:${buyers}`, "--reason", "resold what was bought"]);
  await eventually(async () => assert.equal(await told(), "blacklisted"));
  await steps.buyButton(visitor.page).click();
  await steps.shows(steps.outcome(visitor.page), /may not buy/);
  assert.doesNotMatch(await visitor.page.content(), /resold/, "the reason is for operators");
});

test("a visitor who is not logged in is led to the log-in and back", async (t) => {
  const product = await stage.shop.openSale({ name: "Desk lamp", captcha: false });
  stage.shop.addUser("grace", steps.PASSWORD);
  const { page } = await Visitor.enter(t, stage);
  await page.goto(`/product/${product}`);
  assert.ok(!(await steps.buyButton(page).isVisible()));
  await page.getByRole("link", { name: "Log in to buy" }).click();
  await page.getByLabel("Name").fill("grace");
  await page.getByLabel("Password").fill(steps.PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Desk lamp" }).waitFor();
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
});

test("a session that has ended is said, and nothing is bought by it", async (t) => {
  const product = await stage.shop.openSale({ captcha: false });
  const visitor = await enter(t, product);
  visitor.expect(refused(401));
  await steps.shows(steps.buyButton(visitor.page), /^Buy$/);
  await visitor.context.clearCookies({ name: "sign" });
  await steps.buyButton(visitor.page).click();
  await steps.shows(steps.outcome(visitor.page), /not logged in any more/);
});

test("a session that is over is said before the start, and the log-in leads back", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ name: "Floor lamp", starts: inSeconds(3600) });
  shop.addUser("joan", steps.PASSWORD);
  const [cookies] = shop.mint((buyers += 1));
  const over = cookies.map((each) => (each.name === "sign" ? { ...each, value: "over" } : each));
  const visitor = await Visitor.enter(t, stage, { cookies: over });
  visitor.expect(/status of 401 .*\/user\/session/);
  const { page } = visitor;
  await page.goto(`/product/${product}`);
  await steps.shows(steps.outcome(page), /not logged in any more/);
  await steps.shows(page.getByRole("timer"), /Starts in/);

  // In another tab they log in: this one goes on.
  await visitor.context.addCookies(cookies);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await steps.shows(steps.outcome(page), /^$/);

  await visitor.context.addCookies(over);
  await page.reload();
  await steps.outcome(page).getByRole("link", { name: "Log in" }).click();
  await page.getByLabel("Name").fill("joan");
  await page.getByLabel("Password").fill(steps.PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Floor lamp" }).waitFor();
  assert.equal((await page.request.get("/user/session")).status(), 200);
  assert.equal(await steps.outcome(page).innerText(), "");
});

test("the page says by itself that the sale has ended", async (t) => {
  const { shop } = stage;
  const times = { starts: inSeconds(3600), ends: inSeconds(7200) };
  const product = await shop.openSale({ captcha: false, ...times });
  const { page } = await enter(t, product);
  await steps.shows(page.getByRole("timer"), /Starts in/);
  const soon = { starts: inSeconds(-1), ends: inSeconds(60) };
  await steps.reschedule({ shop, page, product }, soon);
  await steps.shows(page.getByRole("timer"), /Ends in\s*00:0[01]:\d\d/);
  await steps.shows(page.locator("#status"), /Ended/);
  const button = steps.buyButton(page);
  assert.ok(!(await button.isVisible()) || (await button.isDisabled()));
});

test("an operator's early end is seen and said too", async (t) => {
  const product = stage.shop.addProduct("Oil lamp");
  const sale = stage.shop.createSale({ product, captcha: false });
  await stage.shop.awaitStatus(product, "on");
  const visitor = await enter(t, product);
  await steps.shows(steps.buyButton(visitor.page), /^Buy$/);
  stage.shop.run(["sale", "end", sale]);
  await steps.shows(visitor.page.locator("#status"), /Ended/);
});

test("one unit a buyer: the next try is told of the order that is held", async (t) => {
  const product = await stage.shop.openSale({ captcha: false });
  const visitor = await enter(t, product);
  visitor.expect(refused(409));
  await stage.shop.buy(product, await visitor.context.cookies());
  await steps.shows(steps.buyButton(visitor.page), /^Buy$/);
  await steps.buyButton(visitor.page).click();
  await steps.shows(steps.outcome(visitor.page), /already hold/);
  await steps.outcome(visitor.page).getByRole("link", { name: /^Order \d+/ }).waitFor();
});

// A buyer's whole way: register, log in, wait for the start, captcha, buy, see the order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { inSeconds } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const stage = setStage();

test("from the registration to the order", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ name: "Brass lamp", starts: inSeconds(3600) });
  const visitor = await Visitor.enter(t, stage);
  const { page } = visitor;

  await steps.register(page, "ada");
  await page.getByRole("link", { name: "My orders", exact: true }).waitFor();
  await page.getByRole("link", { name: "Account" }).click();
  await page.getByRole("button", { name: /Log out/ }).click();
  await page.getByRole("link", { name: "Log in" }).waitFor();
  await steps.logIn(page, "ada");

  await page.goto("/");
  await page.getByRole("link", { name: "Brass lamp" }).click();
  await steps.shows(page.getByRole("timer"), /Starts in\s*(01:00|00:\d\d):\d\d/);
  assert.ok(await steps.buyButton(page).isDisabled(), "nothing is sold before the start");
  await steps.reschedule({ shop, page, product }, { starts: inSeconds(8) });
  await steps.shows(page.locator("#status"), /On sale now/);

  await steps.solveAndBuy(visitor, shop);
  const order = await steps.soldOrder(page);
  await steps.shows(steps.buyButton(page), /Bought/);

  await steps.outcome(page).getByRole("link", { name: /^Order / }).click();
  await page.getByRole("heading", { name: `Order ${order}` }).waitFor();
  await page.getByRole("link", { name: "Brass lamp" }).waitFor();
  await page.getByText("$19.99").waitFor();
  await page.getByRole("link", { name: "My orders", exact: true }).click();
  await page.getByRole("link", { name: `Order ${order}` }).waitFor();
  await page.goto(`/product/${product}`);
  await steps.shows(steps.outcome(page), /Sold/);
  assert.equal(shop.orders(), 1);
  assert.equal(visitor.checks.length, 1, "one click is one request");
});

// Log in and out, the password, every other device; with and without scripts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const stage = setStage();

const seesOrders = async (page) => {
  await page.goto("/orders");
  return page.getByRole("heading", { level: 1 }).innerText();
};

test("without scripts: log in, read the orders, log out", async (t) => {
  const { shop } = stage;
  shop.addUser("edith", steps.PASSWORD);
  const product = await shop.openSale({ name: "Reading lamp", captcha: false });
  const { page, context } = await Visitor.enter(t, stage, { javaScriptEnabled: false });
  await steps.logIn(page, "edith");
  await shop.buy(product, (await context.cookies()).filter(({ name }) => name !== "node"));
  await page.goto(`/product/${product}`);
  await page.getByText(/Buying needs JavaScript/).waitFor();
  await page.getByRole("link", { name: "My orders", exact: true }).click();
  await page.getByRole("link", { name: /^Order \d+/ }).click();
  await page.getByRole("link", { name: "Reading lamp" }).waitFor();
  await page.getByText("$19.99").waitFor();
  await page.getByRole("link", { name: "Account" }).click();
  await page.getByRole("button", { name: /Log out/ }).click();
  assert.equal(await seesOrders(page), "Log in");
});

test("a new password ends the sessions elsewhere, and is the only one from then on", async (t) => {
  stage.shop.addUser("katherine", steps.PASSWORD);
  const here = await Visitor.enter(t, stage);
  const there = await Visitor.enter(t, stage);
  await steps.logIn(here.page, "katherine");
  await steps.logIn(there.page, "katherine");
  await here.page.goto("/user/password");

  const change = async (old, next) => {
    await here.page.getByLabel("Old password").fill(old);
    await here.page.getByLabel("New password").fill(next);
    await here.page.getByRole("button", { name: "Change the password" }).click();
  };
  here.expect(/status of 40\d .*\/user\/password/);
  await change("not the old one", "a new password");
  await steps.shows(here.page.getByRole("alert"), /old password is wrong/);
  await change(steps.PASSWORD, "a new password");
  await steps.shows(here.page.getByRole("status"), /password is changed/);

  assert.equal(await seesOrders(here.page), "My orders");
  assert.equal(await seesOrders(there.page), "Log in");
  there.expect(/status of 40\d .*\/user\/login/);
  await there.page.getByLabel("Name").fill("katherine");
  await there.page.getByLabel("Password").fill(steps.PASSWORD);
  await there.page.getByRole("button", { name: "Log in" }).click();
  await there.page.getByRole("alert").waitFor();
  await steps.logIn(there.page, "katherine", "a new password");
});

test("logging out ends the sessions of every device", async (t) => {
  stage.shop.addUser("dorothy", steps.PASSWORD);
  const here = await Visitor.enter(t, stage);
  const there = await Visitor.enter(t, stage);
  await steps.logIn(here.page, "dorothy");
  await steps.logIn(there.page, "dorothy");
  await here.page.goto("/user/password");
  await here.page.getByRole("button", { name: /Log out/ }).click();
  await here.page.getByRole("link", { name: "Log in" }).waitFor();
  assert.equal(await seesOrders(here.page), "Log in");
  assert.equal(await seesOrders(there.page), "Log in");
});

// Script in every field that takes text is shown as text, and never run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import * as consoleSteps from "./support/console.mjs";
import { HOSTILE, stripes } from "./support/fixtures.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const stage = setStage({ prepare: consoleSteps.addOperator });

/** The page shows the text as it is, in its heading or wherever `locator` is. */
const showsHostile = async (locator) =>
  assert.ok((await locator.innerText()).includes(HOSTILE), await locator.innerHTML());

test("a product's name and description", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ name: HOSTILE, description: HOSTILE, captcha: false });
  const { page, context } = await Visitor.enter(t, stage, { cookies: shop.mint(1)[0] });
  await page.goto("/");
  await showsHostile(page.getByRole("listitem").filter({ hasText: "script" }));
  await page.goto(`/product/${product}`);
  await showsHostile(page.getByRole("heading", { level: 1 }));
  await showsHostile(page.locator(".description"));
  assert.ok((await page.title()).includes(HOSTILE), await page.title());
  const order = await shop.buy(product, await context.cookies());
  await page.goto("/orders");
  await showsHostile(page.getByRole("listitem").filter({ hasText: "script" }));
  await page.goto(`/orders/${order}`);
  await showsHostile(page.locator("dl"));
});

test("names at the log-in and the registration", async (t) => {
  const visitor = await Visitor.enter(t, stage);
  visitor.expect(/status of 4\d\d .*\/user\/(login|register)/);
  const { page } = visitor;
  for (const [path, button] of [
    ["/user/login", "Log in"],
    ["/user/register", "Register"],
  ]) {
    await page.goto(path);
    const name = page.getByLabel("Name");
    // An attacker who writes HTML of their own is not held by these.
    await name.evaluate((input) => ["pattern", "maxlength"].forEach((a) => input.removeAttribute(a)));
    await name.fill(HOSTILE);
    await page.getByLabel("Password").fill(steps.PASSWORD);
    await page.getByRole("button", { name: button }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Name").inputValue(), HOSTILE);
  }
});

test("the way back after the log-in leads nowhere else", async (t) => {
  stage.shop.addUser("lise", steps.PASSWORD);
  for (const next of [
    "https://example.org/",
    "//example.org/",
    "/\\example.org/",
    "javascript:alert(1)",
    `/${HOSTILE}`,
  ]) {
    const visitor = await Visitor.enter(t, stage);
    visitor.expect(/status of 404/);
    const { page } = visitor;
    await page.goto(`/user/login?next=${encodeURIComponent(next)}`);
    await page.getByLabel("Name").fill("lise");
    await page.getByLabel("Password").fill(steps.PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("link", { name: "My orders", exact: true }).waitFor();
    assert.equal(new URL(page.url()).origin, stage.shop.origin, next);
    await visitor.leave();
  }
});

test("the policy of every page allows no inline script or style", async () => {
  for (const path of ["/", "/user/login", "/user/register", "/product/1", "/nowhere", "/orders"]) {
    const { headers } = await fetch(stage.shop.origin + path);
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/, path);
    assert.doesNotMatch(policy, /unsafe|\*|http:|https:|data:/, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
  }
});

test("products, pictures, reasons and names in the console, and in its CSV", async (t) => {
  const { shop } = stage;
  const operator = await consoleSteps.enterConsole(t, stage);
  operator.expect(/status of 400 .*\/buyers\?who=/);
  const { page } = operator;
  const formula = `=1+2${HOSTILE}`;
  await consoleSteps.addProduct(page, { name: formula, description: HOSTILE });
  const product = new URL(page.url()).pathname.split("/").at(-1);
  assert.equal(await page.getByLabel("Description").inputValue(), HOSTILE);
  await consoleSteps.uploadPicture(page, stripes(64, 48), HOSTILE);
  await showsHostile(page.locator(".pictures"));
  const sale = await consoleSteps.createSale(page, { price: "1.00", quantity: 10, captcha: false });
  await shop.awaitStatus(product, "on");
  const order = await shop.buy(product, shop.mint(7)[0]);

  await page.goto("/buyers/7");
  await page.getByLabel(/Reason/).fill(HOSTILE);
  await page.getByRole("radio", { name: "for good" }).check();
  await page.getByRole("button", { name: /blacklist/ }).click();
  await steps.shows(page.getByRole("status"), /\w/);
  for (const path of [
    "/products",
    `/sales/${sale}`,
    "/sales",
    `/sales/${sale}/live`,
    `/sales/${sale}/report`,
    "/orders",
    `/orders/${order}`,
    "/blacklist",
    "/buyers/7",
    "/audit-log",
  ]) {
    await page.goto(path);
    assert.ok((await page.locator("main").innerText()).includes("<script>alert(1)"), path);
  }
  await page.goto(`/buyers?who=${encodeURIComponent(HOSTILE.slice(0, 32))}`);
  assert.equal(await page.getByLabel(/beginning of a name/).inputValue(), HOSTILE.slice(0, 32));

  const csv = await (await page.request.get("/orders.csv")).text();
  assert.ok(csv.includes("script"), csv);
  for (const cell of csv.split(/[\r\n,]+/)) {
    assert.doesNotMatch(cell, /^"?[=+\-@\t]/, "a spreadsheet would run this cell");
  }

  const buyer = await Visitor.enter(t, stage);
  await buyer.page.goto(`/product/${product}`);
  assert.equal(await buyer.page.locator("#product img").first().getAttribute("alt"), HOSTILE);
});

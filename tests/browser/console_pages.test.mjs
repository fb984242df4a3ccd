// Every page of the console: how it looks, and what axe says of it.
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import * as consoleSteps from "./support/console.mjs";
import { playLiveEvents, stripes } from "./support/fixtures.mjs";
import { assertPage } from "./support/page.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const FAR = "2100-01-01T12:00:00Z";

let session; // of the operator, once logged in
let lamp;
let running;
let upcoming;
let ended;
const stage = setStage({ environment: { STAMPEDE_ADMISSION_INTERVAL_SECONDS: "0" }, prepare: fill });

/** One of everything, with numbers that are the same in every run. */
async function fill({ shop }) {
  consoleSteps.addOperator({ shop });
  lamp = shop.addProduct("Brass lamp", "A lamp of solid brass.\n\nHeight 42 cm.");
  const desks = shop.addProduct("Desk lamp with an arm that reaches everywhere");
  const oil = shop.addProduct("Oil lamp");
  running = shop.createSale({ product: lamp, cents: 129900, limit: 2, captcha: false, ends: FAR });
  upcoming = shop.createSale({ product: desks, starts: FAR });
  ended = shop.createSale({ product: oil });
  for (const product of [lamp, oil]) await shop.awaitStatus(product, "on");
  shop.run(["sale", "end", ended]);
  shop.addUser("ada", steps.PASSWORD);
  shop.addUser("mallory", steps.PASSWORD);
  shop.run(["user", "ban", "mallory", "--reason", "resold what was bought, three times"]);
  const buyers = shop.mint(11, 13);
  for (const buyer of [...buyers, buyers[0]]) await shop.buy(lamp, buyer);
}

/** Looks at a page of the console as the operator; `prepare` makes it ready. */
async function see(t, name, path, { status, prepare = () => {} } = {}) {
  const visitor = await consoleSteps.enterConsole(t, stage, { cookies: session });
  session ??= await visitor.context.cookies();
  if (status) visitor.expect(new RegExp(`status of ${status}`));
  await visitor.page.goto(path);
  await prepare(visitor.page);
  await assertPage(visitor.page, `console-${name}`);
}

/** What a report tells of the rush is another each time. */
const hideMeasured = (page) =>
  page.evaluate(() => {
    for (const fact of document.querySelectorAll("#answers-title, #answers-title + *")) fact.remove();
    const measured = /^(Most|Half|95|99)/;
    for (const fact of document.querySelectorAll("dl > div")) {
      if (measured.test(fact.textContent.trim())) fact.querySelector("dd").textContent = "measured";
    }
    document.querySelector("main svg").style.visibility = "hidden";
  });

/** Hides the user who ran the commands, and the sales' starts. */
const hideWhoAndWhen = (page) =>
  page.locator("td").evaluateAll((cells) => {
    for (const cell of cells.filter((each) => each.childElementCount === 0)) {
      cell.textContent = cell.textContent
        .replace(/cli:\S+/, "cli:root")
        .replace(/20\d\d-\d\d-\d\dT[\d:.]+Z/, "2026-11-22T10:00:00.000Z");
    }
  });

test("the log-in, and refused", async (t) => {
  const visitor = await Visitor.enter(t, stage, { origin: stage.shop.console });
  visitor.expect(/status of 40\d .*\/login/);
  const { page } = visitor;
  await page.goto("/login");
  await assertPage(page, "console-login");
  await consoleSteps.logIn(page, "nobody");
  await page.getByRole("alert").waitFor();
  await assertPage(page, "console-login-refused");
});

test("the log-out", (t) => see(t, "logout", "/logout"));
test("sales", (t) => see(t, "sales", "/sales"));
test("a new sale", (t) => see(t, "sale-new", "/sales/new"));
test("a sale that is on", (t) => see(t, "sale-on", `/sales/${running}`));
test("a sale that is to come", (t) => see(t, "sale-upcoming", `/sales/${upcoming}`));
test("a sale that has ended", (t) => see(t, "sale-ended", `/sales/${ended}`));

test("an end that is not confirmed", (t) =>
  see(t, "sale-refused", `/sales/${running}`, {
    status: 4,
    prepare: async (page) => {
      const button = page.getByRole("button", { name: "End the sale" });
      const form = page.locator("form", { has: button });
      await form.getByLabel(/confirm/).fill("999");
      await button.click();
      await page.getByRole("alert").waitFor();
    },
  }));

test("products", (t) => see(t, "products", "/products"));
test("a new product", (t) => see(t, "product-new", "/products/new"));
test("a product with a picture", (t) =>
  see(t, "product", `/products/${lamp}`, {
    prepare: (page) => consoleSteps.uploadPicture(page, stripes(320, 240), "A lamp on a desk"),
  }));

test("orders", (t) => see(t, "orders", "/orders"));
test("orders: a filter that is wrong", (t) =>
  see(t, "orders-refused", "/orders?sale=lamp", { status: 4 }));
test("orders: none", (t) => see(t, "orders-none", "/orders?number=999"));
test("an order", (t) => see(t, "order", "/orders/1"));
test("buyers", (t) => see(t, "buyers", "/buyers?who=m"));
test("a buyer", (t) => see(t, "buyer", "/buyers/11"));
test("a buyer on the blacklist", (t) =>
  see(t, "buyer-banned", "/buyers?who=mallory", {
    prepare: async (page) => {
      await page.getByRole("link", { name: "mallory" }).click();
      await page.getByRole("heading", { level: 1, name: "mallory" }).waitFor();
    },
  }));
test("the blacklist", (t) => see(t, "blacklist", "/blacklist"));
test("the audit log", (t) => see(t, "audit-log", "/audit-log", { prepare: hideWhoAndWhen }));
test("the report of a sale", (t) =>
  see(t, "report", `/sales/${ended}/report`, { prepare: hideMeasured }));
test("an order that is cancelled", (t) =>
  see(t, "order-cancelled", "/orders/4", {
    prepare: async (page) => {
      await page.getByLabel(/Reason/).fill("paid twice");
      await page.getByRole("button", { name: "Cancel order 4" }).click();
      await steps.shows(page.locator("main"), /its unit went back into the sale/);
    },
  }));
test("a page that is not there", (t) => see(t, "not-found", "/nowhere", { status: 404 }));

test("the live view", async (t) => {
  const { page } = await consoleSteps.enterConsole(t, stage);
  await playLiveEvents(page);
  await page.goto(`/sales/${running}/live`);
  await steps.shows(page.locator("#connection"), /Live/);
  await page.locator("#chart-sold canvas").waitFor();
  await assertPage(page, "console-live");
});

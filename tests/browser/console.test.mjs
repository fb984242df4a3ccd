// An operator's whole way through the console: product, picture, sale, watch it sell, CSV, end, report.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import * as consoleSteps from "./support/console.mjs";
import { environmentWith, required } from "./support/environment.mjs";
import { eventually } from "./support/eventually.mjs";
import { stripes } from "./support/fixtures.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const BUYERS = 300;
const UNITS = 400;

const stage = setStage({
  // So slow that the sale can be watched.
  environment: { STAMPEDE_ADMISSION_CHECK_RATE: "30", STAMPEDE_ADMISSION_CHECK_BURST: "10" },
  prepare: consoleSteps.addOperator,
});

/** A crowd of minted buyers who all want this product; resolves when the last is answered. */
async function rush(product) {
  const { shop } = stage;
  const buyers = join(shop.data, "..", "buyers");
  writeFileSync(buyers, `${shop.run(["mint", "--users", `1-${BUYERS}`])}\n`);
  const port = new URL(shop.origin).port;
  const words = ["--port", port, "--product", product, "--buyers", buyers, "--connections", "20"];
  const crowd = spawn(required("STAMPEDE_CROWD"), words, {
    env: environmentWith(),
    stdio: "ignore",
  });
  const [code] = await once(crowd, "exit");
  assert.equal(code, 0, "every buyer of the crowd was answered");
}

test("from a new product to the report of its sale", async (t) => {
  const { shop } = stage;
  const visitor = await consoleSteps.enterConsole(t, stage);
  const { page } = visitor;
  await consoleSteps.addProduct(page, {
    name: "Brass lamp",
    description: "Solid.",
    listPrice: "29.90",
  });
  const product = new URL(page.url()).pathname.split("/").at(-1);
  await consoleSteps.uploadPicture(page, stripes(640, 480), "A lamp on a desk");
  const terms = { price: "19.99", quantity: UNITS, captcha: false };
  const sale = await consoleSteps.createSale(page, terms);
  await shop.awaitStatus(product, "on");

  const buyer = await Visitor.enter(t, stage);
  await buyer.page.goto(`/product/${product}`);
  const picture = buyer.page.getByRole("img", { name: "A lamp on a desk" });
  await eventually(async () => assert.ok(await picture.evaluate((image) => image.naturalWidth > 0)));
  await steps.shows(buyer.page.locator("dl"), /\$29\.90/);

  await page.getByRole("link", { name: "Live view" }).click();
  await steps.shows(page.getByRole("status").first(), /Live/);
  const rushed = rush(product);
  const seen = new Set();
  await eventually(async () => {
    seen.add(Number((await page.locator("#big-sold").innerText()).replace(/\D/g, "")));
    assert.ok(seen.has(BUYERS), `the live view has shown ${[...seen]} sold`);
  }, 240_000);
  await rushed;
  const steady = [...seen];
  assert.ok(steady.length >= 2, `the figures moved: ${steady}`);
  assert.deepEqual(steady, [...steady].sort((a, b) => a - b), "and never went back");
  await steps.shows(page.locator("#values"), /Attempts/);
  await page.locator("#chart-sold canvas").first().waitFor();
  await steps.shows(page.locator("#balance"), /Every unit is in one place/);

  await page.goto(`/orders?sale=${sale}`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /CSV/ }).click(),
  ]);
  const lines = readFileSync(await download.path(), "utf8").trimEnd().split(/\r?\n/);
  assert.equal(lines.length, BUYERS + 1);
  assert.ok(lines.slice(1).every((line) => line.includes("Brass lamp")));

  await page.goto(`/sales/${sale}`);
  const end = page.locator("form", { has: page.getByRole("button", { name: "End the sale" }) });
  await end.getByLabel(/confirm/).fill(sale);
  await end.getByRole("button", { name: "End the sale" }).click();
  await steps.shows(page.getByRole("heading", { level: 1 }), /Ended/);
  await steps.shows(buyer.page.locator("#status"), /Ended/);

  await page.getByRole("link", { name: "Report" }).click();
  await steps.shows(page.locator("main"), new RegExp(`${BUYERS} of ${UNITS}`));
  await steps.shows(page.locator("main"), /\$5,997\.00/);

  await page.getByRole("link", { name: "Audit log" }).click();
  for (const action of ["product add", "picture", "sale create", "sale end"]) {
    const rows = page.getByRole("row").filter({ hasText: action });
    await steps.shows(rows.first(), new RegExp(consoleSteps.OPERATOR));
  }
  assert.equal(shop.orders(), BUYERS);
});

test("a buyer's name and password open nothing here", async (t) => {
  stage.shop.addUser("ada", steps.PASSWORD);
  const visitor = await Visitor.enter(t, stage, { origin: stage.shop.console });
  visitor.expect(/status of 40\d .*\/login/);
  await visitor.page.goto("/");
  await consoleSteps.logIn(visitor.page, "ada");
  await visitor.page.getByRole("alert").waitFor();
  await visitor.page.goto("/sales");
  assert.equal(new URL(visitor.page.url()).pathname, "/login");
});

test("after the log-out nothing is open any more", async (t) => {
  const { page } = await consoleSteps.enterConsole(t, stage);
  await page.getByRole("link", { name: "Log out" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.goto("/sales");
  assert.equal(new URL(page.url()).pathname, "/login");
});

test("a banned buyer: with a reason, seen on the blacklist, and lifted", async (t) => {
  stage.shop.addUser("mallory", steps.PASSWORD);
  const { page } = await consoleSteps.enterConsole(t, stage);
  await page.getByRole("link", { name: "Buyers" }).click();
  await page.getByLabel(/name/i).fill("mall");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("link", { name: "mallory" }).click();
  await page.getByLabel(/Reason/).fill("resells what was bought");
  await page.getByRole("radio", { name: "for good" }).check();
  await page.getByRole("button", { name: /blacklist/ }).click();
  await steps.shows(page.getByRole("status"), /blacklist/i);
  await page.getByRole("link", { name: "Blacklist" }).click();
  await steps.shows(page.getByRole("row").filter({ hasText: "mallory" }), /resells what was bought/);
  await page.getByRole("button", { name: /mallory/ }).click();
  await steps.shows(page.locator("main"), /Everybody may buy/);
});

// The product's page in every state: how it looks, and what axe says of it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { eventually } from "./support/eventually.mjs";
import { fixAnswer, fixCaptcha, fixTime, stripes } from "./support/fixtures.mjs";
import { assertPage } from "./support/page.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const NOW = "2099-12-30T21:56:54.500Z";
const FAR = "2100-01-01T12:00:00Z";
const DESCRIPTION = `A lamp of solid brass, for desks and for reading.

Height 42 cm, cable 180 cm. Two years of warranty.`;

let onSale;
const stage = setStage({
  prepare: async ({ shop }) => {
    onSale = await shop.openSale({ name: "Brass lamp", description: DESCRIPTION, ends: FAR });
  },
});

/** The page of a product, drawn once with all that it asked for, and its clock standing still. */
async function enter(t, product, options = {}) {
  const { guest = false, loggedOut = false, pictures = true, answer = [] } = options;
  const cookies = guest ? undefined : stage.shop.mint(1)[0];
  const visitor = await Visitor.enter(t, stage, { cookies });
  const { page } = visitor;
  visitor.expect(/status of 4\d\d .*\/(check|captcha\/verify|state|session)/);
  await fixTime(page, NOW);
  if (loggedOut) {
    const json = { type: "login-required" };
    await page.route("**/user/session", (route) => route.fulfill({ status: 401, json }));
  }
  if (pictures) await fixCaptcha(page);
  else await loseCaptcha(page);
  if (answer.length) await fixAnswer(page, ...answer);
  await page.goto(`/product/${product}`, { waitUntil: "networkidle" });
  await page.clock.runFor(500);
  return visitor;
}

/** No picture comes, and that is the last that the page hears: its clock stands still, so that another
    answer behind it would be the last word about the connection. */
async function loseCaptcha(page) {
  const isCaptcha = (request) => request.url().includes("/captcha?");
  const others = new Set();
  page.on("request", (request) => isCaptcha(request) || others.add(request));
  for (const end of ["requestfinished", "requestfailed"]) {
    page.on(end, (request) => others.delete(request));
  }
  await page.route("**/captcha?*", async (route) => {
    await eventually(() => assert.equal(others.size, 0));
    await route.abort();
  });
}

/** Presses Buy, with an answer to the captcha that the server takes or refuses. */
async function buy(page, verified = { status: 200, json: { pass: "a-pass" } }, outcome = /\w/) {
  await page.route("**/captcha/verify", (route) => route.fulfill(verified));
  await page.getByRole("textbox", { name: /characters/i }).fill("ABCDE");
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), outcome);
  await page.waitForLoadState("networkidle");
  await page.clock.runFor(500);
}

test("not on sale", async (t) => {
  const { page } = await enter(t, stage.shop.addProduct("Paper lantern"));
  await assertPage(page, "product-none");
});

test("upcoming", async (t) => {
  const product = await stage.shop.openSale({ name: "Desk lamp", starts: FAR });
  const { page } = await enter(t, product);
  await steps.shows(page.getByRole("timer"), /Starts in\s*1 day 14:03:0\d/);
  await assertPage(page, "product-upcoming");
});

test("upcoming, with the captcha that was fetched ahead", async (t) => {
  const start = new Date(Date.parse(NOW) + 8000).toISOString();
  const product = await stage.shop.openSale({ name: "Hall lamp", starts: start });
  const { page } = await enter(t, product);
  await page.getByRole("img", { name: /two lines/ }).waitFor();
  await steps.shows(steps.buyButton(page), /Not yet/);
  await assertPage(page, "product-ahead");
});

test("upcoming, with a session that is over", async (t) => {
  const product = await stage.shop.openSale({ name: "Floor lamp", starts: FAR });
  const { page } = await enter(t, product, { loggedOut: true });
  await steps.shows(steps.outcome(page), /not logged in any more/);
  await assertPage(page, "product-logged-out");
});

test("on sale, without a connection", async (t) => {
  const visitor = await enter(t, onSale);
  const { page } = visitor;
  visitor.expect(/net::ERR_INTERNET_DISCONNECTED/);
  await page.context().setOffline(true);
  await steps.shows(page.locator("#connection"), /You are offline/);
  await assertPage(page, "product-offline");
});

test("on sale, for a guest", async (t) => {
  const { page } = await enter(t, onSale, { guest: true });
  await assertPage(page, "product-on-guest");
});

test("on sale, with the captcha", async (t) => {
  const { page } = await enter(t, onSale);
  await assertPage(page, "product-on");
});

test("on sale, where the device works in the place of a picture", async (t) => {
  const { page } = await enter(t, onSale);
  await page.getByRole("button", { name: /let this device work/ }).click();
  await steps.shows(page.locator("#captcha-note"), /has done its work/);
  await assertPage(page, "product-works");
});

test("on sale, while the captcha does not come", async (t) => {
  const visitor = await enter(t, onSale, { pictures: false });
  const { page } = visitor;
  visitor.expect(/net::ERR_FAILED/);
  const note = page.locator("#captcha-note");
  await steps.shows(note, /Asking again in \d s/);
  await steps.shows(page.locator("#connection"), /cannot be reached/);
  await note.evaluate((element) => {
    element.textContent = element.textContent.replace(/\d/, "2"); // it is a random time
  });
  await assertPage(page, "product-no-picture");
});

test("on sale, without a captcha", async (t) => {
  const { page } = await enter(t, await stage.shop.openSale({ name: "Oil lamp", captcha: false }));
  await assertPage(page, "product-on-no-captcha");
});

test("on sale, with pictures and a list price", async (t) => {
  const { shop } = stage;
  const words = ["--name", "Reading lamp", "--list-price-cents", "4990"];
  const product = shop.run(["product", "add", ...words]);
  for (const [width, height] of [[640, 480], [300, 600]]) {
    const file = join(shop.data, "..", "picture.png");
    writeFileSync(file, stripes(width, height));
    shop.run(["product", "picture", "add", product, file, "--alt", `${width} pixels wide`]);
  }
  await shop.openSale({ product, ends: FAR });
  const { page } = await enter(t, product);
  await page.getByRole("img", { name: "640 pixels wide" }).waitFor();
  await assertPage(page, "product-pictures");
});

test("sold out", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ name: "Wall lamp", quantity: 1, captcha: false });
  await shop.buy(product, shop.mint(2)[0]);
  await shop.awaitStatus(product, "sold_out");
  const { page } = await enter(t, product);
  await assertPage(page, "product-sold-out");
});

test("ended", async (t) => {
  const { shop } = stage;
  const product = shop.addProduct("Street lamp");
  const sale = shop.createSale({ product });
  await shop.awaitStatus(product, "on");
  shop.run(["sale", "end", sale]);
  await shop.awaitStatus(product, "ended");
  const { page } = await enter(t, product);
  await assertPage(page, "product-ended");
});

test("bought", async (t) => {
  const { page } = await enter(t, onSale, { answer: [201, { result: "sold", order: 7 }] });
  await buy(page);
  await steps.shows(steps.outcome(page), /Sold/);
  await assertPage(page, "product-bought");
});

test("pending", async (t) => {
  const location = "/purchases/1/a-key-of-the-test?lease=1";
  const answer = [202, { result: "pending" }, { Location: location }];
  const { page } = await enter(t, onSale, { answer });
  await page.route("**/events?*", () => undefined); // says nothing yet
  await page.route("**/captcha/verify", (route) => route.fulfill({ json: { pass: "a-pass" } }));
  await page.getByRole("textbox", { name: /characters/i }).fill("ABCDE");
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), /on its way/);
  await page.clock.runFor(500);
  await assertPage(page, "product-pending");
});

test("a wrong answer to the captcha", async (t) => {
  const { page } = await enter(t, onSale);
  await buy(page, { status: 403, json: { type: "captcha-wrong" } });
  await steps.shows(steps.buyButton(page), /^Buy$/);
  await assertPage(page, "product-captcha-wrong");
});

test("a great many buyers at once", async (t) => {
  const answer = [429, { type: "busy" }, { "Retry-After": "2" }];
  const { page } = await enter(t, onSale, { answer });
  // "Very busy" is drawn by the page's clock, which stands still: behind the answer.
  await buy(page, undefined, /great many/);
  await assertPage(page, "product-busy");
});

test("refused", async (t) => {
  const { page } = await enter(t, onSale, { answer: [403, { type: "blacklisted" }] });
  await buy(page);
  await steps.shows(steps.outcome(page), /may not buy/);
  await assertPage(page, "product-refused");
});

test("every type of answer has words of its own", async (t) => {
  const types = {
    403: ["blacklisted", "not-started", "captcha-required", "bad-origin"],
    404: ["unknown-product"],
    409: ["limit-reached", "purchase-failed"],
    410: ["sold-out", "sale-ended", "key-forgotten"],
    422: ["key-reused"],
    429: ["too-soon", "busy"],
    400: ["key-required"],
    401: ["login-required"],
  };
  const product = await stage.shop.openSale({ name: "Torch", captcha: false });
  const { page } = await enter(t, product);
  const seen = new Set();
  for (const [status, names] of Object.entries(types)) {
    for (const type of names) {
      await page.unroute("**/check*");
      await fixAnswer(page, Number(status), { type, reason: "too-late" });
      await page.clock.runFor(11_000);
      await steps.buyButton(page).click();
      const words = await steps.newOutcome(page, seen);
      assert.doesNotMatch(words, /this page does not know/, type);
      seen.add(words);
    }
  }
  assert.equal(seen.size, Object.values(types).flat().length);
});

// The way of buyers who cannot see: no picture, and the device works instead. Walked by what a screen reader
// is told, and by keyboard; the server and its time are the real ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axTree } from "./support/ax_tree.mjs";
import { Visitor } from "./support/browser.mjs";
import { captchaAnswer } from "./support/captcha.mjs";
import { eventually } from "./support/eventually.mjs";
import { inSeconds } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const WAY = "No picture: let this device work instead";
const BACK = "Show a picture instead";
const MOST_TABS = 20;

const stage = setStage();
let buyers = 0;

async function enter(t, product) {
  const visitor = await Visitor.enter(t, stage, { cookies: stage.shop.mint((buyers += 1))[0] });
  await visitor.page.goto(`/product/${product}`);
  return visitor;
}

/** The same in a browser that was changed by `script` before the page ran. */
async function enterWith(t, product, script) {
  const visitor = await Visitor.enter(t, stage, { cookies: stage.shop.mint((buyers += 1))[0] });
  await visitor.page.addInitScript(script);
  await visitor.page.goto(`/product/${product}`);
  return visitor;
}

/** Presses Tab until the element with this name has the focus, as a screen reader hears it. */
async function tabTo(page, name) {
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await page.keyboard.press("Tab");
    const [focused] = (await axTree(page)).filter((node) => node.focused && node.role === "button");
    if (focused?.name === name) return;
  }
  assert.fail(`${MOST_TABS} tabs lead to no button “${name}”`);
}

/** Waits until the screen reader is told a text that matches, in a region that is read by itself. */
const hears = (page, pattern) =>
  eventually(async () => {
    const heard = await page.locator("[role=status]").allInnerTexts();
    assert.ok(heard.some((text) => pattern.test(text)), heard.join(" | "));
    assert.ok((await axTree(page)).some(({ role, live }) => role === "status" && live === "polite"));
  });

const note = (page) => page.locator("#captcha-note");

test("by keyboard and ear alone, from the page to the order", async (t) => {
  const visitor = await enter(t, await stage.shop.openSale());
  const { page } = visitor;
  await steps.shows(steps.buyButton(page), /^Buy$/);
  const before = await axTree(page);
  const has = (tree, role, name) => tree.some((node) => node.role === role && name.test(node.name));
  assert.ok(has(before, "group", /Show that you are a person/));
  assert.ok(has(before, "textbox", /characters/));
  await tabTo(page, WAY);
  await page.keyboard.press("Enter");
  await hears(page, /This device is working|has done its work/);
  await hears(page, /has done its work\. Press Buy/);
  const after = await axTree(page);
  assert.ok(!has(after, "image", /two lines/), "nothing is left to be read");
  assert.ok(!has(after, "textbox", /characters/), "nor to be typed");
  assert.ok(!has(after, "button", /New picture/));
  const [way] = after.filter(({ role, name }) => role === "button" && name === BACK);
  assert.ok(way.focused, "the focus stays where it was");
  await tabTo(page, "Buy");
  await page.keyboard.press("Enter");
  await hears(page, /Sold! One unit is yours/);
  await steps.soldOrder(page);
  assert.equal(visitor.checks.length, 1);
});

test("whoever chose it finds it again, working by itself before the start", async (t) => {
  const { shop } = stage;
  const visitor = await enter(t, await shop.openSale());
  const { page } = visitor;
  await page.getByRole("button", { name: WAY }).click();
  await steps.shows(note(page), /has done its work/);
  const product = await shop.openSale({ starts: inSeconds(3600) });
  const pictures = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/captcha") pictures.push(request.url());
  });
  await page.goto(`/product/${product}`);
  await steps.shows(page.getByRole("timer"), /Starts in/);
  await steps.reschedule({ shop, page, product }, { starts: inSeconds(15) });
  await steps.shows(note(page), /has done its work/);
  await steps.shows(page.locator("#status"), /On sale now/);
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
  assert.deepEqual(pictures, [], "no picture was asked for");
});

test("a work that is too old is done anew, and a picture may be had again", async (t) => {
  const visitor = await enter(t, await stage.shop.openSale({ limit: 2 }));
  visitor.expect(/status of 403 .*\/captcha\/verify/);
  const { page } = visitor;
  await page.getByRole("button", { name: WAY }).click();
  await steps.shows(note(page), /has done its work/);
  const type = "/openapi.json#captcha-wrong";
  const tooOld = (route) => route.fulfill({ status: 403, json: { type } });
  await page.route("**/captcha/verify", tooOld, { times: 1 });
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), /works anew/);
  await page.getByRole("button", { name: BACK }).click();
  await steps.solveAndBuy(visitor, stage.shop); // sooner than a person: the page waits
  await steps.soldOrder(page);
});

test("a browser of before 2023, which has no module workers, works all the same", async (t) => {
  const visitor = await enterWith(t, await stage.shop.openSale(), () => {
    const Native = globalThis.Worker;
    globalThis.Worker = class extends Native {
      constructor(url, { type = "classic" } = {}) {
        super(type === "classic" ? url : "/no-such-worker.js");
      }
    };
  });
  const { page } = visitor;
  await page.getByRole("button", { name: WAY }).click();
  await steps.shows(note(page), /has done its work/);
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
});

test("where no worker runs, the buyer is told so and has the picture", async (t) => {
  const visitor = await enterWith(t, await stage.shop.openSale(), () => {
    globalThis.Worker = class {
      constructor() {
        throw new DOMException("refused", "SecurityError");
      }
    };
  });
  const { page } = visitor;
  const asked = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/captcha/work") asked.push(request.url());
  });
  await page.getByRole("button", { name: WAY }).click();
  await hears(page, /This browser cannot do the work\. Press “Show a picture instead”/);
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), /cannot do the work/);
  assert.deepEqual(asked, [], "and nothing was asked for in vain");
  await page.getByRole("button", { name: BACK }).click();
  await steps.solveAndBuy(visitor, stage.shop);
  await steps.soldOrder(page);
});

test("a buyer who fetches too many pictures is told how long to wait, and of the other way", async (t) => {
  const visitor = await enter(t, await stage.shop.openSale());
  visitor.expect(/status of 429 .*\/captcha\?/);
  const { page } = visitor;
  await captchaAnswer(visitor, stage.shop.keyFile);
  const told = /as many pictures as one buyer gets in a minute.* Asking again in \d+ s/;
  await eventually(async () => {
    const picture = page.waitForResponse((response) => /\/captcha\?/.test(response.url()));
    await page.getByRole("button", { name: "New picture" }).click();
    await picture;
    await page.waitForTimeout(0);
    assert.match(await note(page).innerText(), told);
  });
  await page.getByRole("button", { name: WAY }).click();
  await steps.shows(note(page), /has done its work/);
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
});

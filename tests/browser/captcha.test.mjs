// Wrong answers to the captcha, and the rest between two tries.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { captchaAnswer } from "./support/captcha.mjs";
import { eventually } from "./support/eventually.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const REST_S = 10;
const WRONG = "!!!!!"; // in no captcha's alphabet
const REFUSED = [/status of 403 .*\/captcha\/verify/, /status of 429 .*\/captcha\/verify/];

/** The page's clock stands: an answer that came too soon would wait for ever (no_picture.test.mjs has
    the server's own time). */
const stage = setStage({ environment: { STAMPEDE_CAPTCHA_MINIMUM_SECONDS: "0" } });
let buyers = 0;

/** A new buyer at the page of a product on sale; its clock may stand, so that no rest is over before
    the test moves it. */
async function enter(t, product, clockStands = false) {
  const { shop } = stage;
  const [cookies] = shop.mint((buyers += 1));
  const visitor = await Visitor.enter(t, stage, { cookies });
  REFUSED.forEach((pattern) => visitor.expect(pattern));
  if (clockStands) {
    await visitor.page.clock.install({ time: Date.now() - 60_000 }); // it runs until it is paused
    await visitor.page.clock.pauseAt(Date.now());
  }
  await visitor.page.goto(`/product/${product}`);
  return visitor;
}

const rested = (page) =>
  steps.shows(steps.buyButton(page), /^Buy$/).then(() => steps.buyButton(page).isEnabled());

test("a wrong answer buys nothing and brings a new picture", async (t) => {
  const product = await stage.shop.openSale();
  const visitor = await enter(t, product, true);
  const { page } = visitor;
  await captchaAnswer(visitor, stage.shop.keyFile); // so that the next one is known to be new
  await steps.answerCaptcha(visitor, WRONG);
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), /not the characters/);
  assert.deepEqual(visitor.checks, [], "nothing was asked of /check");
  await steps.answerCaptcha(visitor, await captchaAnswer(visitor, stage.shop.keyFile));
  await steps.buyButton(page).click(); // at once: the server demands no rest
  await steps.soldOrder(page);
  assert.equal(stage.shop.orders(), 1);
});

test("five wrong answers are enough for a minute", async (t) => {
  const product = await stage.shop.openSale();
  const visitor = await enter(t, product, true);
  const { page } = visitor;
  // Again if the server has closed the connection that was kept from before.
  const verify = (answer) =>
    eventually(async () => {
      const key = "any-key-will-do-here";
      const response = await page.request.post("/captcha/verify", {
        data: { challenge: visitor.challenge, answer, productID: Number(product), key },
        headers: { Accept: "application/json" },
      });
      return response.status();
    });
  await captchaAnswer(visitor, stage.shop.keyFile);
  // The minute is the server's: these are quicker than a page.
  for (let wrong = 1; wrong <= 5; wrong += 1) assert.equal(await verify(WRONG), 403);
  await steps.answerCaptcha(visitor, WRONG);
  await steps.buyButton(page).click();
  await steps.shows(steps.outcome(page), /too many wrong answers/i);
  await page.clock.runFor((REST_S + 1) * 1000);
  assert.ok(await steps.buyButton(page).isDisabled(), "the button rests for more than ten seconds");
  // A buyer who goes past the button is refused by the server, with the right answer too.
  const answer = await captchaAnswer(visitor, stage.shop.keyFile);
  while ((await verify(WRONG)) !== 429); // a new minute may have begun
  assert.equal(await verify(answer), 429);
  assert.deepEqual(visitor.checks, []);
});

/** How often this page has asked for a captcha. */
function captchasOf(page) {
  const asked = { count: 0 };
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/captcha") asked.count += 1;
  });
  return asked;
}

test("a picture changes every minute, but not under somebody who types", async (t) => {
  const visitor = await enter(t, await stage.shop.openSale(), true);
  const { page } = visitor;
  const picture = async () => (await page.locator("#captcha img").getAttribute("src")) ?? "";
  const field = page.getByRole("textbox", { name: /characters/i });
  // None is drawn on a full machine for a moment: then the page asks again by its own clock.
  visitor.expect(/a status of 503 .*\/captcha\?/);
  const note = page.locator("#captcha-note");
  const anotherShown = () =>
    captchaAnswer(visitor, stage.shop.keyFile, async () => {
      if (/Asking again/.test(await note.textContent())) await page.clock.runFor(1000);
    });
  await captchaAnswer(visitor, stage.shop.keyFile);
  await page.clock.runFor(61_000);
  await anotherShown();
  const shown = await picture();
  await field.pressSequentially("AB");
  await page.clock.runFor(100_000);
  assert.equal(await picture(), shown, "one that is being answered stays");
  for (let key = 0; key < 6; key += 1) {
    await field.press("C");
    await page.clock.runFor(2500);
  }
  assert.equal(await picture(), shown, "beyond its time too, while somebody types");
  await page.clock.runFor(4000);
  await anotherShown();
  assert.equal(await field.inputValue(), "");
  await steps.shows(note, /was too old/);
});

test("a picture that does not come is asked for again: ever later, and at once when online", async (t) => {
  const product = await stage.shop.openSale();
  const visitor = await enter(t, product, true);
  visitor.expect(/net::ERR_(FAILED|INTERNET_DISCONNECTED)/);
  const { page } = visitor;
  await page.route("**/captcha?*", (route) => route.abort());
  const asked = captchasOf(page);
  await page.reload();
  const note = page.locator("#captcha-note");
  await steps.shows(note, /did not come\. Asking again in \d+ s/);
  for (const [tries, pause] of [[2, 2000], [3, 4000], [4, 8000], [5, 16_000]]) {
    await page.clock.runFor(pause);
    await eventually(async () => assert.ok(asked.count >= tries, `${asked.count} of ${tries}`));
  }
  await steps.shows(note, /did not come/);
  assert.ok(asked.count <= 31, `at least a second between two, not ${asked.count} in 30`);
  await page.unroute("**/captcha?*");
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await page.clock.runFor(600);
  await steps.answerCaptcha(visitor, await captchaAnswer(visitor, stage.shop.keyFile));
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
});

test("an empty answer is asked for, and starts no rest", async (t) => {
  const visitor = await enter(t, await stage.shop.openSale());
  await rested(visitor.page);
  await steps.buyButton(visitor.page).click();
  await steps.shows(steps.outcome(visitor.page), /type the characters/i);
  assert.ok(await steps.buyButton(visitor.page).isEnabled());
});

test("the button rests ten seconds after a click that was taken, through a reload and in another tab", async (t) => {
  const product = await stage.shop.openSale({ captcha: false, limit: 2 });
  const visitor = await enter(t, product, true);
  const { page } = visitor;
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
  await steps.shows(steps.buyButton(page), /Buy \(10\)/);
  assert.ok(await steps.buyButton(page).isDisabled());
  await page.reload();
  await steps.shows(steps.buyButton(page), /Buy \(\d+\)/);
  assert.ok(await steps.buyButton(page).isDisabled(), "a reload ends no rest");
  const other = await visitor.newPage();
  await other.goto(page.url());
  await steps.shows(steps.buyButton(other), /Buy \(\d+\)/);
  assert.ok(await steps.buyButton(other).isDisabled(), "another tab ends no rest");
  await page.clock.runFor(REST_S * 1000 - 1000);
  for (const tab of [page, other]) await steps.shows(steps.buyButton(tab), /Buy \(1\)/);
  await page.clock.runFor(1500);
  for (const tab of [page, other]) assert.ok(await rested(tab));
});

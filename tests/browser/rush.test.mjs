// How much one buyer asks of the shop, from arriving before the start to the order: every request of
// the real page is counted on its way to the real server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { captchaAnswer } from "./support/captcha.mjs";
import { CountingProxy } from "./support/counting_proxy.mjs";
import { eventually } from "./support/eventually.mjs";
import { inSeconds } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const MOST = 12; // of a buyer who comes two minutes early, with nothing in the browser's cache
/** `./test --long`: 120. Whoever comes later asks for as much: services/purchase/poll_after_test.cc
    counts how often two minutes bring a look at the sale's state. */
const EARLY_S = Number(process.env.RUSH_EARLY_S ?? 25);
const WHILE_ON_S = 5; // from one look to the next, of a page that has not bought yet

const stage = setStage();

/** A buyer who comes so many seconds before the start, with their requests counted from then on. Of
    what is fetched ahead the page gets this `share` of the time, 0 to 1, or one by chance. */
async function arrive(t, { early, buyer, captcha = true, share }) {
  const { shop } = stage;
  const product = await shop.openSale({ starts: inSeconds(3600), captcha });
  const { sale, starts_at: planned } = await shop.state(product);
  const proxy = await CountingProxy.start(t, shop.origin);
  const [cookies] = shop.mint(buyer);
  const visitor = await Visitor.enter(t, stage, { cookies, origin: proxy.origin });
  if (share !== undefined) {
    await visitor.page.addInitScript((value) => (Math.random = () => value), share);
  }
  await visitor.page.clock.install(); // it runs; the test only hurries it at the end
  shop.reschedule(sale, { starts: inSeconds(early) });
  await eventually(async () => assert.notEqual((await shop.state(product)).starts_at, planned));
  const { starts_at: start } = await shop.state(product);
  await visitor.page.goto(`/product/${product}`);
  return { visitor, page: visitor.page, proxy, start: Date.parse(start) };
}

test("from arriving before the start to bought, a page asks at most twelve times", async (t) => {
  const { visitor, page, proxy, start } = await arrive(t, { early: EARLY_S, buyer: 1 });
  await steps.shows(page.getByRole("timer"), /Starts in/);
  await steps.answerCaptcha(visitor, await captchaAnswer(visitor, stage.shop.keyFile));
  assert.ok(await steps.buyButton(page).isDisabled(), "the captcha came before the start");
  await steps.shows(page.locator("#status"), /On sale now/);
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
  const looks = Math.floor((Date.now() - start) / 1000 / WHILE_ON_S); // of a machine that took its time
  t.diagnostic(`${proxy.requests.length} requests: ${proxy.requests.join(", ")}`);
  const most = MOST + looks;
  assert.ok(proxy.requests.length <= most, `${proxy.requests.length} of ${most}`);

  const asked = proxy.requests.length;
  await page.clock.runFor(120_000);
  await page.evaluate(() => fetch("/time")); // whatever was asked before it has left by now
  assert.deepEqual(proxy.requests.slice(asked), ["GET /time"], "nothing after it has bought");
});

test("a session that ends while its page waits is told before the start", async (t) => {
  const { visitor, page } = await arrive(t, { early: 25, buyer: 2, captcha: false, share: 0.8 });
  visitor.expect(/status of 401 .*\/user\/session/);
  await steps.shows(page.getByRole("timer"), /Starts in/);
  await visitor.context.clearCookies({ name: "sign" });
  await steps.shows(steps.outcome(page), /not logged in any more/);
  await steps.shows(page.locator("#status"), /Coming soon/);
});

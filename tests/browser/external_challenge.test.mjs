// The challenge of somebody else in the place of the picture, walked with a stand-in for its provider, which
// speaks the protocol over TLS on this machine (provider_fixture.cc): the real ones cannot be reached here.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { violationsOn } from "./support/accessibility.mjs";
import { launch, Visitor } from "./support/browser.mjs";
import { Child } from "./support/child.mjs";
import { CountingProxy } from "./support/counting_proxy.mjs";
import { required } from "./support/environment.mjs";
import { eventually } from "./support/eventually.mjs";
import { Shop } from "./support/shop.mjs";
import * as steps from "./support/steps.mjs";

const stage = {};
let provider;
let providersOrigin = "";
let folder = "";
let closeProxy = () => {};
let buyers = 0;

/** What the provider answers to a command. */
async function tell(command) {
  provider.write(command);
  return provider.line();
}

/** The shop is behind a proxy, whose origin is known before the shop starts. */
before(async () => {
  provider = new Child(required("STAMPEDE_BROWSER_PROVIDER"), []);
  let authority = "";
  for (let line = ""; line !== "ready"; ) {
    line = await provider.line();
    const [name, value] = line.split(" ");
    if (name === "origin") providersOrigin = value;
    if (name === "authority") authority = value;
  }
  folder = mkdtempSync(join(tmpdir(), "stampede-challenge-"));
  const secret = join(folder, "secret");
  writeFileSync(secret, "the-secret-of-the-shop\n", { mode: 0o600 });
  stage.proxy = await CountingProxy.start({ after: (close) => (closeProxy = close) });
  stage.shop = await Shop.start({
    STAMPEDE_HTTP_ORIGIN: stage.proxy.origin,
    STAMPEDE_EXTERNAL_CHALLENGE_PROVIDER: "turnstile",
    STAMPEDE_EXTERNAL_CHALLENGE_SITE_KEY: "site-key",
    STAMPEDE_EXTERNAL_CHALLENGE_SECRET_FILE: secret,
    STAMPEDE_EXTERNAL_CHALLENGE_VERIFY_URL: `${providersOrigin}/siteverify`,
    STAMPEDE_EXTERNAL_CHALLENGE_SCRIPT_URL: `${providersOrigin}/api.js`,
    STAMPEDE_EXTERNAL_CHALLENGE_CA_FILE: authority,
  });
  stage.proxy.shop = stage.shop.origin;
  stage.browser = await launch();
});
after(async () => {
  await stage.browser?.close();
  await stage.shop?.stop();
  closeProxy();
  await provider?.finish();
  rmSync(folder, { recursive: true, force: true });
});

/** A new buyer at the page of a product on sale. */
async function enter(t, options = {}) {
  const product = await stage.shop.openSale();
  const visitor = await Visitor.enter(t, stage, {
    cookies: stage.shop.mint((buyers += 1))[0],
    origin: stage.proxy.origin,
    others: [providersOrigin],
    ignoreHTTPSErrors: true,
    ...options,
  });
  visitor.product = product;
  await visitor.page.goto(`/product/${product}`);
  return visitor;
}

const widget = (page) => page.frameLocator("#captcha-widget iframe").getByLabel("I am a person");
const note = (page) => page.locator("#captcha-note");

for (const width of [360, 1280]) {
  test(`at ${width} pixels: answered, and bought`, async (t) => {
    const { page, checks } = await enter(t, { viewport: { width, height: 800 } });
    await steps.shows(note(page), /Answer the challenge, then press Buy/);
    await steps.shows(steps.buyButton(page), /^Buy$/);
    await steps.buyButton(page).click();
    await steps.shows(steps.outcome(page), /Answer the challenge above first/);
    assert.ok(await page.locator("#captcha-frame").isHidden(), "no picture is there");
    assert.ok(await page.getByRole("textbox", { name: /characters/i }).isHidden());
    const frame = await page.locator("#captcha-widget iframe").boundingBox();
    const place = await page.locator("#captcha-widget").boundingBox();
    const form = await page.locator("#buy-form").boundingBox();
    assert.ok(frame.x >= form.x && frame.x + frame.width <= form.x + form.width, "it fits the form");
    assert.ok(frame.height <= place.height, "it has its place from the start");
    assert.deepEqual(await violationsOn(page), []);
    const judged = page.waitForResponse("**/captcha/verify");
    await widget(page).check();
    assert.equal((await judged).status(), 200, "the token is judged before anybody presses Buy");
    await steps.shows(note(page), /The challenge is answered/);
    await steps.buyButton(page).click();
    await steps.soldOrder(page);
    assert.equal(checks.length, 1);
  });
}

test("the page may load what is the provider's, and nothing else of others", async (t) => {
  const visitor = await enter(t);
  const response = await visitor.page.request.get(`/product/${visitor.product}`);
  const policy = response.headers()["content-security-policy"];
  for (const part of ["script-src 'self'", "connect-src 'self'", "style-src 'self'", "frame-src"]) {
    const own = part.startsWith("style") ? "" : " https://challenges.cloudflare.com";
    assert.ok(policy.includes(`${part}${own} ${providersOrigin};`), policy);
  }
  const login = await visitor.page.request.get("/user/login");
  assert.ok(!login.headers()["content-security-policy"].includes(providersOrigin));
  const elsewhere = new URL(providersOrigin.replace("127.0.0.1", "localhost")).origin;
  visitor.expect(/Content Security Policy|request: https:..localhost:/);
  const loaded = await visitor.page.evaluate(async (origin) => {
    const script = document.createElement("script");
    script.src = `${origin}/api.js`;
    const done = new Promise((resolve) => {
      script.addEventListener("load", () => resolve(true));
      script.addEventListener("error", () => resolve(false));
    });
    document.head.append(script);
    return done;
  }, elsewhere);
  assert.equal(loaded, false);
});

test("the shop's own captchas are not given while the provider is there", async (t) => {
  const { page, product } = await enter(t);
  for (const path of ["/captcha", "/captcha/work"]) {
    const response = await page.request.get(`${path}?productID=${product}&key=any-key-will-do-here`);
    assert.equal(response.status(), 403);
    assert.match((await response.json()).type, /#external-challenge$/);
  }
});

test("a token buys once: another buyer's is refused, and the page asks anew", async (t) => {
  const first = await enter(t);
  const sent = first.page.waitForRequest("**/captcha/verify");
  await widget(first.page).check();
  await steps.buyButton(first.page).click();
  await steps.soldOrder(first.page);
  const { token } = JSON.parse((await sent).postData());
  const second = await enter(t);
  second.expect(/status of 403 .*\/captcha\/verify/);
  await second.page.route("**/captcha/verify", (route) => {
    const body = JSON.parse(route.request().postData());
    return route.continue({ postData: JSON.stringify({ ...body, token }) });
  }, { times: 1 });
  await widget(second.page).check();
  await steps.shows(note(second.page), /does not count\. Answer this challenge/);
  await eventually(async () => assert.ok(!(await widget(second.page).isChecked()), "it was reset"));
  await widget(second.page).check();
  await steps.shows(note(second.page), /The challenge is answered/);
  await steps.buyButton(second.page).click();
  await steps.soldOrder(second.page);
  assert.equal(second.checks.length, 1);
});

test("a press while the token is being judged waits for it, and buys", async (t) => {
  const { page, checks } = await enter(t);
  let answer;
  const pressed = new Promise((resolve) => (answer = resolve));
  let sent = 0;
  await page.route("**/captcha/verify", async (route) => {
    sent += 1;
    await pressed;
    await route.continue();
  });
  await widget(page).check();
  await steps.shows(note(page), /is being checked/);
  await steps.buyButton(page).click();
  await steps.shows(steps.buyButton(page), /Asking/);
  answer();
  await steps.soldOrder(page);
  assert.deepEqual([sent, checks.length], [1, 1]);
});

test("an answer that was lost on its way is sent again by the page, and buys", async (t) => {
  const { page } = await enter(t).then((visitor) => {
    visitor.expect(/net::ERR_FAILED/);
    return visitor;
  });
  let sent = 0;
  page.on("request", (request) => (sent += Number(request.url().endsWith("/captcha/verify"))));
  await page.route("**/captcha/verify", async (route) => {
    await route.fetch(); // the shop has answered
    await route.abort();
  }, { times: 1 });
  const earned = page.waitForResponse("**/captcha/verify");
  await widget(page).check();
  assert.equal((await earned).status(), 200);
  assert.equal(sent, 2);
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
});

// These two come last: what was away is taken for away for a while.
test("where the provider gives no verdict, the shop's picture takes its place", async (t) => {
  const visitor = await enter(t);
  visitor.expect(/status of (503 .*\/captcha\/verify|403 .*\/captcha\?)/);
  const { page } = visitor;
  assert.equal(await tell("verdicts-away"), "done");
  const tokens = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/captcha/verify")) tokens.push(JSON.parse(request.postData()).token);
  });
  await widget(page).check();
  // It is away after a few failures, and not after one.
  await steps.shows(page.locator("#captcha-note"), /Capitals or not/);
  assert.ok(tokens.length > 1, "one failure does not make it away");
  await steps.solveAndBuy(visitor, stage.shop);
  await steps.soldOrder(page);
  assert.equal(await tell("back"), "done");
});

test("where nothing comes from the provider, the page has the picture or the work by itself", async (t) => {
  assert.equal(await tell("away"), "done");
  const visitor = await enter(t);
  visitor.expect(/status of (403|503)|net::ERR/);
  const { page } = visitor;
  await page.getByRole("button", { name: "No picture: let this device work instead" }).click();
  await steps.shows(note(page), /has done its work/);
  await steps.buyButton(page).click();
  await steps.soldOrder(page);
  assert.equal(await tell("back"), "done");
  await eventually(async () => {
    const metrics = await (await fetch(`${stage.shop.console}/metrics`)).text();
    assert.match(metrics, /^stampede_external_challenges_total\{result="replayed"\} 1$/m);
    assert.match(metrics, /^stampede_external_challenges_total\{result="unavailable"\} [2-5]$/m);
  });
});

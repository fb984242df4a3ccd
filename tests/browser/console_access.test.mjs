// Strangers and pages of another origin may not use the console.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import * as consoleSteps from "./support/console.mjs";
import { stripes } from "./support/fixtures.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const OPEN = ["/healthz", "/readyz", "/metrics"];

const stage = setStage({ prepare: consoleSteps.addOperator });

let buyers = 0;

/** A console with one of everything, so that every kind of page and form is somewhere in it. */
async function fill(page) {
  const { shop } = stage;
  await consoleSteps.addProduct(page, { name: "Brass lamp" });
  const product = new URL(page.url()).pathname.split("/").at(-1);
  await consoleSteps.uploadPicture(page, stripes(64, 48), "A lamp");
  const terms = { price: "19.99", quantity: 10, captcha: false };
  const sale = await consoleSteps.createSale(page, terms);
  shop.createSale({ product: shop.addProduct("Later"), starts: "2100-01-01T00:00:00Z" });
  await shop.awaitStatus(product, "on");
  buyers += 2;
  await shop.buy(product, shop.mint(buyers)[0]);
  shop.mint(buyers + 1);
  shop.run(["user", "ban", `id:${buyers + 1}`, "--reason", "a test"]);
  return { product, sale };
}

/** Everything that the console's pages lead to: {gets, posts}, paths. */
async function crawl(page) {
  const gets = new Set(["/"]);
  const posts = new Set();
  const visited = new Set();
  for (;;) {
    const path = [...gets].find((each) => !visited.has(each));
    if (path === undefined) return { gets, posts };
    visited.add(path);
    if (/\.(csv|svg|css|js|png)\b|^\/(static|pictures)\//.test(path)) continue;
    if (path.endsWith("/events") || visited.size > 60) continue;
    await page.goto(path);
    const found = await page.evaluate(() => {
      const all = (selector, name) =>
        [...document.querySelectorAll(selector)].map((element) => element.getAttribute(name));
      return {
        gets: [
          ...all("a[href]", "href"),
          ...all("img[src], script[src]", "src"),
          ...all("link[href]", "href"),
          ...all("[data-events]", "data-events"),
          ...all("form[method=get]", "action"),
        ],
        posts: [...all("form[method=post]", "action"), ...all("[data-address]", "data-address")],
      };
    });
    const local = (link) => new URL(link, page.url());
    for (const link of found.gets.map(local)) gets.add(link.pathname);
    for (const link of found.posts.map(local)) posts.add(link.pathname);
  }
}

test("without a login only health, metrics and the login page answer", async (t) => {
  const { shop } = stage;
  const visitor = await consoleSteps.enterConsole(t, stage);
  await fill(visitor.page);
  const { gets, posts } = await crawl(visitor.page);
  for (const path of ["/products/new", "/orders", "/orders.csv", "/audit-log", "/blacklist"]) {
    assert.ok(gets.has(path), `${path} is among ${[...gets]}`);
  }
  assert.ok(posts.size >= 8, `only these forms were found: ${[...posts]}`);

  const closed = (status) => [303, 401, 403].includes(status);
  const send = (path, options) => fetch(shop.console + path, { redirect: "manual", ...options });
  for (const path of gets) {
    const open = path === "/login" || path.startsWith("/static/");
    for (const accept of ["text/html", "application/json", "*/*"]) {
      const response = await send(path, { headers: { Accept: accept } });
      assert.equal(closed(response.status), !open, `GET ${path}: ${response.status}`);
      const to = response.headers.get("location") ?? "/login";
      if (!open) assert.match(to, /^\/login/, `GET ${path} leads to ${to}`);
    }
  }
  for (const path of posts) {
    if (path === "/login") continue;
    const response = await send(path, { method: "POST", body: new URLSearchParams({ token: "x" }) });
    assert.ok(closed(response.status), `POST ${path}: ${response.status}`);
  }
  assert.ok(closed((await send("/nowhere")).status), "a stranger learns nothing of what there is");
  for (const path of OPEN) assert.equal((await send(path)).status, 200, path);
  for (const path of ["/sales", "/products", "/orders.csv", ...OPEN]) {
    const response = await fetch(shop.origin + path, { redirect: "manual" });
    assert.equal(response.status, 404, `${path} on the shop's own listener`);
  }
});

/** Sends a form from a page of the shop, whose origin is another than the console's. */
async function sendFromShop(visitor, action, fields) {
  const { page } = visitor;
  await page.goto(`${stage.shop.origin}/another-origin`);
  const answered = page.waitForResponse((response) => response.request().method() === "POST");
  await page.evaluate(
    ({ to, values }) => {
      const form = document.createElement("form");
      form.method = "post";
      form.action = to;
      for (const [name, value] of Object.entries(values)) {
        const input = document.createElement("input");
        [input.name, input.value] = [name, value];
        form.append(input);
      }
      document.body.append(form);
      form.submit();
    },
    { to: stage.shop.console + action, values: fields },
  );
  const response = await answered;
  await page.waitForURL(response.url());
  return response.status();
}

test("a form that comes from another origin changes nothing, even with a token", async (t) => {
  const visitor = await consoleSteps.enterConsole(t, stage);
  visitor.expect(/./); // the test leaves the origin on purpose
  const { page, context } = visitor;
  const { sale, product } = await fill(page);
  await page.goto(`/sales/${sale}`);
  const end = page.locator('form[action$="/end"] input[name=token]');
  const token = await end.inputValue();
  await context.route("**/another-origin", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Another</title>" }),
  );
  const fields = { token, confirm: sale };
  assert.ok([401, 403].includes(await sendFromShop(visitor, `/sales/${sale}/end`, fields)));
  assert.equal((await stage.shop.state(product)).status, "on");
  const login = { token, name: consoleSteps.OPERATOR, password: steps.PASSWORD };
  assert.equal(await sendFromShop(visitor, "/login", login), 403);

  // The same from the console's own page goes through: it was the origin alone.
  await page.goto(`/sales/${sale}`);
  const response = await page.request.post(`/sales/${sale}/end`, {
    headers: { Origin: stage.shop.console },
    form: { ...fields, token: await end.inputValue() },
  });
  assert.ok(response.ok());
  await stage.shop.awaitStatus(product, "ended");
});

test("a form without its token changes nothing", async (t) => {
  const { page } = await consoleSteps.enterConsole(t, stage);
  const { sale, product } = await fill(page);
  const response = await page.request.post(`/sales/${sale}/end`, {
    headers: { Origin: stage.shop.console },
    form: { confirm: sale },
  });
  assert.equal(response.status(), 403);
  assert.equal((await stage.shop.state(product)).status, "on");
});

// Every operation of api/openapi.json, called at a real server, and nearly every answer of it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { answerOf } from "../browser/support/captcha.mjs";
import { Client } from "./support/client.mjs";
import { Contract } from "./support/contract.mjs";
import { problemsInSources, sentProof } from "./support/sources.mjs";
import { CHECKOUT, CHECKOUT_SECRET, PASSWORD, addPicture, busyShop, buyer, challengedShop, crowdedShop, freshKey, solveWork, tokenIn } from "./support/setting.mjs";

/** Answers of a shop that is in trouble, which these tests do not bring about: its database or its
    threads would have to stand still. */
const OF_TROUBLE = (answer) => answer.endsWith(" 503") || answer === "check 202";

const contract = new Contract();
let shop;
let products;
const call = (...words) => contract.call(...words);
const anyone = () => new Client(shop.origin);
const html = { accept: "text/html" };
const slug = ({ type }) => type.split("#")[1];

before(async () => {
  ({ shop, products } = await busyShop());
});
after(() => shop.stop());

test("pages, and what caches may keep", async () => {
  const visitor = anyone();
  const twice = async (id, request = {}) => {
    const { headers, text } = await call(visitor, id, 200, request);
    await call(visitor, id, 304, { ...request, headers: { "If-None-Match": headers.get("ETag") } });
    return text;
  };
  const page = await twice("listSales");
  await twice("showProduct", { path: { id: products.lamp } });
  await call(visitor, "showProduct", 404, { path: { id: 999 } });
  await call(visitor, "showProduct", 404, { path: { id: 999 }, ...html });
  const [, file] = /\/static\/(shop-[^"]+\.css)/.exec(page);
  await twice("asset", { path: { file } });
  await call(visitor, "asset", 404, { path: { file: "shop-0.css" } });
  const document = JSON.parse(await twice("description"));
  assert.equal(document.openapi, "3.1.0");
  for (const name of await addPicture(shop, products.lamp)) await twice("picture", { path: { name } });
  await call(visitor, "picture", 404, { path: { name: `${"0".repeat(32)}.png` } });
});

test("the state of sales", async () => {
  const states = { lamp: "on", upcoming: "upcoming", ended: "ended", soldOut: "sold_out" };
  for (const [product, status] of Object.entries(states)) {
    const { body } = await call(anyone(), "saleState", 200, { path: { id: products[product] } });
    assert.equal(body.status, status);
    assert.equal(body.poll_after_ms === null, status === "sold_out");
  }
  await call(anyone(), "saleState", 404, { path: { id: 999 } });
  const { body } = await call(anyone(), "time", 200);
  assert.ok(Math.abs(Date.parse(body.now) - body.epoch_ms) <= 1000);
});

test("accounts", async () => {
  const visitor = anyone();
  const formOf = async (id) => tokenIn((await call(visitor, id, 200)).text);
  const ada = { name: "ada", password: PASSWORD };
  await call(visitor, "register", 403, { form: { token: "forged", ...ada } });
  await call(visitor, "session", 401);
  let token = await formOf("registerForm");
  await call(visitor, "register", 422, { form: { token, name: "ada", password: "short" } });
  await call(visitor, "register", 303, { form: { token, ...ada } });
  await call(visitor, "register", 409, { form: { token, ...ada } });
  const { body: session } = await call(visitor, "session", 200);
  assert.ok(Date.parse(session.expires_at) > session.epoch_ms);
  token = await formOf("account");
  const change = (old, next) => ({ form: { token, old_password: old, new_password: next } });
  await call(visitor, "changePassword", 403, { form: { ...change("", "").form, token: "forged" } });
  await call(visitor, "changePassword", 401, change("not the password", PASSWORD));
  await call(visitor, "changePassword", 422, change(PASSWORD, "short"));
  await call(visitor, "changePassword", 303, change(PASSWORD, `${PASSWORD} 2`));
  await call(visitor, "logout", 403, { form: { token: "forged" } });
  await call(visitor, "logout", 403, { form: { token }, headers: { Origin: "http://evil.example" } });
  await call(visitor, "logout", 303, { form: { token } });
  await call(visitor, "account", 303);
  token = await formOf("loginForm");
  const login = (password) => ({ form: { token, name: "ada", password } });
  await call(visitor, "login", 401, login("not the password"));
  await call(visitor, "login", 403, { form: { ...login("").form, token: "forged" } });
  await call(visitor, "login", 303, login(`${PASSWORD} 2`));
});

test("too many tries", async () => {
  // All at once: of one account few may wait.
  const tried = (visitor, id, form) =>
    contract.callAtOnce(id, 429, 12, () => ({ client: visitor, request: { form } }));
  const visitor = anyone();
  const token = tokenIn((await call(visitor, "loginForm", 200)).text);
  const form = { token, name: "grace", password: PASSWORD };
  await call(visitor, "register", 303, { form });
  const wrong = { token, old_password: "not the password", new_password: PASSWORD };
  await tried(visitor, "changePassword", wrong);
  const guess = { token, name: "grace", password: "not the password" };
  await tried(visitor, "login", guess);
  await tried(visitor, "register", form);
});

test("from the captcha to the order", async () => {
  const client = buyer(shop, 1);
  const key = freshKey();
  const productID = products.captcha;
  const query = { productID, key };
  await call(anyone(), "captcha", 401, { query });
  await call(client, "captcha", 400, { query: { productID } });
  await call(client, "captcha", 404, { query: { productID: 999, key } });
  const early = await call(client, "captcha", 403, { query: { productID: products.upcoming, key } });
  assert.equal(slug(early.body), "not-started");
  const { headers } = await call(client, "captcha", 200, { query });
  const challenge = headers.get("Captcha-Challenge");
  const answer = answerOf(challenge, shop.keyFile);
  const json = { challenge, answer, productID: Number(productID), key };
  await call(anyone(), "verifyCaptcha", 401, { json });
  await call(client, "verifyCaptcha", 400, { json: { ...json, challenge: undefined } });
  await call(client, "verifyCaptcha", 400, { json: { ...json, key: "short" } });
  await call(client, "verifyCaptcha", 404, { json: { ...json, productID: 0 } });
  await call(client, "verifyCaptcha", 403, { json, headers: { Origin: "http://evil.example" } });
  await call(client, "verifyCaptcha", 403, { json: { ...json, answer: "wrong" } });
  const { body } = await call(client, "verifyCaptcha", 200, { json });
  const { body: state } = await call(client, "saleState", 200, { path: { id: productID } });
  const named = { productID, sale: state.sale };
  const intent = { query: named, headers: { "Idempotency-Key": key } };
  const without = await call(client, "check", 403, intent);
  assert.equal(slug(without.body), "captcha-required");
  intent.headers["Captcha-Pass"] = body.pass;
  const { body: sold } = await call(client, "check", 201, intent);
  assert.deepEqual((await call(client, "check", 200, intent)).body, sold);

  const other = buyer(shop, 2);
  for (let wrong = 0; wrong < 5; wrong += 1) {
    await call(other, "verifyCaptcha", 403, { json: { ...json, answer: "wrong" } });
  }
  await call(other, "verifyCaptcha", 429, { json });
});

test("a proof of work in the place of a picture", async () => {
  const client = buyer(shop, 8);
  const key = freshKey();
  const productID = products.captcha;
  const query = { productID, key };
  await call(anyone(), "captchaWork", 401, { query });
  await call(client, "captchaWork", 400, { query: { productID } });
  await call(client, "captchaWork", 404, { query: { productID: 999, key } });
  await call(client, "captchaWork", 403, { query: { productID: products.upcoming, key } });
  const { body: task } = await call(client, "captchaWork", 200, { query });
  const solution = { challenge: task.signature, answer: solveWork(task) };
  const json = { ...solution, productID: Number(productID), key };
  const { body } = await call(client, "verifyCaptcha", 200, { json });
  const { body: again } = await call(client, "verifyCaptcha", 200, { json });
  assert.ok(again.pass, "for the same intent: the first answer may have been lost");
  await call(client, "check", 201, {
    query: { productID },
    headers: { "Idempotency-Key": key, "Captcha-Pass": body.pass },
  });
  for (const id of ["captcha", "captchaWork"]) {
    await contract.callUntil(id, 429, 50, () => ({ client, request: { query } }));
  }
});

test("the challenge of a provider who is away", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stampede-api-"));
  const challenged = await challengedShop(folder);
  try {
    const productID = await challenged.openSale();
    const [client, key] = [buyer(challenged, 1), freshKey()];
    const query = { productID, key };
    const json = { token: "token", productID: Number(productID), key };
    const refused = await call(client, "captcha", 403, { query });
    assert.equal(slug(refused.body), "external-challenge");
    // Three failures in a row make it away, so that one alone does not.
    for (let i = 0; i < 3; ++i) {
      const unjudged = await call(client, "verifyCaptcha", 503, { json });
      assert.equal(slug(unjudged.body), "challenge-unavailable");
    }
    await call(client, "captcha", 200, { query });
    await call(client, "captchaWork", 200, { query });
  } finally {
    await challenged.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("no, and not now", async () => {
  const client = buyer(shop, 3);
  const key = freshKey();
  const intent = (productID, name = freshKey()) => ({
    query: { productID },
    headers: { "Idempotency-Key": name },
  });
  const is = async (answer, type) => assert.equal(slug((await answer).body), type);
  await call(anyone(), "check", 401, intent(products.lamp));
  await call(client, "check", 400, { query: { productID: products.lamp } });
  const elsewhere = intent(products.lamp);
  elsewhere.headers.Origin = "http://evil.example";
  await is(call(client, "check", 403, elsewhere), "bad-origin");
  await is(call(client, "check", 404, intent(999)), "unknown-product");
  const inSale = (sale) => ({ ...intent(products.lamp), query: { productID: products.lamp, sale } });
  await is(call(client, "check", 404, inSale(999)), "unknown-sale");
  await is(call(client, "check", 400, inSale("x")), "bad-number");
  await is(call(client, "check", 403, intent(products.upcoming)), "not-started");
  await is(call(client, "check", 410, intent(products.ended)), "sale-ended");
  await is(call(client, "check", 410, intent(products.soldOut)), "sold-out");
  await call(client, "check", 201, intent(products.lamp, key));
  await is(call(client, "check", 422, intent(products.captcha, key)), "key-reused");
  const limit = await call(client, "check", 409, intent(products.lamp));
  assert.equal(slug(limit.body), "limit-reached");
  assert.equal(limit.body.orders.length, 1);

  const another = await shop.openSale({ name: "Spoon", captcha: false });
  await is(call(client, "check", 429, intent(another)), "too-soon");

  const banned = buyer(shop, 4);
  shop.run(["user", "ban", "id:4"]);
  await shop.openSale({ name: "Fork" }); // known to the server: so is the ban
  await is(call(banned, "check", 403, intent(products.lamp)), "blacklisted");
});

test("what comes twice is refused", async () => {
  const key = freshKey();
  const query = { productID: products.lamp };
  const twice = await call(buyer(shop, 7), "check", 400, {
    query,
    headers: { "Idempotency-Key": [key, key] },
  });
  assert.equal(slug(twice.body), "doubled-header");
  assert.match(twice.body.detail, /Idempotency-Key/);
  const [{ value }] = shop.mint(7)[0].filter(({ name }) => name === "sign");
  for (const cookies of [`sign=${value}; sign=${value}`, [`sign=${value}`, "a=b; sign=other"]]) {
    const headers = { Cookie: cookies, "Idempotency-Key": key };
    const { body } = await call(anyone(), "check", 400, { query, headers });
    assert.equal(slug(body), "doubled-cookie");
    assert.match(body.detail, /“sign”/);
  }
  const page = await anyone().send("GET", "/", { headers: { Cookie: "uid=1; uid=2" }, ...html });
  assert.equal(page.status, 400);
  assert.equal(contract.judgeProblem(JSON.parse(page.text)), "doubled-cookie");
  await call(buyer(shop, 7), "check", 201, { query, headers: { "Idempotency-Key": key } });
});

test("every route answers with the headers of its kind, also where it refuses", async () => {
  for (const origin of [shop.origin, shop.console]) {
    const visitor = new Client(origin);
    for (const [method, target] of [
      ["GET", "/nowhere"],
      ["POST", "/nowhere"],
      ["PUT", "/"],
      ["GET", "/%2e%2e/etc"],
      ["GET", "/orders"],
      ["GET", "/user/login"],
      ["GET", "/login"],
      ["GET", "/metrics"],
    ]) {
      const { status, headers, text } = await visitor.send(method, target);
      const name = `${origin} ${method} ${target} ${status}`;
      assert.equal(headers.get("X-Content-Type-Options"), "nosniff", name);
      assert.equal(headers.get("Cache-Control"), "no-store", name);
      assert.equal(headers.has("WWW-Authenticate"), status === 401, name);
      if (headers.get("Content-Type") === "application/problem+json") {
        contract.judgeProblem(JSON.parse(text));
      }
    }
  }
});

test("every type of problem that the sources name is described", () => {
  const named = problemsInSources();
  assert.ok(named.size > 30, [...named].join());
  const described = new Set(contract.problems());
  assert.deepEqual([...named].filter((type) => !described.has(type)), []);
});

test("purchases and orders", async () => {
  const client = buyer(shop, 5);
  const key = freshKey();
  const { body: sold } = await call(client, "check", 201, {
    query: { productID: products.lamp },
    headers: { "Idempotency-Key": key },
  });
  const { body: order } = await call(client, "showOrder", 200, { path: { number: sold.order } });
  assert.equal(order.product_name, "Lamp");
  const { body: list } = await call(client, "listOrders", 200);
  assert.deepEqual(list.orders, [order]);
  await call(client, "listOrders", 400, { query: { before: "x" } });
  await call(buyer(shop, 6), "showOrder", 404, { path: { number: sold.order } });

  const purchase = { path: { sale: order.sale, key } };
  const { body: outcome } = await call(client, "purchase", 200, purchase);
  assert.deepEqual(outcome, { result: "success", order: sold.order });
  const lease = 1;
  const sent = sentProof(shop.keyFile, `${5} ${order.sale} ${key} ${lease}`);
  const taken = { ...purchase, query: { lease, sent } };
  const { text } = await call(client, "followPurchase", 200, taken);
  const [, data] = /event: outcome\ndata: (.*)\n\n/.exec(text);
  contract.judge("Outcome", JSON.parse(data));
  await call(client, "purchase", 404, { path: { ...purchase.path, key: freshKey() } });
  await call(client, "purchase", 400, { ...purchase, query: { lease: "x" } });
  await call(client, "followPurchase", 400, { ...purchase, query: { lease: "x" } });
  await call(anyone(), "followPurchase", 401, purchase);
  await call(client, "followPurchase", 404, purchase);
  await call(client, "followPurchase", 404, { ...purchase, query: { lease: 2, sent } });
  await call(buyer(shop, 6), "followPurchase", 404, taken);
  for (const [id, request] of [
    ["purchase", purchase],
    ["showOrder", { path: { number: sold.order } }],
    ["listOrders", {}],
  ]) {
    await call(anyone(), id, 401, request);
    await call(anyone(), id, 303, { ...request, ...html });
    await call(client, id, 200, { ...request, ...html });
  }
});

test("a held order, and what its checkout is told", async () => {
  const client = buyer(shop, 9);
  const key = freshKey();
  const intent = { query: { productID: products.held }, headers: { "Idempotency-Key": key } };
  const { body: held } = await call(client, "check", 201, intent);
  assert.equal(held.result, "held");
  assert.deepEqual((await call(client, "check", 200, intent)).body, held);
  const path = { number: held.order };
  const { body: order } = await call(client, "showOrder", 200, { path });
  assert.deepEqual([order.status, order.pay_by], ["held", held.pay_by]);
  const { body: outcome } = await call(client, "purchase", 200, { path: { sale: order.sale, key } });
  assert.deepEqual(outcome, held);

  assert.equal(held.pay, `/orders/${held.order}/pay`);
  const { headers } = await call(client, "payOrder", 303, { path });
  const location = new URL(headers.get("Location"));
  assert.ok(location.href.startsWith(CHECKOUT), location.href);
  const names = ["order", "amount_cents", "pay_by", "return_url"];
  const told = names.map((name) => location.searchParams.get(name));
  const back = `${shop.origin}/orders/${held.order}`;
  assert.deepEqual(told, [String(held.order), "1999", held.pay_by, back]);
  const signature = createHmac("sha256", CHECKOUT_SECRET).update(told.join("\n")).digest("hex");
  assert.equal(location.searchParams.get("signature"), signature);

  await call(anyone(), "payOrder", 401, { path });
  await call(anyone(), "payOrder", 303, { path, ...html });
  await call(buyer(shop, 6), "payOrder", 404, { path });
  await call(buyer(shop, 6), "payOrder", 404, { path, ...html });
  shop.run(["order", "pay", String(held.order), "--reference", "cash:1"]);
  const paid = await call(client, "payOrder", 409, { path });
  assert.equal(slug(paid.body), "not-held");
  await call(client, "payOrder", 409, { path, ...html });
  assert.equal((await call(client, "showOrder", 200, { path })).body.status, "paid");
});

test("the API, for the merchant's own programs", async () => {
  const [reader, writer] = ["orders:read", "orders:write"].map((scope) => {
    const token = shop.run(["token", "create", scope, "--scope", scope]);
    return { Authorization: `Bearer ${token}` };
  });
  const program = new Client(shop.console);
  const held = async (number) => {
    const intent = { query: { productID: products.held }, headers: { "Idempotency-Key": freshKey() } };
    const { body } = await call(buyer(shop, number), "check", 201, intent);
    return { number: body.order };
  };
  const path = await held(11);
  const payment = contract.example("apiPay");
  const pay = { path, json: payment, headers: writer };
  await call(program, "apiOrder", 401, { path });
  await call(program, "apiOrder", 403, { path, headers: writer });
  await call(program, "apiOrder", 404, { path: { number: 999_999 }, headers: reader });
  await call(program, "apiPay", 401, { path, json: payment });
  await call(program, "apiPay", 401, { ...pay, headers: { Authorization: `Bearer stampede_${"A".repeat(43)}` } });
  await call(program, "apiPay", 403, { ...pay, headers: reader });
  await call(program, "apiPay", 404, { ...pay, path: { number: 999_999 } });
  await call(program, "apiPay", 400, { ...pay, json: { amount_cents: "1999" } });
  await call(program, "apiPay", 422, { ...pay, json: { ...payment, reference: "with a space" } });
  const { body: paid } = await call(program, "apiPay", 201, pay);
  assert.equal(paid.state, "kept");
  assert.deepEqual((await call(program, "apiPay", 200, pay)).body, paid);
  const { body: order } = await call(program, "apiOrder", 200, { path, headers: reader });
  assert.equal(order.status, "paid");
  assert.deepEqual(order.events.map(({ event, actor }) => [event, actor]), [["paid", "api:orders:write"]]);
  assert.deepEqual(order.payments, [paid]);

  const cancel = { path, json: contract.example("apiCancel"), headers: writer };
  await call(program, "apiCancel", 401, { ...cancel, headers: {} });
  await call(program, "apiCancel", 403, { ...cancel, headers: reader });
  await call(program, "apiCancel", 404, { ...cancel, path: { number: 999_999 } });
  await call(program, "apiCancel", 400, { ...cancel, json: { because: "" } });
  await call(program, "apiCancel", 422, { ...cancel, json: { reason: "x".repeat(201) } });
  await call(program, "apiCancel", 201, cancel);
  await call(program, "apiCancel", 200, cancel);

  const refund = { path, json: contract.example("apiRefund"), headers: writer };
  await call(program, "apiRefund", 401, { ...refund, headers: {} });
  await call(program, "apiRefund", 403, { ...refund, headers: reader });
  await call(program, "apiRefund", 404, { ...refund, path: { number: 999_999 } });
  await call(program, "apiRefund", 400, { ...refund, json: {} });
  await call(program, "apiRefund", 422, { ...refund, json: { reference: "shop:unknown" } });
  const { body: refunded } = await call(program, "apiRefund", 201, refund);
  assert.equal(refunded.state, "refunded");
  await call(program, "apiRefund", 200, refund);

  const [{ id }] = JSON.parse(shop.run(["token", "list", "--json"]));
  shop.run(["token", "revoke", String(id)]);
  const { body: over } = await call(program, "apiOrder", 401, { path, headers: reader });
  assert.match(over.detail, /revoked/);
  assert.equal((await anyone().send("GET", `/api/v1/orders/${path.number}`, { headers: writer })).status, 404);
});

test("a crowd", async () => {
  const crowded = await crowdedShop();
  try {
    const product = await crowded.openSale({ captcha: false, quantity: 1000 });
    const visitor = { client: new Client(crowded.origin), request: { path: { id: product } } };
    await contract.callUntil("showProduct", 429, 100, () => visitor);
    const buyers = crowded.mint(1, 100).map((cookies) => new Client(crowded.origin, cookies));
    const { body } = await contract.callUntil("check", 429, buyers.length, () => ({
      client: buyers.pop(),
      request: { query: { productID: product }, headers: { "Idempotency-Key": freshKey() } },
    }));
    assert.equal(slug(body), "busy");
    const productID = await crowded.openSale();
    const [client, key] = [buyer(crowded, 101), freshKey()];
    const { headers } = await call(client, "captcha", 200, { query: { productID, key } });
    const challenge = headers.get("Captcha-Challenge");
    const json = { challenge, answer: "WRONG", productID: Number(productID), key };
    const early = await call(client, "verifyCaptcha", 429, { json });
    assert.equal(slug(early.body), "too-fast");
  } finally {
    await crowded.stop();
  }
});

test("the API of webhooks", async () => {
  const [reader, owner] = ["orders:read", "webhooks"].map((scope) => {
    const token = shop.run(["token", "create", scope, "--scope", scope]);
    return { Authorization: `Bearer ${token}` };
  });
  const program = new Client(shop.console);
  const json = contract.example("apiAddWebhook");
  await call(program, "apiAddWebhook", 401, { json });
  await call(program, "apiAddWebhook", 403, { json, headers: reader });
  await call(program, "apiAddWebhook", 400, { json: { ...json, events: ["order.sold"] }, headers: owner });
  const nearby = { ...json, url: "https://127.0.0.1/webhooks" };
  const { body: refused } = await call(program, "apiAddWebhook", 422, { json: nearby, headers: owner });
  assert.match(refused.detail, /not in the public network; expected/);
  const { body: added } = await call(program, "apiAddWebhook", 201, { json, headers: owner });
  assert.deepEqual([added.url, added.events], [json.url, json.events]);
  const [path, unknown] = [{ id: added.id }, { id: 999_999 }];
  await call(program, "apiWebhooks", 401);
  await call(program, "apiWebhooks", 403, { headers: reader });
  const { body: list } = await call(program, "apiWebhooks", 200, { headers: owner });
  const { secret, ...shown } = added;
  assert.deepEqual(list.webhooks, [shown]);
  const replay = { json: contract.example("apiReplayWebhook") };
  for (const [id, request] of [
    ["apiWebhook", {}],
    ["apiWebhookLog", {}],
    ["apiReplayWebhook", replay],
    ["apiRotateWebhook", { json: {} }],
    ["apiEnableWebhook", { json: {} }],
    ["apiRemoveWebhook", { json: {} }],
  ]) {
    await call(program, id, 401, { ...request, path });
    await call(program, id, 403, { ...request, path, headers: reader });
    await call(program, id, 404, { ...request, path: unknown, headers: owner });
    const { body } = await call(program, id, 200, { ...request, path, headers: owner });
    if (id === "apiRotateWebhook") assert.notEqual(body.secret, secret);
  }
  await call(program, "apiWebhook", 404, { path, headers: owner });
  const { body: again } = await call(program, "apiAddWebhook", 201, { json, headers: owner });
  const other = { path: { id: again.id }, headers: owner };
  await call(program, "apiReplayWebhook", 400, { ...other, json: {} });
  await call(program, "apiWebhookLog", 400, { ...other, query: { before: "x" } });
});

test("operations, on the console's listener alone", async () => {
  const monitor = new Client(shop.console);
  for (const id of ["health", "readiness", "metrics"]) await call(monitor, id, 200);
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    assert.equal((await anyone().send("GET", path)).status, 404, path);
  }
});

test("every documented answer was given", () => {
  assert.deepEqual(contract.unseen().filter((answer) => !OF_TROUBLE(answer)), []);
});

// A real delivery, judged by the library that receivers use: the npm package standardwebhooks.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { required } from "../browser/support/environment.mjs";
import { eventually } from "../browser/support/eventually.mjs";
import { Shop } from "../browser/support/shop.mjs";
import { Client } from "./support/client.mjs";
import { Contract } from "./support/contract.mjs";
import { buyer, freshKey } from "./support/setting.mjs";

const require = createRequire(`${required("STAMPEDE_API_PACKAGES")}/`);
const { Webhook } = require("standardwebhooks");

const contract = new Contract();
const deliveries = [];
let receiver;
let shop;

before(async () => {
  receiver = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      deliveries.push({ path: request.url, headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise((listening) => receiver.listen(0, "127.0.0.1", listening));
  shop = await Shop.start({ STAMPEDE_WEBHOOKS_PRIVATE_ADDRESSES: "allowed" });
});
after(async () => {
  await shop.stop();
  receiver.closeAllConnections?.();
  receiver.close();
});

const url = (path) => `http://127.0.0.1:${receiver.address().port}${path}`;
const newest = (path, type) =>
  eventually(() => {
    const found = deliveries.filter((each) => each.path === path && JSON.parse(each.body).type === type);
    assert.ok(found.length > 0, `${type} at ${path}`);
    return found.at(-1);
  });
const buy = async (number, product) => {
  const intent = { query: { productID: product }, headers: { "Idempotency-Key": freshKey() } };
  const { body } = await contract.call(buyer(shop, number), "check", 201, intent);
  return body.order;
};

test("the library accepts what is delivered, and nothing that was changed", async () => {
  const config = join(shop.data, "allowed.toml");
  writeFileSync(config, '[webhooks]\nprivate_addresses = "allowed"\n');
  const secret = shop.run(["webhook", "add", url("/a"), "--config", config]);
  const order = await buy(1, await shop.openSale({ captcha: false }));
  const { headers, body } = await newest("/a", "order.created");
  const told = new Webhook(secret).verify(body, headers);
  contract.judge("WebhookMessage", told);
  assert.equal(told.data.order, order);
  assert.equal(told.data.amount_cents, 1999);
  assert.equal(headers["content-type"], "application/json");
  const forged = body.replace('"amount_cents":1999', '"amount_cents":1');
  assert.notEqual(forged, body);
  assert.throws(() => new Webhook(secret).verify(forged, headers));
  const other = { ...headers, "webhook-id": `${headers["webhook-id"]}1` };
  assert.throws(() => new Webhook(secret).verify(body, other));
  const later = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) };
  assert.throws(() => new Webhook(secret).verify(body, later));
});

test("either secret is good while two are, for every event of a held order", async () => {
  const program = new Client(shop.console);
  const token = shop.run(["token", "create", "erp", "--scope", "webhooks"]);
  const bearing = { Authorization: `Bearer ${token}` };
  const added = await contract.call(program, "apiAddWebhook", 201, {
    json: { url: url("/b"), events: [] },
    headers: bearing,
  });
  const { id, secret } = added.body;
  const rotated = await contract.call(program, "apiRotateWebhook", 200, { path: { id }, json: {}, headers: bearing });
  const product = await shop.openSale({ name: "Clock", captcha: false, hold: 3600 });
  const order = await eventually(async () => {
    const bought = await buy(2 + deliveries.length, product);
    const { headers } = await newest("/b", "order.held");
    assert.equal(headers["webhook-signature"].split(" ").length, 2, "the rotation is known");
    return bought;
  });
  shop.run(["order", "pay", String(order), "--reference", "cash:1"]);
  shop.run(["order", "cancel", String(order), "--reason", "asked for"]);
  shop.run(["order", "refund", "--reference", "cash:1"]);
  for (const type of ["order.held", "order.paid", "order.refund_due", "order.refunded"]) {
    const { headers, body } = await newest("/b", type);
    for (const each of [secret, rotated.body.secret]) {
      contract.judge("WebhookMessage", new Webhook(each).verify(body, headers));
    }
  }
  const { body: log } = await eventually(async () => {
    const answer = await contract.call(program, "apiWebhookLog", 200, { path: { id }, headers: bearing });
    assert.ok(answer.body.attempts.some(({ status }) => status === 204));
    return answer;
  });
  assert.ok(log.attempts.every(({ failure }) => failure === ""));
});

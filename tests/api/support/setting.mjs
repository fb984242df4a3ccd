// Shops in the states that the document speaks of.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { Shop, inSeconds } from "../../browser/support/shop.mjs";
import { eventually } from "../../browser/support/eventually.mjs";
import { Client } from "./client.mjs";

export const PASSWORD = "correct horse battery";
export const freshKey = () => randomBytes(24).toString("base64url");

/** The token of the form on a page. */
export const tokenIn = (html) => /name="token" value="([^"]+)"/.exec(html)[1];

/** The merchant's own checkout, as the busy shop is told of it. */
export const CHECKOUT = "https://pay.example/stampede?shop=a";
export const CHECKOUT_SECRET = "a-secret-of-the-shop-and-its-checkout";

/** The checkout's secret in a file of its owner's alone; gone with the process. */
function secretFile() {
  const folder = mkdtempSync(join(tmpdir(), "stampede-api-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "secret");
  writeFileSync(file, `${CHECKOUT_SECRET}\n`, { mode: 0o600 });
  return file;
}

/** A shop with one product in each state: on (with `captcha`, or without: `lamp`; or with orders that
    are `held`), upcoming, ended, sold out. */
export async function busyShop() {
  // A buyer who bought may not buy again for as long as these tests may take.
  const shop = await Shop.start({
    STAMPEDE_ADMISSION_INTERVAL_SECONDS: "600",
    STAMPEDE_CAPTCHA_MINIMUM_SECONDS: "0",
    STAMPEDE_CAPTCHA_WORK: "1000",
    STAMPEDE_PAYMENT_CHECKOUT_URL: CHECKOUT,
    STAMPEDE_PAYMENT_SECRET_FILE: secretFile(),
  });
  const products = {
    lamp: await shop.openSale({ name: "Lamp", captcha: false }),
    captcha: await shop.openSale({ name: "Vase" }),
    held: await shop.openSale({ name: "Clock", captcha: false, hold: 3600 }),
    upcoming: await shop.openSale({ name: "Chair", starts: inSeconds(3600) }),
    ended: await shop.openSale({ name: "Table" }),
    soldOut: await shop.openSale({ name: "Mug", quantity: 1, captcha: false }),
  };
  const sales = JSON.parse(shop.run(["sale", "list", "--json"]));
  const ended = sales.find((sale) => String(sale.product) === products.ended);
  shop.run(["sale", "end", String(ended.id)]);
  await shop.awaitStatus(products.ended, "ended");
  await shop.buy(products.soldOut, shop.mint(1000)[0]);
  await shop.awaitStatus(products.soldOut, "sold_out");
  return { shop, products };
}

/** A shop that takes in one visitor a second and one purchase a second, and answers to captchas a
    minute after them. */
export const crowdedShop = () =>
  Shop.start({
    STAMPEDE_ADMISSION_CHECK_RATE: "1",
    STAMPEDE_ADMISSION_CHECK_BURST: "1",
    STAMPEDE_ADMISSION_PRODUCT_RATE: "1",
    STAMPEDE_ADMISSION_PRODUCT_BURST: "1",
    STAMPEDE_CAPTCHA_MINIMUM_SECONDS: "60",
  });

/** A shop with the challenge of a provider whom nobody reaches. `folder` is for its secret. */
export function challengedShop(folder) {
  const secret = join(folder, "secret");
  writeFileSync(secret, "secret", { mode: 0o600 });
  return Shop.start({
    STAMPEDE_HTTP_ORIGIN: "http://shop.example",
    STAMPEDE_EXTERNAL_CHALLENGE_PROVIDER: "turnstile",
    STAMPEDE_EXTERNAL_CHALLENGE_SITE_KEY: "site-key",
    STAMPEDE_EXTERNAL_CHALLENGE_SECRET_FILE: secret,
    STAMPEDE_EXTERNAL_CHALLENGE_VERIFY_URL: "https://127.0.0.1:9/siteverify",
    STAMPEDE_EXTERNAL_CHALLENGE_SCRIPT_URL: "https://127.0.0.1:9/api.js",
  });
}

/** A buyer who is logged in. */
export const buyer = (shop, id) => new Client(shop.origin, shop.mint(id)[0]);

/** The number that a proof of work hides. */
export function solveWork({ salt, challenge, maxnumber }) {
  for (let number = 0; number <= maxnumber; number += 1) {
    const hash = createHash("sha256").update(`${salt}${number}`).digest("hex");
    if (hash === challenge) return String(number);
  }
  return assert.fail("no number solves the work");
}

/** The names of the files of a new picture of the product, which the shop shows when this returns. */
export async function addPicture(shop, product) {
  shop.addUser("merchant", PASSWORD, "--operator");
  const operator = new Client(shop.console);
  const html = { accept: "text/html" };
  const { text } = await operator.send("GET", "/login", html);
  const form = { token: tokenIn(text), next: "", name: "merchant", password: PASSWORD };
  assert.equal((await operator.send("POST", "/login", { ...html, form })).status, 303);
  const page = await operator.send("GET", `/products/${product}`, html);
  const added = await operator.send("POST", `/products/${product}/pictures?alt=A+lamp`, {
    headers: {
      "Form-Token": tokenIn(page.text.slice(page.text.indexOf('id="picture-form"'))),
      "Content-Type": "image/png",
    },
    bytes: png(),
  });
  assert.ok(added.status < 400, added.text);
  return eventually(async () => {
    const shown = await (await fetch(`${shop.origin}/product/${product}`)).text();
    const names = new Set([...shown.matchAll(/\/pictures\/([0-9a-f]+\.\w+)/g)].map(([, name]) => name));
    assert.equal(names.size, 2, "one JPEG and one WebP of a picture of one point");
    return names;
  });
}

/** A picture of one grey point. */
function png() {
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])),
    chunk("IDAT", deflateSync(Buffer.from([0, 128]))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// A console that asks for a second factor: set up once, and then one log-in has all of it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import * as consoleSteps from "./support/console.mjs";
import { assertPage } from "./support/page.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const STEP = 30; // seconds of a code: RFC 6238

const stage = setStage({
  environment: { STAMPEDE_CONSOLE_TOTP: "required" },
  prepare: consoleSteps.addOperator,
});

/** The bytes of a text in base32, RFC 4648. */
function bytesOf(base32) {
  const digits = [...base32].map((digit) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(digit));
  const bits = digits.map((digit) => digit.toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** What an authenticator shows in that step, counted from 1970. */
function codeOf(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac("sha1", bytesOf(secret)).update(counter).digest();
  const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("an operator sets it up, and logs in by one try", async (t) => {
  const { page } = await Visitor.enter(t, stage, { origin: stage.shop.console });
  await page.goto("/sales");
  await assertPage(page, "console-login-required");
  await consoleSteps.logIn(page);
  await page.getByRole("heading", { level: 1, name: "Second factor" }).waitFor();
  const secret = (await page.locator("main code").textContent()).replaceAll(/\s/g, "");
  const step = Math.floor(Date.now() / 1000 / STEP);
  await page.getByLabel("Code that your authenticator shows now").fill(codeOf(secret, step));
  await page.getByRole("button", { name: "Set it up" }).click();
  await steps.shows(page.getByRole("status"), /Log in with the next code/);

  // Clocks differ: the server takes the next step's code already.
  let posts = 0;
  page.on("request", (request) => (posts += request.method() === "POST" ? 1 : 0));
  await page.goto("/login");
  await page.getByLabel("Code of your authenticator").fill(codeOf(secret, step + 1));
  await consoleSteps.logIn(page);
  await page.getByRole("heading", { level: 1, name: "Sales" }).waitFor();
  assert.equal(posts, 1);
});

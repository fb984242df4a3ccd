// Chromium, and visitors in it whose every page is watched: what a page may not do fails its test.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "./packages.mjs";

const FONTS = join(dirname(fileURLToPath(import.meta.url)), "fonts.conf");
const WAIT_MS = 120_000;

/** Pixels are to be the same on every machine: one font, no hinting, no colour at edges. */
const FLAGS = [
  "--font-render-hinting=none",
  "--disable-lcd-text",
  "--force-color-profile=srgb",
  "--disable-gpu",
];

/** Beside what Playwright switches off (updates, sync, background requests): whatever else Chromium
    may want to tell somebody, it finds nobody but this machine. */
const ALONE = ["--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

export function launch() {
  return chromium.launch({
    executablePath: process.env.STAMPEDE_CHROMIUM ?? "/usr/bin/chromium",
    args: [...FLAGS, ...ALONE], // Playwright adds --no-sandbox: the pages are our own
    env: { ...process.env, FONTCONFIG_FILE: FONTS },
  });
}

/** A person with a browser of their own, on one origin. The test that made it fails at its end if a
    page wrote an error to the console, threw, or sent a request to another origin, unless it said
    that it expects so. A violation of the Content-Security-Policy is an error of the console. */
export class Visitor {
  #context;
  #expected = [];
  #faults = [];
  challenge = ""; // the sealed one of the captcha that came last
  checks = []; // the Idempotency-Key of every /check that was sent

  /** `options` are those of Playwright's newContext; `cookies` log in; `origin` is the shop unless given; `others` are origins whose requests are no fault. Closed with the test `t`. */
  static async enter(t, { browser, shop }, { cookies, origin = shop.origin, others = [], ...options } = {}) {
    const visitor = new Visitor();
    visitor.origin = origin;
    visitor.others = others;
    visitor.#context = await browser.newContext({
      baseURL: origin,
      viewport: { width: 1280, height: 800 },
      locale: "en-US",
      timezoneId: "UTC",
      reducedMotion: "reduce",
      ...options,
    });
    visitor.#context.setDefaultTimeout(WAIT_MS);
    if (cookies) await visitor.#context.addCookies(cookies);
    visitor.#watch();
    visitor.page = await visitor.#context.newPage();
    t.after(() => visitor.leave());
    return visitor;
  }

  get context() {
    return this.#context;
  }

  /** Another tab of the same browser. */
  newPage() {
    return this.#context.newPage();
  }

  /** A fault that the test causes on purpose: a pattern of its text, as in the failure without it. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** Leaves before the test ends; a second time, nothing is left to do. */
  async leave() {
    await this.#context.close();
    const faults = this.#faults.filter((fault) => !this.#expected.some((p) => p.test(fault)));
    assert.deepEqual(faults, [], `the pages did what no page may do: ${faults.join("; ")}`);
  }

  #watch() {
    this.#context.on("console", (message) => {
      if (message.type() !== "error") return;
      this.#faults.push(`console: ${message.text()} (${message.location().url})`);
    });
    this.#context.on("weberror", (error) => {
      this.#faults.push(`exception: ${error.error().stack}`);
    });
    this.#context.on("request", (request) => {
      const url = new URL(request.url());
      const known = [this.origin, ...this.others].includes(url.origin);
      const inside = known || url.protocol === "blob:" || url.protocol === "data:";
      if (!inside) this.#faults.push(`request: ${request.url()}`);
      if (url.pathname === "/check") this.checks.push(request.headers()["idempotency-key"]);
    });
    this.#context.on("dialog", (dialog) => {
      this.#faults.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    this.#context.on("response", (response) => {
      const challenge = response.headers()["captcha-challenge"];
      if (challenge) this.challenge = challenge;
    });
  }
}

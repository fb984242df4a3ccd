import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.mjs";
import { environmentWith, required } from "./environment.mjs";
import { eventually } from "./eventually.mjs";

/** RFC 3339, so many seconds from now. */
export const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();

/** A real `stampede serve` on free ports, its data in a folder of its own, and the operator's
    commands on it. */
export class Shop {
  #server;
  #folder;
  #keys = 0;

  /** `environment`: configuration, as STAMPEDE_ADMISSION_INTERVAL_SECONDS. */
  static async start(environment = {}) {
    const shop = new Shop();
    shop.#folder = mkdtempSync(join(tmpdir(), "stampede-browser-"));
    const words = ["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"];
    shop.#server = new Child(
      required("STAMPEDE_BINARY"),
      [...words, "--data", shop.data],
      environment,
    );
    for (let line = ""; line !== "ready"; ) {
      line = await shop.#server.line();
      const [name, address] = line.split(" ");
      if (name === "shop") shop.origin = address;
      if (name === "console") shop.console = address;
    }
    assert.ok(shop.origin && shop.console, "the server named its shop and its console");
    return shop;
  }

  get data() {
    return join(this.#folder, "data");
  }
  get keyFile() {
    return join(this.data, "keys");
  }

  /** SIGTERM; a server that does not end in order fails the test. */
  async stop() {
    const code = await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    assert.equal(code, 0, this.#server.log);
  }

  /** A command of the operator: its standard output, without the last line break. */
  run(words, input = "") {
    const result = spawnSync(required("STAMPEDE_BINARY"), [...words, "--data", this.data], {
      input,
      env: environmentWith(),
      encoding: "utf8",
      timeout: 300_000,
    });
    assert.equal(result.status, 0, `stampede ${words.join(" ")}: ${result.stderr}`);
    return result.stdout.trimEnd();
  }

  addProduct(name = "Lamp", description = "") {
    return this.run(["product", "add", "--name", name, "--description", description]);
  }

  /** The id of a new sale; `starts` and `ends` in RFC 3339, `hold` in seconds. */
  createSale({ product, quantity = 10, limit = 1, cents = 1999, captcha = true, starts, ends, hold }) {
    const words = ["sale", "create", "--product", product, "--price-cents", String(cents)];
    words.push("--quantity", String(quantity), "--limit", String(limit));
    if (!captcha) words.push("--no-captcha");
    if (starts) words.push("--starts", starts);
    if (ends) words.push("--ends", ends);
    if (hold) words.push("--hold-seconds", String(hold));
    return this.run(words);
  }

  /** Other times for a sale that is to start in more than 5 s, however long ago it was created. A
      test that waits for a start or an end sets it when all that is slow is done. */
  reschedule(sale, { starts, ends }) {
    this.run(["sale", "change", String(sale), "--starts", starts, ...(ends ? ["--ends", ends] : [])]);
  }

  /** A sale of a new product, unless one is given, that the server knows when this returns; if it
      has started, its units may be bought: the product's id. */
  async openSale(options = {}) {
    const product = options.product ?? this.addProduct(options.name, options.description);
    this.createSale({ ...options, product });
    await this.awaitStatus(product, options.starts ? "upcoming" : "on");
    return product;
  }

  async state(product) {
    const response = await fetch(`${this.origin}/product/${product}/state`);
    return response.ok ? response.json() : { status: "none" };
  }

  /** Waits until the server says this `status` of the product, and, if that is "on", has the units
      of every sale that is on: it says so a moment before it has leased them. No purchase may be
      under way. */
  async awaitStatus(product, status) {
    await eventually(async () => assert.equal((await this.state(product)).status, status));
    if (status !== "on") return;
    await eventually(async () => {
      const on = JSON.parse(this.run(["sale", "list", "--json"])).filter((s) => s.status === "on");
      const units = on.reduce((sum, { quantity, sold }) => sum + quantity - sold, 0);
      const metrics = await (await fetch(`${this.console}/metrics`)).text();
      assert.equal(Number(/^stampede_units_in_memory (.*)$/m.exec(metrics)[1]), units);
    });
  }

  addUser(name, password, ...words) {
    this.run(["user", "add", name, "--password-stdin", ...words], `${password}\n`);
  }

  /** The cookies of buyers that `stampede mint` makes: one buyer, a list of cookies. */
  mint(first, last = first) {
    const lines = this.run(["mint", "--users", `${first}-${last}`]).split("\n");
    return lines.map((line) => {
      const [uid, sign] = line.split(" ");
      return [
        { name: "uid", value: uid, url: this.origin },
        { name: "sign", value: sign, url: this.origin, httpOnly: true },
      ];
    });
  }

  /** Buys one unit without a page, however long the commit takes; needs a sale without captcha. The
      order's number. */
  async buy(product, cookies) {
    const headers = {
      Cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
      "Idempotency-Key": `a-key-of-the-test-${(this.#keys += 1)}`,
      Accept: "application/json",
    };
    return eventually(async () => {
      const response = await fetch(`${this.origin}/check?productID=${product}`, {
        method: "POST",
        headers,
      });
      const text = await response.text();
      assert.ok([200, 201].includes(response.status), text);
      return JSON.parse(text).order;
    });
  }

  /** What `stampede audit` counts; it throws on a breach. */
  orders() {
    const { sales } = JSON.parse(this.run(["audit", "--json"]));
    return sales.reduce((sum, sale) => sum + sale.active, 0);
  }
}

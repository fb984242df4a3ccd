// A pending purchase, in a whole cluster behind HAProxy: the order consumer stands still, and goes on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visitor, launch } from "./support/browser.mjs";
import { Child } from "./support/child.mjs";
import { required } from "./support/environment.mjs";
import { eventually } from "./support/eventually.mjs";
import * as steps from "./support/steps.mjs";

const START_MS = 600_000; // of RabbitMQ, MariaDB and six roles on a busy machine

/** What cluster_fixture.cc does for this file. */
class Cluster {
  #child = new Child(required("STAMPEDE_BROWSER_CLUSTER"), []);

  static async start() {
    const cluster = new Cluster();
    for (let line = ""; line !== "ready"; ) {
      line = await cluster.#child.line(START_MS);
      const [word, ...rest] = line.split(" ");
      if (word === "failed") throw new Error(line);
      if (word === "origin") [cluster.origin] = rest;
      if (word === "keys") cluster.keyFile = rest.join(" ");
    }
    return cluster;
  }

  /** The answer to one command, without its first word. */
  async ask(command) {
    this.#child.write(command);
    const [word, ...rest] = (await this.#child.line()).split(" ");
    if (word === "failed") throw new Error(`${command}: ${rest.join(" ")}`);
    return rest.join(" ").trim();
  }

  /** A sale that the web role knows: the product's id. */
  async openSale() {
    const product = await this.ask("stampede product add --name Lamp");
    await this.ask(`stampede sale create --product ${product} --price-cents 1999 --quantity 10`);
    await eventually(async () => {
      const response = await fetch(`${this.origin}/product/${product}/state`);
      assert.equal(response.status, 200, await response.text());
    });
    return product;
  }

  /** A minted buyer's cookies. */
  async mint(id) {
    const [uid, sign] = (await this.ask(`stampede mint --users ${id}-${id}`)).split(" ");
    const url = this.origin;
    return [
      { name: "uid", value: uid, url },
      { name: "sign", value: sign, url, httpOnly: true },
    ];
  }

  async stop() {
    assert.equal(await this.#child.finish(), 0, this.#child.log);
  }
}

const stage = {};
before(async () => {
  stage.shop = await Cluster.start();
  stage.browser = await launch();
});
after(async () => {
  await stage.browser?.close();
  await stage.shop?.stop();
});

/** A buyer at the page of a product that is on sale. */
async function enter(t, id) {
  const product = await stage.shop.openSale();
  const visitor = await Visitor.enter(t, stage, { cookies: await stage.shop.mint(id) });
  // Until every validator has heard of the sale.
  visitor.expect(/status of (404|503) .*\/check/);
  await visitor.page.goto(`/product/${product}`);
  return visitor;
}

/** Solves and buys until the validator, which may not have heard of the sale yet, takes the purchase. */
async function buyPending(visitor) {
  await steps.solveAndBuy(visitor, stage.shop);
  await steps.shows(steps.outcome(visitor.page), /on its way/);
}

test("a pending purchase is followed through a reload to its order", async (t) => {
  const visitor = await enter(t, 1);
  const { page } = visitor;
  await stage.shop.ask("freeze consume");
  t.after(() => stage.shop.ask("thaw consume"));
  await buyPending(visitor);
  await page.reload();
  await steps.shows(steps.outcome(page), /on its way/);
  assert.equal(new Set(visitor.checks).size, 1);
  await stage.shop.ask("thaw consume");
  const order = await steps.soldOrder(page);
  await page.goto("/orders");
  await page.getByRole("link", { name: `Order ${order}` }).waitFor();
});

test("the purchase's own page follows it by events", async (t) => {
  const visitor = await enter(t, 2);
  const { page } = visitor;
  await stage.shop.ask("freeze consume");
  t.after(() => stage.shop.ask("thaw consume"));
  await buyPending(visitor);
  const events = page.waitForRequest(/\/purchases\/.*\/events/);
  await steps.outcome(page).getByRole("link", { name: /its own page/i }).click();
  await page.getByRole("heading", { name: "Your purchase" }).waitFor();
  await events;
  await steps.shows(page.getByRole("status"), /on its way/);
  await stage.shop.ask("thaw consume");
  await steps.shows(page.getByRole("status"), /sold/i);
  await page.getByRole("link", { name: /^Order \d+/ }).click();
  await page.getByRole("heading", { name: /^Order \d+/ }).waitFor();
});

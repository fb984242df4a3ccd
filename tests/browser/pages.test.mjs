// Every page of the shop but the product's: how it looks, and what axe says of it.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Visitor } from "./support/browser.mjs";
import { assertPage } from "./support/page.mjs";
import { setStage } from "./support/stage.mjs";
import * as steps from "./support/steps.mjs";

const FAR = "2100-01-01T12:00:00Z";

const stage = setStage({ environment: { STAMPEDE_ADMISSION_INTERVAL_SECONDS: "0" } });

/** Looks at `path` as a guest, or as the minted buyer of that number. */
async function see(t, name, path, { buyer, status, prepare = async () => {} } = {}) {
  const cookies = buyer ? stage.shop.mint(buyer)[0] : undefined;
  const visitor = await Visitor.enter(t, stage, { cookies });
  if (status) visitor.expect(new RegExp(`status of ${status}`));
  const { page } = visitor;
  await page.goto(path);
  await prepare(page);
  await assertPage(page, name);
}

test("the list of sales: none", (t) => see(t, "sales-none", "/"));

test("the list of sales", async (t) => {
  const { shop } = stage;
  await shop.openSale({ name: "Brass lamp", cents: 129900, ends: FAR });
  await shop.openSale({ name: "Desk lamp with an arm that reaches everywhere", starts: FAR });
  const soldOut = await shop.openSale({ name: "Oil lamp", quantity: 1, captcha: false });
  await shop.buy(soldOut, shop.mint(1)[0]);
  await shop.awaitStatus(soldOut, "sold_out");
  const ended = shop.addProduct("Paper lantern");
  const sale = shop.createSale({ product: ended });
  await shop.awaitStatus(ended, "on");
  shop.run(["sale", "end", sale]);
  await shop.awaitStatus(ended, "ended");
  await see(t, "sales", "/");
});

test("the log-in", (t) => see(t, "login", "/user/login?next=/orders"));

test("the log-in, refused", (t) =>
  see(t, "login-refused", "/user/login", {
    status: 40,
    prepare: async (page) => {
      await page.getByLabel("Name").fill("nobody");
      await page.getByLabel("Password").fill("not the password");
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("alert").waitFor();
    },
  }));

test("the registration", (t) => see(t, "register", "/user/register"));

test("the registration of a name that is taken", async (t) => {
  stage.shop.addUser("hedy", steps.PASSWORD);
  await see(t, "register-refused", "/user/register", {
    status: 40,
    prepare: async (page) => {
      await page.getByLabel("Name").fill("hedy");
      await page.getByLabel("Password").fill(steps.PASSWORD);
      await page.getByRole("button", { name: "Register" }).click();
      await page.getByRole("alert").waitFor();
    },
  });
});

test("the account", (t) => see(t, "account", "/user/password", { buyer: 2 }));

test("the account after a change", (t) =>
  see(t, "account-changed", "/user/password?changed=1", { buyer: 2 }));

test("the account after a wrong password", (t) =>
  see(t, "account-refused", "/user/password", {
    buyer: 2,
    status: 40,
    prepare: async (page) => {
      await page.getByLabel("Old password").fill("not the old one");
      await page.getByLabel("New password").fill(steps.PASSWORD);
      await page.getByRole("button", { name: "Change the password" }).click();
      await page.getByRole("alert").waitFor();
    },
  }));

test("orders: none", (t) => see(t, "orders-none", "/orders", { buyer: 2 }));

test("orders, and one of them", async (t) => {
  const { shop } = stage;
  let order;
  for (const name of ["Wall lamp", "A lamp of a very long name that breaks where it must break"]) {
    const product = await shop.openSale({ name, captcha: false });
    order = await shop.buy(product, shop.mint(3)[0]);
  }
  await see(t, "orders", "/orders", { buyer: 3 });
  await see(t, "order", `/orders/${order}`, { buyer: 3 });
});

test("a purchase: pending, successful, failed", async (t) => {
  const { shop } = stage;
  const product = await shop.openSale({ name: "Street lamp", captcha: false });
  const { sale } = await shop.state(product);
  const row = (select) =>
    execFileSync("sqlite3", ["-cmd", ".timeout 60000", join(shop.data, "stampede.db"), select], {
      encoding: "utf8",
    }).trim();
  const lease = row(`SELECT id FROM stock_leases WHERE sale = ${sale}`);
  const pending = `/purchases/${sale}/a-key-that-is-new?lease=${lease}`;
  await see(t, "purchase-pending", pending, { buyer: 4 });
  await shop.buy(product, shop.mint(4)[0]);
  const key = row(`SELECT intent FROM orders WHERE sale = ${sale}`);
  await see(t, "purchase-success", `/purchases/${sale}/${key}`, { buyer: 4 });
  row(`INSERT INTO orders SELECT 1000000, sale, buyer, 'a-key-that-failed', NULL, lease, 'failed',
       'too-late', 1000000, created_at, NULL FROM orders WHERE sale = ${sale}`);
  await see(t, "purchase-failed", `/purchases/${sale}/a-key-that-failed`, { buyer: 4 });
});

test("a page that is not there", (t) => see(t, "not-found", "/nowhere", { status: 404 }));
test("an order that is not there", (t) =>
  see(t, "order-unknown", "/orders/999999", { buyer: 2, status: 404 }));
test("a question that cannot be answered", (t) =>
  see(t, "bad-number", "/orders?before=yesterday", { buyer: 2, status: 400 }));

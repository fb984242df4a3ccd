// The operator and the console, in the words of its pages.
import { Visitor } from "./browser.mjs";
import { PASSWORD } from "./steps.mjs";

export const OPERATOR = "olive";

/** The shop's operator, for `prepare` of a stage. */
export const addOperator = ({ shop }) => shop.addUser(OPERATOR, PASSWORD, "--operator");

/** Fills in the log-in form of the console. */
export async function logIn(page, name = OPERATOR, password = PASSWORD) {
  await page.getByLabel("Operator's name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** An operator who is logged in, by the form or by `cookies`, at the console's first page. */
export async function enterConsole(t, stage, options = {}) {
  const visitor = await Visitor.enter(t, stage, { origin: stage.shop.console, ...options });
  await visitor.page.goto("/");
  if (!options.cookies) await logIn(visitor.page);
  await visitor.page.getByRole("link", { name: "Log out" }).waitFor();
  return visitor;
}

/** From any page of the console to the page of a new product. */
export async function addProduct(page, { name, description = "", listPrice = "" }) {
  await page.goto("/products/new");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Description").fill(description);
  await page.getByLabel("List price").fill(listPrice);
  await page.getByRole("button", { name: "Add the product" }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** On a product's page. */
export async function uploadPicture(page, png, alt) {
  await page.getByLabel("New picture").setInputFiles({
    name: "picture.png",
    mimeType: "image/png",
    buffer: png,
  });
  await page.getByLabel("What it shows").fill(alt);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByRole("img", { name: alt }).waitFor();
}

/** On a product's page: to the page of a new sale of it. */
export async function createSale(page, { price, quantity, captcha = true }) {
  await page.getByRole("link", { name: "New sale" }).click();
  await page.getByLabel("Price of one unit").fill(price);
  await page.getByLabel("Units", { exact: true }).fill(String(quantity));
  await page.getByLabel("Ask buyers for a captcha").setChecked(captcha);
  await page.getByRole("button", { name: "Create the sale" }).click();
  await page.getByRole("heading", { level: 1, name: /^Sale \d+/ }).waitFor();
  return new URL(page.url()).pathname.split("/").at(-1);
}

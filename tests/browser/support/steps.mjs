// What buyers do on the shop's pages, in the words that the pages themselves use.
import assert from "node:assert/strict";
import { captchaAnswer } from "./captcha.mjs";
import { eventually } from "./eventually.mjs";

export const PASSWORD = "correct horse battery";

export const buyButton = (page) => page.locator("#buy-button");
export const outcome = (page) => page.locator("#outcome");

/** Waits until the element's text matches. */
export function shows(locator, pattern) {
  return eventually(async () => assert.match(await locator.innerText({ timeout: 1000 }), pattern));
}

export async function register(page, name, password = PASSWORD) {
  await page.goto("/user/register");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Register" }).click();
}

export async function logIn(page, name, password = PASSWORD) {
  await page.goto("/user/login");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("link", { name: "My orders", exact: true }).waitFor();
}

/** Types into the captcha of the page that the visitor has open. */
export async function answerCaptcha(visitor, text) {
  await visitor.page.getByRole("textbox", { name: /characters/i }).fill(text);
}

/** Solves the captcha that is shown, and presses Buy. */
export async function solveAndBuy(visitor, shop) {
  await answerCaptcha(visitor, await captchaAnswer(visitor, shop.keyFile));
  await buyButton(visitor.page).click();
}

/** The number of the order that the page tells of, once it does. */
export async function soldOrder(page) {
  await shows(outcome(page), /sold/i);
  const link = await outcome(page).getByRole("link", { name: /^Order / }).innerText();
  return Number(link.replace(/\D/g, ""));
}

/** The words of an outcome that is none of `seen`, nor one on the way to it. */
export function newOutcome(page, seen) {
  return eventually(async () => {
    const words = await outcome(page).innerText({ timeout: 1000 });
    assert.ok(words !== "" && !/^Asking for/.test(words) && !seen.has(words), `still: ${words}`);
    return words;
  });
}

/** Makes the page look at its sale now, as it does when the browser is online again, until it has been
    told a state that `matches`: otherwise it looks as seldom as the server says. */
export function seesState(page, matches) {
  return eventually(async () => {
    const [response] = await Promise.all([
      page.waitForResponse((each) => each.url().endsWith("/state"), { timeout: 5000 }),
      page.evaluate(() => window.dispatchEvent(new Event("online"))),
    ]);
    assert.ok(matches(await response.json()), "the page has been told the state of before");
  });
}

/** An operator sets other times for the page's sale, and the page hears of it. */
export async function reschedule({ shop, page, product }, times) {
  const { sale, starts_at: before } = await shop.state(product);
  shop.reschedule(sale, times);
  await seesState(page, (state) => state.starts_at !== before);
}

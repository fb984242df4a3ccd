// Every answer of /check and of the captcha, in words for buyers.
import { timeOfDay } from "./time.js";

const seconds = (n) => `${n} ${n === 1 ? "second" : "seconds"}`;

const REASONS = {
  "too-late": "it arrived after its unit had gone back into the sale",
  "limit-reached": "you already hold as many as one buyer may have",
  "no-unit": "no unit was left for it",
};

const AFTERWARDS = {
  cancelled: "You bought one, and the shop has cancelled that order since.",
  expired:
    "You did not pay in time, and the unit has gone back into the sale. It counts as one of those that you may have in it.",
};

const failure = (reason) =>
  AFTERWARDS[reason] ??
  `This purchase did not succeed${REASONS[reason] ? `: ${REASONS[reason]}` : ""}.`;

const WORDS = {
  sold: () => ["success", "Sold! One unit is yours."],
  held: ({ pay_by: payBy }) => ["success", `Held for you: pay by ${timeOfDay(payBy)}.`],
  pending: () => [
    "working",
    "Your purchase is on its way. Please stay: the outcome will be shown here.",
  ],
  asking: () => ["working", "Asking for your unit…"],
  "other-tab": () => [
    "working",
    "Another tab of yours is asking for the same purchase. The outcome will be shown here too.",
  ],
  resuming: () => ["working", "Your last click got no answer. Asking again for the same purchase…"],
  "connection-lost": ({ retryAfter }) => [
    "warning",
    `The connection was lost. ${retryAfter ? `Asking again in ${seconds(retryAfter)}` : "Asking again"}: it is the same purchase, you cannot buy twice by it.`,
  ],
  unavailable: ({ retryAfter }) => [
    "warning",
    `The shop cannot tell yet. Asking again for you in ${seconds(retryAfter || 1)}: it is the same purchase, you cannot buy twice by it.`,
  ],
  "bad-number": () => ["error", "This page is out of date. Reload it and buy again."],
  "unknown-sale": () => ["error", "That sale is not to be found any more. Reload this page."],
  "key-required": () => ["error", "This page is out of date. Reload it and buy again."],
  "key-reused": () => ["error", "This purchase was begun for another product. Press Buy to begin anew."],
  "login-required": () => ["warning", "You are not logged in any more. Log in, and this page goes on where it stopped."],
  blacklisted: () => ["error", "This account may not buy at the moment."],
  "not-started": () => ["warning", "The sale has not started yet. Trying early does not help."],
  "captcha-required": () => ["warning", "Please answer the new captcha, then press Buy."],
  "captcha-empty": () => ["warning", "Type the characters along the line from the dot first."],
  "challenge-empty": () => ["warning", "Answer the challenge above first."],
  "challenge-refused": () => ["warning", "That answer does not count. Here is a new challenge."],
  "challenge-unavailable": () => [
    "warning",
    "The challenge cannot be checked at the moment. Answer the shop's own picture if one comes, then press Buy.",
  ],
  "captcha-missing": () => ["warning", "The picture has not come yet. This page is asking for it."],
  "work-missing": () => ["warning", "This device has not done its work yet. This page is asking for more."],
  "work-impossible": () => [
    "warning",
    "This browser cannot do the work. Ask for a picture above, or use another browser.",
  ],
  "work-spent": () => ["warning", "That work is too old. This device works anew: press Buy again."],
  "too-fast": () => ["warning", "That was quicker than the shop believes of a person. Press Buy again."],
  "captcha-wrong": () => ["warning", "Those were not the characters along the line. Here is a new picture."],
  "too-many-wrong": ({ retryAfter }) => [
    "warning",
    `Too many wrong answers. Try again in ${seconds(retryAfter || 60)}.`,
  ],
  "bad-origin": () => ["error", "This page was opened under an address the shop does not know."],
  "unknown-product": () => ["error", "This product is not on sale."],
  "limit-reached": ({ expired }) => [
    "warning",
    expired
      ? "You have had as many as one buyer may have in this sale: those that you did not pay in time count too."
      : "You already hold as many as one buyer may have.",
  ],
  failed: ({ reason }) => ["error", failure(reason)],
  "purchase-failed": ({ reason }) => [
    "error",
    // Where one is all that a buyer may have, there is nothing to begin anew.
    reason === "expired" ? failure(reason) : `${failure(reason)} Press Buy to begin anew.`,
  ],
  "unknown-purchase": () => [
    "warning",
    "Nothing is known of this purchase. Go back to the product and press Buy: it is the same purchase.",
  ],
  "sold-out": () => ["error", "Sold out. A unit may come back: reload this page to look."],
  "sale-ended": () => ["error", "The sale has ended."],
  "key-forgotten": () => ["error", "The sale is over. What you bought in it is among your orders."],
  "sale-over": () => [
    "warning",
    "The sale that you pressed Buy in is over. What is on sale here now needs another click.",
  ],
  "page-error": () => [
    "error",
    "Something went wrong on this page. Press Buy to go on: what you pressed before cannot buy twice.",
  ],
  "too-soon": ({ retryAfter }) => [
    "warning",
    `One try every ten seconds. The next is possible in ${seconds(retryAfter || 1)}.`,
  ],
  busy: ({ retryAfter }) => [
    "warning",
    `A great many people are pressing right now. Asking again for you in ${seconds(retryAfter || 1)}: it is the same purchase, you cannot buy twice by it.`,
  ],
};

function linksOf({ type, order, orders, location, pay }) {
  const numbers = order ? [order] : (orders ?? []);
  const links = numbers.map((number) => ({
    href: `/orders/${encodeURIComponent(number)}`,
    label: `Order ${number}`,
  }));
  if (type === "held" && pay?.startsWith("/orders/")) {
    links.unshift({ href: pay, label: "Pay", button: true });
  }
  if (type === "login-required") {
    const next = encodeURIComponent(window.location.pathname);
    links.push({ href: `/user/login?next=${next}`, label: "Log in" });
  }
  if (location?.startsWith("/purchases/")) links.push({ href: location, label: "Its own page" });
  return links;
}

/** {tone, text, links} of an answer; `links` are {href, label, button}: that one is the next step. */
export function words(answer) {
  const say = WORDS[answer.type];
  const [tone, text] = say
    ? say(answer)
    : ["error", "The shop gave an answer that this page does not know. Reload it and look again."];
  return { tone, text, links: linksOf(answer) };
}

const CONNECTION = {
  offline: "You are offline. This page goes on by itself when you are online again.",
  silent: "The shop has not answered for some seconds. This page keeps asking.",
  lost: "The shop cannot be reached at the moment. This page keeps asking.",
};

/** Empty while all is fine. */
export const connectionWords = (state) => CONNECTION[state] ?? "";

// The page of an order that is held: how long it still waits for its payment, by the server's clock.
import { ServerClock, keepInSync } from "./lib/clock.js";
import { payLeft } from "./lib/countdown.js";
import { jsonObject, request } from "./lib/request.js";

const line = document.getElementById("pay-left");
const { payBy } = line.dataset;
const clock = new ServerClock();
const share = Math.random();
keepInSync(clock);

/** Shows the page anew once the order is held no more. Whoever cannot tell is asked again. */
async function confirm() {
  const options = { headers: { Accept: "application/json" }, cache: "no-store" };
  const { status } = await request(window.location.pathname, options, jsonObject);
  if (typeof status === "string" && status !== "held") window.location.reload();
}

let asked; // as often as that when the page came, which said what was known then
setInterval(() => {
  if (!clock.known) return;
  const { text, asks } = payLeft(payBy, clock.now(), share);
  if (line.textContent !== text) line.textContent = text;
  asked ??= asks;
  if (asks <= asked || document.hidden) return;
  asked = asks;
  confirm().catch(() => {});
}, 250);

// The page of an order that is held: how long it still waits for its payment, by the server's clock.
import { ServerClock, keepInSync } from "./lib/clock.js";
import { payLeft } from "./lib/countdown.js";

const line = document.getElementById("pay-left");
const { payBy } = line.dataset;
const clock = new ServerClock();
keepInSync(clock);

let waited = false;
const timer = setInterval(() => {
  if (!clock.known) return;
  const { text, over } = payLeft(payBy, clock.now());
  if (line.textContent !== text) line.textContent = text;
  if (!over) waited = true;
  if (!over || document.hidden) return;
  clearInterval(timer);
  if (waited) window.location.reload(); // once: the page says what became of the order
}, 250);

// What the product page says of its sale: status, countdown, price and times.
import { countdownOf, formatCountdown, milestone, statusAt } from "./countdown.js";
import { showTime } from "./time.js";

const BUSY_MS = 3000; // how long "busy" is shown at least

const STATUS_WORDS = {
  upcoming: "Coming soon",
  on: "On sale now",
  busy: "Very busy",
  sold_out: "Sold out",
  ended: "Ended",
  none: "Not on sale",
};

const element = (id) => document.getElementById(id);
const price = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** Sets text only when it differs, so that a screen reader hears changes alone. */
function setText(id, text) {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

export class SalePanel {
  #clock;
  #state = null;
  #busyUntil = 0;

  constructor(clock) {
    this.#clock = clock;
  }

  /** The state of the sale, as the server answered it. */
  set state(state) {
    this.#state = state;
    if (state.status === "none") return;
    setText("price", price.format(state.price_cents / 100));
    setText("limit", String(state.limit));
    showTime(element("starts-at"), state.starts_at);
    element("ends").hidden = !state.ends_at;
    if (state.ends_at) showTime(element("ends-at"), state.ends_at);
  }

  /** upcoming, on, sold_out, ended or none. */
  get status() {
    return this.#clock.known ? statusAt(this.#state, this.#clock.now()) : this.#state.status;
  }

  /** Shows for some seconds that the server is busy. */
  busy(seconds) {
    this.#busyUntil = performance.now() + Math.max(seconds * 1000, BUSY_MS);
  }

  draw() {
    const status = this.status;
    const busy = status === "on" && performance.now() < this.#busyUntil;
    element("status").dataset.status = busy ? "busy" : status;
    setText("status", STATUS_WORDS[busy ? "busy" : status]);
    const countdown = this.#clock.known && countdownOf(status, this.#state, this.#clock.now());
    const endless = status === "on" && !this.#state.ends_at ? "Until sold out" : "";
    setText("countdown-label", countdown ? `${countdown.label} ` : endless);
    setText("countdown", countdown ? formatCountdown(countdown.left) : "");
    setText("milestone", countdown ? milestone(status, countdown.left) : "");
  }
}

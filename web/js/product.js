// The product page: countdown, state of the sale, captcha and the buy button.
import { Captcha } from "./captcha.js";
import { ServerClock, formatCountdown } from "./clock.js";
import { Intent } from "./intent.js";
import { showAnswer } from "./notice.js";
import { purchase } from "./purchase.js";
import { SaleState } from "./sale_state.js";
import { showTime } from "./shop.js";
import { visitor } from "./visitor.js";

const REST_S = 10;
const RESUME_MS = 10 * 60_000; // an older click is no longer what the buyer expects to happen

const STATUS_WORDS = {
  upcoming: "Coming soon",
  on: "On sale now",
  sold_out: "Sold out",
  ended: "Ended",
  none: "Not on sale",
};

const element = (id) => document.getElementById(id);
const price = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** Sets text only when it differs, so that a screen reader hears changes alone. */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

class ProductPage {
  #product = element("product").dataset.product;
  #clock = new ServerClock();
  #captcha = new Captcha(this.#product, () => this.#say({ type: "login-required" }));
  #buyer = visitor();
  #button = element("buy-button");
  #state = null;
  #intent = null;
  #busy = false;
  #restUntil = 0;
  #milestone = "";

  start() {
    element("login-hint").hidden = this.#buyer !== null;
    element("buy-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#buy();
    });
    setInterval(() => this.#draw(), 250);
    this.#clock.start();
    new SaleState(this.#product, this.#clock, (state) => this.#changed(state)).follow();
  }

  #changed(state) {
    const first = this.#state === null || this.#state.sale !== state.sale;
    this.#state = state;
    if (state.status !== "none") {
      setText(element("price"), price.format(state.price_cents / 100));
      setText(element("limit"), String(state.limit));
      showTime(element("starts-at"), state.starts_at);
      element("ends").hidden = !state.ends_at;
      if (state.ends_at) showTime(element("ends-at"), state.ends_at);
      if (first && this.#buyer) this.#take(new Intent(this.#buyer, state.sale));
    }
    this.#draw();
  }

  /** Goes on where the last visit to this page stopped. */
  #take(intent) {
    this.#intent = intent;
    if (intent.order) {
      this.#say({ type: "sold", order: intent.order });
    } else if (intent.location || Date.now() - intent.unresolvedSince < RESUME_MS) {
      this.#say({ type: "resuming" });
      this.#ask("");
    }
  }

  /** Between two answers of the server, the page's clock knows that a sale has begun or ended. */
  #status() {
    const { status, starts_at: starts, ends_at: ends } = this.#state;
    const now = this.#clock.now();
    if (status === "upcoming" && Date.parse(starts) <= now) return "on";
    if (status === "on" && ends && Date.parse(ends) <= now) return "ended";
    return status;
  }

  #draw() {
    if (!this.#state) return;
    const status = this.#status();
    const badge = element("status");
    badge.dataset.status = status;
    setText(badge, STATUS_WORDS[status]);
    this.#drawCountdown(status);
    this.#drawForm(status);
  }

  #drawCountdown(status) {
    const target = { upcoming: this.#state.starts_at, on: this.#state.ends_at }[status];
    if (!target) {
      setText(element("countdown"), "");
      this.#announce(status, Infinity);
      return;
    }
    const left = Date.parse(target) - this.#clock.now();
    const label = status === "upcoming" ? "Starts in" : "Ends in";
    setText(element("countdown"), `${label} ${formatCountdown(left)}`);
    this.#announce(status, left);
  }

  /** The countdown in a few words for those who hear it; every second would drown all else. */
  #announce(status, left) {
    const verb = status === "upcoming" ? "starts" : "ends";
    let milestone = "";
    if (left <= 10_000) milestone = `The sale ${verb} in less than ten seconds.`;
    else if (left <= 60_000) milestone = `The sale ${verb} in less than a minute.`;
    else if (left <= 600_000) milestone = `The sale ${verb} in less than ten minutes.`;
    if (milestone !== this.#milestone) {
      this.#milestone = milestone;
      setText(element("milestone"), milestone);
    }
  }

  #drawForm(status) {
    element("buy-form").hidden = !this.#buyer || status === "ended" || status === "none";
    const buying = status === "on" && this.#intent !== null;
    const bought = Boolean(this.#intent?.order);
    if (buying && this.#state.captcha && !this.#busy && !bought) {
      this.#captcha.show(this.#intent.key);
    } else if (!buying || bought || !this.#state.captcha) {
      this.#captcha.hide();
    }
    const rest = Math.ceil((this.#restUntil - performance.now()) / 1000);
    this.#button.disabled = !buying || this.#busy || rest > 0 || bought;
    setText(this.#button, this.#label(status, rest, bought));
  }

  #label(status, rest, bought) {
    if (bought) return "Bought";
    if (rest > 0) return `Buy (${rest})`;
    if (this.#busy) return "Asking…";
    if (status === "upcoming") return "Not yet";
    if (status === "sold_out") return "Sold out";
    return "Buy";
  }

  async #buy() {
    if (this.#button.disabled) return;
    if (this.#state.captcha && this.#captcha.empty()) {
      this.#say({ type: "captcha-empty" });
      element("captcha-answer").focus();
      return;
    }
    this.#rest(REST_S); // one click, one attempt: whatever becomes of it
    this.#busy = true;
    this.#draw();
    let pass = "";
    if (this.#state.captcha) {
      const result = await this.#captcha.pass();
      if (!result.pass) {
        this.#busy = false;
        this.#say({ type: result.problem, retryAfter: result.retryAfter });
        if (result.problem === "too-many-wrong") this.#rest(result.retryAfter || 60);
        this.#captcha.again();
        return;
      }
      pass = result.pass;
    }
    this.#say({ type: "asking" });
    await this.#ask(pass);
  }

  async #ask(pass) {
    this.#busy = true;
    this.#draw();
    const intent = this.#intent;
    const answer = await purchase(this.#product, intent, pass, (stage) => this.#say(stage));
    this.#busy = false;
    this.#settle(intent, answer);
    this.#say(answer);
    this.#draw();
  }

  /** What the answer means for the key, the captcha and the button. */
  #settle(intent, answer) {
    switch (answer.type) {
      case "sold":
        // One buyer may hold several: the next click is then another intent.
        if (this.#state.limit > 1) intent.renew();
        else intent.bought(answer.order);
        return;
      case "purchase-failed":
      case "key-reused":
        intent.renew();
        return;
      case "login-required":
        return; // the intent stays as it is: its outcome may still be open
      case "captcha-required":
        intent.refused();
        this.#captcha.again();
        return;
      case "too-soon":
      case "busy":
        intent.refused();
        this.#rest(answer.retryAfter || 1);
        return;
      default:
        intent.refused();
    }
  }

  #rest(seconds) {
    this.#restUntil = Math.max(this.#restUntil, performance.now() + seconds * 1000);
  }

  #say(answer) {
    if (answer.type === "login-required") element("login-hint").hidden = false;
    showAnswer(element("outcome"), answer);
  }
}

if (element("buy-form")) new ProductPage().start();

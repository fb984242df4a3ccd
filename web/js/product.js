// The product page: follows its sale, and buys.
import { Captcha } from "./lib/captcha.js";
import { ServerClock, keepInSync } from "./lib/clock.js";
import { Intent } from "./lib/intent.js";
import { showAnswer } from "./lib/notice.js";
import { purchase } from "./lib/purchase.js";
import { Rest } from "./lib/rest.js";
import { SalePanel } from "./lib/sale_panel.js";
import { SaleState } from "./lib/sale_state.js";
import { inTurn } from "./lib/turn.js";
import { visitor } from "./lib/visitor.js";

const REST_S = 10;
const RESUME_MS = 10 * 60_000; // an older click is no longer what the buyer expects to happen

const FRESH_MS = 10_000;
const LASTING = ["sold", "purchase-failed", "limit-reached"]; // of interest after a reload too

const element = (id) => document.getElementById(id);

class ProductPage {
  #product = element("product").dataset.product;
  #buyer = visitor();
  #rest = new Rest(this.#buyer);
  #clock = new ServerClock();
  #panel = new SalePanel(this.#clock);
  #captcha = new Captcha(this.#product, () => this.#say({ type: "login-required" }));
  #button = element("buy-button");
  #state = null;
  #intent = null;
  #busy = false;

  start() {
    element("buy-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#buy();
    });
    window.addEventListener("storage", (event) => {
      if (this.#intent && event.key === this.#intent.name && this.#intent.read()) this.#follow();
    });
    keepInSync(this.#clock);
    new SaleState(this.#product, this.#clock, (state) => this.#changed(state)).follow();
    setInterval(() => this.#draw(), 250);
  }

  #changed(state) {
    const first = this.#state?.sale !== state.sale;
    this.#state = state;
    this.#panel.state = state;
    if (first && state.sale && this.#buyer) {
      this.#intent = new Intent(this.#buyer, state.sale);
      this.#follow();
    }
    this.#draw();
  }

  /** Goes on where the last visit to this page, or another tab, has come to. */
  #follow() {
    const { unresolvedSince, location, answer } = this.#intent;
    const fresh = this.#intent.answeredSince(Date.now() - FRESH_MS);
    if (location || Date.now() - unresolvedSince < RESUME_MS) {
      if (!this.#busy) this.#resume();
    } else if (answer && (fresh || LASTING.includes(answer.type))) {
      this.#say(answer);
    }
    this.#draw();
  }

  #draw() {
    if (!this.#state) return;
    this.#panel.draw();
    const status = this.#panel.status;
    const rest = this.#rest.left();
    const bought = Boolean(this.#intent?.bought);
    const buying = status === "on" && this.#intent !== null && !bought;
    this.#captcha.wanted = this.#state.captcha;
    if (buying && this.#state.captcha && !this.#busy) this.#captcha.show(this.#intent.key);
    if (!buying) this.#captcha.rest(status === "upcoming" ? "It comes when the sale begins." : "");
    this.#button.disabled = !buying || this.#busy || rest > 0;
    const label = this.#label(status, rest, bought);
    if (this.#button.textContent !== label) this.#button.textContent = label;
  }

  #label(status, rest, bought) {
    if (bought) return "Bought";
    if (status === "upcoming") return "Not yet";
    if (status === "sold_out") return "Sold out";
    if (status !== "on") return "Ended";
    if (rest > 0) return `Buy (${rest})`;
    return this.#busy ? "Asking…" : "Buy";
  }

  async #buy() {
    if (this.#button.disabled) return;
    if (this.#state.captcha && this.#captcha.empty()) {
      this.#say({ type: "captcha-empty" });
      this.#captcha.focus();
      return;
    }
    this.#rest.begin(REST_S); // one click, one attempt: whatever becomes of it
    await this.#inTurn(async () => {
      const pass = this.#state.captcha ? await this.#pass() : "";
      if (pass === null) return;
      this.#say({ type: "asking" });
      await this.#ask(pass);
    });
  }

  async #resume() {
    await this.#inTurn(async () => {
      if (!this.#intent.open) return; // another tab was quicker: the next intent is nobody's click
      this.#say({ type: "resuming" });
      await this.#ask("");
    });
  }

  /** Two tabs that ask at once are one buyer with one intent: one does `work`, the other follows. */
  async #inTurn(work) {
    const since = Date.now();
    this.#busy = true;
    this.#draw();
    await inTurn(
      this.#intent.name,
      () => this.#say({ type: "other-tab" }),
      async (waited) => {
        this.#intent.read();
        if (waited && this.#intent.answeredSince(since)) this.#say(this.#intent.answer);
        else await work();
      },
    );
    this.#busy = false;
    this.#draw();
  }

  /** The captcha's pass for this intent, or null after saying why there is none. */
  async #pass() {
    const { pass, problem, retryAfter } = await this.#captcha.pass(this.#intent.key);
    if (pass) return pass;
    if (problem === "too-many-wrong") this.#rest.begin(retryAfter || 60);
    this.#say({ type: problem, retryAfter });
    this.#captcha.again(this.#intent.key);
    return null;
  }

  async #ask(pass) {
    const intent = this.#intent;
    const answer = await purchase(this.#product, intent, pass, (stage) => this.#say(stage));
    this.#settle(intent, answer);
    this.#say(answer);
  }

  /** What the answer means for the key, the captcha and the button. */
  #settle(intent, answer) {
    switch (answer.type) {
      case "sold":
        // One buyer may hold several: the next click is then another intent.
        if (this.#state.limit > 1) intent.renew(answer);
        else intent.sold(answer);
        return;
      case "purchase-failed":
      case "key-reused":
        intent.renew(answer);
        return;
      case "login-required":
        return; // the intent stays as it is: its outcome may still be open
      case "busy":
        this.#panel.busy(answer.retryAfter);
        break;
      case "captcha-required":
        this.#captcha.again(intent.key);
        break;
    }
    if (answer.retryAfter) this.#rest.begin(answer.retryAfter);
    intent.refused(answer);
  }

  #say(answer) {
    if (answer) showAnswer(element("outcome"), answer);
  }
}

if (element("buy-form")) new ProductPage().start();

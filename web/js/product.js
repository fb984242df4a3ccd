// The product page: follows its sale, and buys.
import { Captcha } from "./lib/captcha.js";
import { ServerClock, keepInSync } from "./lib/clock.js";
import { Intent } from "./lib/intent.js";
import { showAnswer } from "./lib/notice.js";
import { ask } from "./lib/outcome.js";
import { purchase } from "./lib/purchase.js";
import { Rest } from "./lib/rest.js";
import { SalePanel } from "./lib/sale_panel.js";
import { SaleState } from "./lib/sale_state.js";
import { inTurn } from "./lib/turn.js";
import { visitor } from "./lib/visitor.js";

const REST_S = 10;
const RESUME_MS = 10 * 60_000; // a buyer does not expect an older click to be sent again

const FRESH_MS = 10_000; // for so long, a reload shows the last answer again, whatever it is
const LASTING = ["sold", "purchase-failed", "limit-reached"]; // shown after every reload

const element = (id) => document.getElementById(id);

class ProductPage {
  #product = element("product").dataset.product;
  #buyer = visitor();
  #rest = new Rest(this.#buyer);
  #clock = new ServerClock();
  #panel = new SalePanel(this.#clock);
  #captcha = new Captcha(this.#product, () => this.#say({ type: "login-required" }));
  #button = element("buy-button");
  #sale = new SaleState(this.#product, this.#clock, (state) => this.#changed(state));
  #state = null;
  #intent = null;
  #busy = false;

  start() {
    element("buy-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#buy();
    });
    window.addEventListener("storage", (event) => {
      if (this.#intent && event.key === this.#intent.name) this.#follow();
    });
    keepInSync(this.#clock);
    this.#sale.follow();
    setInterval(() => this.#draw(), 250);
  }

  #changed(state) {
    const another = state.sale && state.sale !== this.#intent?.sale;
    this.#state = state;
    this.#panel.state = state;
    if (another && this.#buyer) {
      this.#intent = new Intent(this.#buyer, state.sale);
      this.#follow();
      if (this.#intent.bought) this.#confirm(this.#intent);
    }
    this.#draw();
  }

  /** Asks whether the stored purchase exists: if the shop's data was replaced, ids of sales repeat, and
      the stored intent belongs to another sale. */
  async #confirm(intent) {
    const { key } = intent;
    const known = await ask(intent.address).catch(() => undefined);
    if (known !== null || !intent.holds(key)) return; // it exists, or the server cannot tell
    intent.renew();
    if (intent === this.#intent) this.#say(null);
    this.#draw();
  }

  /** Continues with the stored intent, from an earlier visit to this page or from another tab. */
  #follow() {
    this.#intent.read();
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
    this.#rest.begin(REST_S); // whatever the answer is, the server takes one attempt in this time
    await this.#inTurn(async (intent) => {
      const { key } = intent;
      const pass = this.#state.captcha ? await this.#pass(key) : "";
      if (pass === null) return;
      this.#say({ type: "asking" });
      await this.#ask(intent, key, pass);
    });
  }

  async #resume() {
    await this.#inTurn(async (intent) => {
      if (!intent.open) return; // another tab has the answer, and nobody clicked for the next intent
      this.#say({ type: "resuming" });
      await this.#ask(intent, intent.key, "");
    });
  }

  /** Of several tabs with the same intent one does `work`; the others show its answer. */
  async #inTurn(work) {
    const since = Date.now();
    const intent = this.#intent;
    this.#busy = true;
    this.#draw();
    const turn = async (waited) => {
      intent.read();
      if (waited && intent.answeredSince(since)) this.#say(intent.answer);
      else await work(intent);
    };
    try {
      await inTurn(intent.name, () => this.#say({ type: "other-tab" }), turn);
    } catch (error) {
      console.error(error);
      this.#say({ type: "page-error" });
    } finally {
      this.#busy = false;
    }
    if (intent === this.#intent) this.#draw();
    else this.#follow(); // the intent of a sale that has begun meanwhile
  }

  /** The captcha's pass for this key, or null after saying why there is none. */
  async #pass(key) {
    const { pass, problem, retryAfter } = await this.#captcha.pass(key);
    if (pass) return pass;
    if (problem === "too-many-wrong") this.#rest.begin(retryAfter || 60);
    this.#say({ type: problem, retryAfter });
    this.#captcha.again(key);
    return null;
  }

  async #ask(intent, key, pass) {
    const saleNow = () => this.#sale.recent();
    const click = { product: this.#product, intent, key, pass, saleNow };
    const answer = await purchase(click, (stage) => this.#say(stage));
    if (answer && intent.holds(key)) this.#settle(intent, answer);
    this.#say(answer ?? intent.answer);
  }

  /** What the answer means for the key, the captcha and the button. */
  #settle(intent, answer) {
    switch (answer.type) {
      case "sold":
        // Where a buyer may have several units, the next click is another intent.
        if (this.#state.limit > 1) intent.renew(answer);
        else intent.sold(answer);
        return;
      case "purchase-failed":
      case "key-reused":
        intent.renew(answer);
        return;
      case "login-required":
        return; // the intent stays, because its outcome may still be unknown
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

  /** Shows the answer; without one, removes the answer before. */
  #say(answer) {
    if (answer) showAnswer(element("outcome"), answer);
    else element("outcome").replaceChildren();
  }
}

if (element("buy-form")) new ProductPage().start();

// The product page: follows its sale, and buys.
import { fetchAt } from "./lib/ahead.js";
import { Captcha } from "./lib/captcha.js";
import { ServerClock, askTime, keepInSync } from "./lib/clock.js";
import { connection } from "./lib/connection.js";
import { payLeft } from "./lib/countdown.js";
import { Intent } from "./lib/intent.js";
import { showAnswer, showConnection } from "./lib/notice.js";
import { ask } from "./lib/outcome.js";
import { purchase } from "./lib/purchase.js";
import { Rest } from "./lib/rest.js";
import { SalePanel } from "./lib/sale_panel.js";
import { SaleState } from "./lib/sale_state.js";
import { askSession } from "./lib/session.js";
import { inTurn } from "./lib/turn.js";
import { visitor } from "./lib/visitor.js";

const REST_S = 10; // after an attempt that the server took, it takes no other for so long
const RESUME_MS = 10 * 60_000; // a buyer does not expect an older click to be sent again

const WHEN_IT_COMES = "It comes in the last minute before the start.";

const KEEPS_PICTURE = [ // the answer may be right, or there is a new picture already
  "connection-lost",
  "challenge-refused",
  "challenge-unavailable",
  "captcha-missing",
  "work-missing",
  "work-impossible",
  "too-fast",
];

const FRESH_MS = 10_000; // for so long, a reload shows the last answer again, whatever it is
const LASTING = ["sold", "held", "purchase-failed", "limit-reached"]; // shown after every reload

const element = (id) => document.getElementById(id);

class ProductPage {
  #product = element("product").dataset.product;
  #buyer = visitor();
  #rest = new Rest(this.#buyer);
  #clock = new ServerClock();
  #panel = new SalePanel(this.#clock);
  #captcha = new Captcha(this.#product, () => this.#loggedOut());
  #button = element("buy-button");
  #sale = new SaleState(this.#product, (state) => this.#changed(state));
  #state = null;
  #intent = null;
  #busy = false;
  #open = true; // the session, as far as this page knows
  #arrived = null; // by the server's clock
  #share = Math.random(); // this page's own, of the time in which pages fetch ahead
  #resync = () => {};
  #held = null; // the answer that is shown, if it is "held"
  #aheadOf = ""; // the start that what is to be fetched ahead was fetched for

  start() {
    element("buy-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#buy();
    });
    window.addEventListener("storage", (event) => {
      if (this.#intent && event.key === this.#intent.name) this.#follow();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      if (!this.#open) this.#resync(); // in another tab they may have logged in
      if (this.#held) this.#confirm(this.#intent); // and paid
    });
    connection.listener = (state) => showConnection(element("connection"), state);
    this.#resync = keepInSync(this.#clock, () => this.#checkSession());
    this.#sale.follow();
    setInterval(() => this.#draw(), 250);
  }

  /** Asks whether the session is open, which also extends it, and for the server's time with it. */
  async #checkSession() {
    if (!this.#buyer) return askTime(this.#clock);
    const open = await askSession(this.#clock);
    if (open && !this.#open && !this.#busy) this.#say(null);
    this.#open = open;
    if (open) return undefined;
    this.#loggedOut();
    return askTime(this.#clock);
  }

  #loggedOut() {
    this.#open = false;
    if (!this.#busy && !this.#intent?.bought) this.#say({ type: "login-required" });
  }

  #changed(state) {
    const another = state.sale && state.sale !== this.#intent?.sale;
    this.#state = state;
    this.#panel.state = state;
    if (another && this.#buyer) {
      this.#intent = new Intent(this.#buyer, state.sale);
      this.#follow();
      if (this.#intent.bought || this.#held) this.#confirm(this.#intent);
    }
    this.#draw();
  }

  /** Asks what became of the stored purchase. The shop may have cancelled it, or it was not paid in
      time: then the buyer may have another. And if the shop's data was replaced, ids of sales repeat,
      and the stored intent belongs to another sale. */
  async #confirm(intent) {
    const { key, answer } = intent;
    const known = await ask(answer?.purchase ?? intent.address).catch(() => undefined);
    const over = known === null || known?.type === "purchase-failed";
    const paid = known?.type === "sold" && answer?.type === "held";
    if ((!over && !paid) || !intent.holds(key) || intent.open) return; // it stands, or nobody can tell
    if (paid && intent.bought) intent.sold(known);
    else if (intent.bought) intent.renew(known ?? undefined);
    else intent.refused(known ?? undefined);
    if (intent === this.#intent) this.#say(known);
    if (over) this.#sale.follow();
    this.#draw();
  }

  /** How long the order that is shown still waits for its payment. */
  #drawHeld() {
    const line = element("pay-left");
    line.hidden = !this.#held || !this.#clock.known;
    if (line.hidden) return;
    const { text, asks } = payLeft(this.#held.pay_by, this.#clock.now(), this.#share);
    if (line.textContent !== text) line.textContent = text;
    if (asks <= (this.#held.asked ?? 0) || document.hidden) return;
    this.#held = { ...this.#held, asked: asks };
    this.#confirm(this.#intent);
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
    this.#drawHeld();
    const status = this.#panel.status;
    const rest = this.#rest.left();
    const bought = Boolean(this.#intent?.bought);
    const may = this.#intent !== null && !bought;
    const buying = status === "on" && may;
    const ahead = status === "upcoming" && may && this.#isTimeToFetch();
    if (bought) this.#sale.stop();
    this.#captcha.wanted = this.#state.captcha;
    const fetching = (buying || ahead) && this.#open;
    if (!fetching) this.#captcha.rest(status === "upcoming" ? WHEN_IT_COMES : "");
    else if (this.#state.captcha && !this.#busy) this.#captcha.show(this.#intent.key);
    this.#button.disabled = !buying || this.#busy || rest > 0;
    const label = this.#label(status, rest, bought);
    if (this.#button.textContent !== label) this.#button.textContent = label;
  }

  /** True from this page's own moment in the last minute before the start on. */
  #isTimeToFetch() {
    const start = this.#state.starts_at;
    if (this.#aheadOf === start) return true;
    if (!this.#clock.known || document.hidden) return false;
    const now = this.#clock.now();
    this.#arrived ??= now;
    if (now < fetchAt(Date.parse(start), this.#arrived, this.#share)) return false;
    this.#aheadOf = start;
    if (!this.#state.captcha) this.#resync(); // else the captcha tells whether the session is open
    return true;
  }

  #label(status, rest, bought) {
    if (bought) return this.#intent.answer?.type === "held" ? "Held for you" : "Bought";
    if (status === "upcoming") return "Not yet";
    if (status === "sold_out") return "Sold out";
    if (status !== "on") return "Ended";
    if (rest > 0) return `Buy (${rest})`;
    return this.#busy ? "Asking…" : "Buy";
  }

  async #buy() {
    if (this.#button.disabled) return;
    if (!this.#open) await this.#checkSession().catch(() => {}); // they may have logged in elsewhere
    if (!this.#open) return;
    if (this.#state.captcha && this.#captcha.empty()) {
      this.#say({ type: this.#captcha.outside ? "challenge-empty" : "captcha-empty" });
      this.#captcha.focus();
      return;
    }
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
    if (retryAfter) this.#rest.begin(retryAfter);
    this.#say({ type: problem, retryAfter });
    if (problem === "login-required") this.#open = false;
    else if (!KEEPS_PICTURE.includes(problem)) this.#captcha.again(key);
    return null;
  }

  async #ask(intent, key, pass) {
    const saleNow = () => this.#sale.recent();
    const click = { product: this.#product, intent, key, pass, saleNow };
    const answer = await purchase(click, (stage) => {
      if (stage.type === "busy") this.#panel.busy(stage.retryAfter);
      this.#say(stage);
    });
    if (answer && intent.holds(key)) this.#settle(intent, answer, click.sentAt);
    this.#say(answer ?? intent.answer);
  }

  /** What the answer means for the key, the captcha and the button. The button rests for as long as
      the server takes no other attempt, and no longer; `sentAt` is when this one was sent. */
  #settle(intent, answer, sentAt = intent.unresolvedSince) {
    const restAfterAttempt = () => this.#rest.begin(REST_S - (Date.now() - sentAt) / 1000);
    switch (answer.type) {
      case "sold":
        restAfterAttempt();
        // Where a buyer may have several units, the next click is another intent.
        if (this.#state.limit > 1) intent.renew(answer);
        else intent.sold(answer);
        return;
      case "held": {
        restAfterAttempt();
        const kept = { ...answer, purchase: `/purchases/${intent.sale}/${intent.key}` };
        if (this.#state.limit > 1) intent.renew(kept);
        else intent.sold(kept);
        return;
      }
      case "purchase-failed":
        restAfterAttempt();
        intent.renew(answer);
        return;
      case "key-reused":
        intent.renew(answer);
        return;
      case "login-required":
        this.#open = false;
        return; // the intent stays, because its outcome may still be unknown
      case "not-started":
        this.#resync();
        this.#rest.begin(REST_S); // this page's clock is wrong, and whoever tries often is shut out
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
    this.#held = answer?.type === "held" ? answer : null;
    if (answer) showAnswer(element("outcome"), answer);
    else element("outcome").replaceChildren();
  }
}

if (element("buy-form")) new ProductPage().start();

// The captcha of one intent: a picture, its sealed challenge, and the pass that a right answer earns.
// Its place on the page is kept while there is no picture, so that nothing moves when one comes. Buyers
// who cannot see have the device work instead, for the same pass. Where the shop has an external
// challenge, its widget is there instead, and the shop's own captchas come while it does not.
import { askPass, askPicture } from "./captcha_requests.js";
import { ExternalChallenge } from "./external_challenge.js";
import { browserStore } from "./storage.js";
import { backoff, laterOrOnline, wait } from "./wait.js";
import { work, WorkerFailed } from "./work.js";

const REFRESH_MS = 60_000;
const CHALLENGE_MS = 110_000; // challenge and pass are valid for 120 s; the rest is for the requests' way
const TYPING_MS = 3000; // so long after a key was pressed, somebody types
const HELP = "Capitals or not makes no difference. The picture changes every minute, but not while you type.";
const WORKING = "This device is working. That takes some seconds.";
const WORKED = "This device has done its work. Press Buy when the sale is on.";
const PICTURE = "Show a picture instead";
const CANNOT_WORK = `This browser cannot do the work. Press “${PICTURE}”, or use another browser.`;
const NO_PICTURE = "No picture: let this device work instead";
const OWN_PICTURE = "Show the shop's own picture instead";
const LOADING = "The challenge is being loaded.";
const ANSWER_IT = "Answer the challenge, then press Buy.";
const REFUSED = "That answer does not count. Answer this challenge, then press Buy.";
const JUDGING = "The challenge is being checked.";
const ANSWERED = "The challenge is answered. Press Buy when the sale is on.";
const NOT_LOADED = "The challenge does not load. It comes from another site: does this browser block that?";
const WAYS = "stampede:captcha"; // what this browser keeps: whether it works
const MOST_FAILED = 3; // workers in a row that did not run; then none will
const MOST_EARLY = 3; // answers that come too soon; then something is wrong with a clock

export class Captcha {
  #box = document.getElementById("captcha");
  #frame = document.getElementById("captcha-frame");
  #input = document.getElementById("captcha-answer");
  #note = document.getElementById("captcha-note");
  #way = document.getElementById("captcha-work");
  #works = browserStore.load(WAYS) === "work"; // no picture
  #external = null; // the challenge of somebody else, if the shop has one
  #outside = false; // it is used now, and none of the shop's own
  #number = ""; // what the work has found
  #failedWorkers = 0; // in a row
  #image = null;
  #product;
  #key = "";
  #challenge = "";
  #takenFrom = 0;
  #challengeUntil = 0;
  #pass = "";
  #passUntil = 0;
  #shown = false; // a picture is shown or on its way
  #failures = 0;
  #typedAt = -Infinity;
  #cancel = () => {}; // of what is planned next
  #load = null;
  #working = null; // until the work is done, or has failed
  #judging = null; // until the provider has judged the token
  #instruction = ANSWER_IT; // beside the widget
  #onLoggedOut;

  constructor(product, onLoggedOut) {
    this.#product = product;
    this.#onLoggedOut = onLoggedOut;
    this.#input.addEventListener("input", () => {
      this.#typedAt = performance.now();
    });
    document.getElementById("captcha-refresh").addEventListener("click", () => {
      this.again(this.#key);
    });
    this.#way.addEventListener("click", () => {
      if (this.#outside) this.#goInside();
      else this.#choose(!this.#works);
    });
    if (this.#box.dataset.provider) this.#prepareExternal();
    this.#showWay();
  }

  #prepareExternal() {
    const { provider, siteKey, script } = this.#box.dataset;
    this.#external = new ExternalChallenge({
      provider,
      siteKey,
      script,
      place: document.getElementById("captcha-widget"),
      onToken: () => this.#takeToken(),
      onFailure: () => {
        if (this.#outside && this.#shown) this.#goInside();
      },
    });
    this.#outside = !(this.#works && this.#ownAlways);
  }

  /** Buyers may take the shop's own captchas as they like. */
  get #ownAlways() {
    return this.#box.dataset.own === "always";
  }

  /** The external challenge is asked for, and nothing else. */
  get outside() {
    return this.#outside;
  }

  /** False for a sale without captchas. */
  set wanted(wanted) {
    this.#box.hidden = !wanted;
  }

  /** Shows a picture for this key; does nothing if one is shown already, or a pass is held. */
  show(key) {
    if (key === this.#key && (this.#shown || this.#passHolds())) return;
    if (key !== this.#key) this.#forget();
    this.#key = key;
    this.#fetch();
  }

  /** Shows `note` instead of a picture. */
  rest(note) {
    this.#stop();
    this.#removeImage();
    this.#box.disabled = true;
    this.#tell(note);
  }

  /** Shows another picture: the buyer asks for it, gave a wrong answer, or the server refused the
      pass. */
  again(key) {
    this.#key = key;
    this.#forget();
    this.#removeImage();
    this.#fetch();
    this.focus();
  }

  /** True while there is nothing to send: no pass, and no answer typed. Work is waited for. */
  empty() {
    if (this.#outside) return !this.#passHolds() && this.#external.token === "";
    return !this.#works && !this.#passHolds() && this.#input.value.trim() === "";
  }

  /** To where the answer is typed; work needs nobody. */
  focus() {
    if (!this.#works && !this.#outside) this.#input.focus();
  }

  /** Resolves with the pass for the intent of this key, {pass}, or with {problem, retryAfter}, where
      `problem` is the server's type. This guards nothing: /check itself requires the pass. */
  async pass(key) {
    if (key !== this.#key) return { problem: "captcha-required" }; // another tab has a new key
    if (this.#passHolds()) return { pass: this.#pass };
    if (this.#outside) return this.#judge();
    if (this.#works) {
      await this.#working;
      if (this.#challenge !== "" && performance.now() >= this.#challengeUntil) {
        this.#fetch(); // the page was hidden for long
        await this.#working;
      }
    }
    if (this.#challenge === "") return { problem: this.#missing() };
    const verified = await this.#verifyInTime(this.#works ? this.#number : this.#input.value.trim());
    if (verified.pass) this.#keepPass(verified.pass);
    return verified;
  }

  /** The token is sent as soon as there is one, and not with the click on Buy: people answer at moments
      of their own, so that the start brings the provider no flood of tokens. */
  #takeToken() {
    if (this.#external.token !== "") this.#judge();
    else if (!this.#passHolds()) this.#tell(this.#instruction);
  }

  /** Resolves as pass() does. A token that is being judged is not sent again. */
  #judge() {
    if (this.#judging) return this.#judging;
    const judging = this.#passByToken().finally(() => {
      if (this.#judging === judging) this.#judging = null;
    });
    this.#judging = judging;
    return judging;
  }

  async #passByToken() {
    const key = this.#key;
    const { token } = this.#external;
    if (token === "") return { problem: "challenge-empty" };
    this.#cancel();
    this.#tell(JUDGING);
    const verified = await askPass({ token, product: this.#product, key });
    if (key !== this.#key) return { problem: "captcha-required" }; // another tab has a new key
    if (verified.pass) this.#keepPass(verified.pass);
    else if (token === this.#external.token) this.#unjudged(verified);
    const refused = verified.problem === "captcha-wrong";
    return refused ? { ...verified, problem: "challenge-refused" } : verified;
  }

  /** A refused token is spent. Any other is still good, and sent again. */
  #unjudged({ problem, retryAfter }) {
    if (problem === "captcha-wrong") {
      this.#instruction = REFUSED;
      this.again(this.#key);
    } else if (problem === "challenge-unavailable") {
      this.#setOutside(false);
      this.#fetch(); // the shop's own, if it gives one
    } else if (problem === "login-required") {
      this.#onLoggedOut();
    } else {
      this.#judgeLater(retryAfter);
    }
  }

  /** After so many seconds at least. A buyer who presses Buy meanwhile does not wait for it. */
  #judgeLater(seconds = 0) {
    this.#tell(ANSWERED);
    this.#failures += 1;
    const pause = Math.max(backoff(this.#failures), seconds * 1000);
    this.#cancel = laterOrOnline(pause, () => this.#judge());
  }

  #keepPass(pass) {
    this.#pass = pass;
    this.#passUntil = performance.now() + CHALLENGE_MS;
    this.#failures = 0;
    this.#instruction = ANSWER_IT;
    this.rest(this.#outside ? ANSWERED : "That was right.");
  }

  #missing() {
    if (!this.#works) return "captcha-missing";
    return this.#failedWorkers < MOST_FAILED ? "work-missing" : "work-impossible";
  }

  /** Has the device work, or shows a picture, from now on and after a reload. */
  #choose(works) {
    this.#works = works;
    this.#failedWorkers = 0;
    browserStore.save(WAYS, works ? "work" : "picture");
    this.#showWay();
    this.again(this.#key);
  }

  #showWay() {
    this.#box.toggleAttribute("data-outside", this.#outside);
    this.#box.toggleAttribute("data-works", this.#works && !this.#outside);
    this.#way.hidden = this.#outside && !this.#ownAlways;
    if (this.#outside) this.#way.textContent = OWN_PICTURE;
    else this.#way.textContent = this.#works ? PICTURE : NO_PICTURE;
  }

  #setOutside(outside) {
    this.#outside = outside;
    this.#showWay();
  }

  /** To the shop's own captchas: they were chosen, or the external challenge does not come. Whether
      they are given, the server says. */
  #goInside() {
    this.#setOutside(false);
    this.#forget();
    this.#fetch();
  }

  #fetch() {
    this.#stop();
    this.#shown = true;
    this.#box.disabled = false;
    this.#load = new AbortController();
    if (this.#outside) this.#fetchWidget(this.#load);
    else if (this.#works) this.#working = this.#fetchWork(this.#load);
    else this.#fetchPicture(this.#load);
  }

  async #fetchWidget(load) {
    this.#tell(LOADING);
    try {
      await this.#external.show();
      if (load.signal.aborted) return;
      this.#failures = 0;
      if (this.#external.token === "") this.#tell(this.#instruction);
    } catch (error) {
      if (load.signal.aborted) return;
      console.warn(error);
      this.#goInside();
    }
  }

  /** Gets a task and solves it. */
  async #fetchWork(load) {
    this.#tell(WORKING);
    try {
      const { worker } = this.#way.dataset;
      const got = await work({ product: this.#product, key: this.#key, worker, signal: load.signal });
      if (load.signal.aborted) return;
      if (got.problem === "login-required") this.#onLoggedOut();
      if (got.problem) this.#failed(got);
      else this.#worked(got);
    } catch (error) {
      if (load.signal.aborted) return;
      console.warn(error);
      this.#failedWork(error);
    }
  }

  /** Asks again, unless this browser lets no worker run: whoever waits would wait for ever. */
  #failedWork(error) {
    if (!(error instanceof WorkerFailed)) return this.#failed({});
    this.#failedWorkers += 1;
    if (this.#failedWorkers < MOST_FAILED) return this.#failed({});
    this.#tell(CANNOT_WORK);
  }

  /** The challenge is as old as its work is long, and so will be the next one. */
  #worked({ challenge, wait: least, answer, age }) {
    this.#failures = 0;
    this.#failedWorkers = 0;
    this.#tell(WORKED);
    this.#number = answer;
    this.#keepChallenge(challenge, least, age);
    this.#plan(Math.max(CHALLENGE_MS - 2 * age, TYPING_MS));
  }

  /** Gets a picture, and shows it unless somebody has begun to type what the one before says. */
  async #fetchPicture(load) {
    try {
      const got = await askPicture({ product: this.#product, key: this.#key, signal: load.signal });
      if (load.signal.aborted) return;
      if (got.loggedOut) this.#onLoggedOut();
      if (got.picture) this.#take(got);
      else this.#failed(got);
    } catch {
      if (!load.signal.aborted) this.#failed({});
    }
  }

  #take({ picture, challenge, wait: least }) {
    this.#failures = 0;
    if (!this.#mayReplace()) {
      this.#plan();
      return;
    }
    const tooOld = this.#image && this.#input.value !== "";
    this.#tell(tooOld ? "The picture before was too old: please type this one." : HELP);
    this.#showImage(picture);
    this.#keepChallenge(challenge, least);
    this.#input.value = "";
    this.#plan(REFRESH_MS);
  }

  /** `least`: for how many milliseconds the server takes no answer; `age`: since it was asked for. */
  #keepChallenge(challenge, least, age = 0) {
    this.#challenge = challenge;
    this.#takenFrom = performance.now() + least;
    this.#challengeUntil = performance.now() + CHALLENGE_MS - age;
  }

  #failed({ problem, retryAfter: demanded = 0 }) {
    if (problem === "external-challenge") this.#setOutside(true);
    if (this.#outside && this.#external.token !== "") {
      this.#judgeLater(demanded);
      return;
    }
    this.#failures += 1;
    const pause = Math.max(backoff(this.#failures), demanded * 1000);
    const seconds = Math.ceil(pause / 1000);
    const usable = this.#image && performance.now() < this.#challengeUntil;
    if (!usable) this.#tell(`${this.#why(problem)} Asking again in ${seconds} s.`);
    this.#cancel = laterOrOnline(pause, () => this.#fetch());
  }

  #why(problem) {
    if (problem === "external-challenge") return NOT_LOADED;
    if (problem !== "too-many-captchas") {
      return this.#works ? "The work did not come." : "The picture did not come.";
    }
    if (this.#works) return "This device was given as much work as one buyer gets in a minute.";
    return "You were given as many pictures as one buyer gets in a minute. Or let this device work.";
  }

  /** Plans the next picture. One that is being answered stays for as long as its challenge is good,
      and then until nobody types; one that nobody sees stays as well. */
  #plan(milliseconds = TYPING_MS) {
    const timer = setTimeout(() => {
      if (this.#mayReplace()) this.#fetch();
      else this.#plan();
    }, milliseconds);
    this.#cancel = () => clearTimeout(timer);
  }

  #mayReplace() {
    if (this.#works) return !document.hidden;
    if (!this.#image) return true;
    if (document.hidden) return false;
    const now = performance.now();
    if (now < this.#typedAt + TYPING_MS) return false;
    return this.#input.value === "" || now >= this.#challengeUntil;
  }

  /** Not before the server takes it; again, where its clocks differ and it says that it was too soon. */
  async #verifyInTime(answer) {
    const early = this.#takenFrom - performance.now();
    if (early > 0) await wait(early);
    let verified = await this.#verify(answer);
    for (let early = 0; verified.problem === "too-fast" && early < MOST_EARLY; early += 1) {
      await wait(verified.retryAfter * 1000);
      verified = await this.#verify(answer);
    }
    const spent = verified.problem === "captcha-wrong"; // it has expired
    return this.#works && spent ? { ...verified, problem: "work-spent" } : verified;
  }

  #verify(answer) {
    return askPass({ challenge: this.#challenge, answer, product: this.#product, key: this.#key });
  }

  /** Nothing is fetched any more, nor planned. */
  #stop() {
    this.#cancel();
    this.#cancel = () => {};
    this.#load?.abort();
    this.#load = null;
    this.#shown = false;
  }

  #forget() {
    this.#pass = "";
    this.#challenge = "";
    this.#number = "";
    this.#judging = null;
    if (this.#external) this.#external.token = "";
    this.#input.value = "";
    this.#typedAt = -Infinity;
  }

  #showImage(picture) {
    this.#removeImage();
    this.#image = new Image(260, 130);
    this.#image.id = "captcha-image";
    this.#image.alt = "Letters and digits on two lines, one of which starts at a dot";
    this.#image.src = URL.createObjectURL(picture);
    this.#frame.replaceChildren(this.#image);
  }

  #removeImage() {
    if (!this.#image) return;
    URL.revokeObjectURL(this.#image.src);
    this.#image.remove();
    this.#image = null;
  }

  #tell(note) {
    if (this.#note.textContent !== note) this.#note.textContent = note;
  }

  #passHolds() {
    return this.#pass !== "" && performance.now() < this.#passUntil;
  }
}

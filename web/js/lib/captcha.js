// The captcha of one intent: a picture, its sealed challenge, and the pass that a right answer earns.
// Its place on the page is kept while there is no picture, so that nothing moves when one comes.
import { jsonObject, request, retryAfter } from "./request.js";
import { backoff, laterOrOnline } from "./wait.js";

const REFRESH_MS = 60_000;
const CHALLENGE_MS = 110_000; // challenge and pass are valid for 120 s; the rest is for the requests' way
const TYPING_MS = 3000; // so long after a key was pressed, somebody types
const HELP = "Capitals or not makes no difference. The picture changes every minute, but not while you type.";

export class Captcha {
  #box = document.getElementById("captcha");
  #frame = document.getElementById("captcha-frame");
  #input = document.getElementById("captcha-answer");
  #note = document.getElementById("captcha-note");
  #image = null;
  #product;
  #key = "";
  #challenge = "";
  #challengeUntil = 0;
  #pass = "";
  #passUntil = 0;
  #shown = false; // a picture is shown or on its way
  #failures = 0;
  #typedAt = -Infinity;
  #cancel = () => {}; // of what is planned next
  #load = null;
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
    this.#input.focus();
  }

  /** True while there is nothing to send: no pass, and no answer typed. */
  empty() {
    return !this.#passHolds() && this.#input.value.trim() === "";
  }

  focus() {
    this.#input.focus();
  }

  /** Resolves with the pass for the intent of this key, {pass}, or with {problem, retryAfter}, where
      `problem` is the server's type. This guards nothing: /check itself requires the pass. */
  async pass(key) {
    if (key !== this.#key) return { problem: "captcha-required" }; // another tab has a new key
    if (this.#passHolds()) return { pass: this.#pass };
    if (this.#challenge === "") return { problem: "captcha-missing" };
    const verified = await this.#verify(this.#input.value.trim());
    if (verified.pass) {
      this.#pass = verified.pass;
      this.#passUntil = performance.now() + CHALLENGE_MS;
      this.rest("That was right.");
    }
    return verified;
  }

  /** Gets a picture, and shows it unless somebody has begun to type what the one before says. */
  async #fetch() {
    this.#stop();
    this.#shown = true;
    this.#box.disabled = false;
    const load = new AbortController();
    this.#load = load;
    const query = new URLSearchParams({ productID: this.#product, key: this.#key });
    try {
      const options = { cache: "no-store", signal: load.signal };
      const got = await request(`/captcha?${query}`, options, readPicture);
      if (load.signal.aborted) return;
      if (got.loggedOut) this.#onLoggedOut();
      if (got.picture) this.#take(got);
      else this.#failed(got.retryAfter);
    } catch {
      if (!load.signal.aborted) this.#failed(0);
    }
  }

  #take({ picture, challenge }) {
    this.#failures = 0;
    if (!this.#mayReplace()) {
      this.#plan();
      return;
    }
    const tooOld = this.#image && this.#input.value !== "";
    this.#tell(tooOld ? "The picture before was too old: please type this one." : HELP);
    this.#showImage(picture);
    this.#challenge = challenge;
    this.#challengeUntil = performance.now() + CHALLENGE_MS;
    this.#input.value = "";
    this.#plan(REFRESH_MS);
  }

  #failed(retryAfter) {
    this.#failures += 1;
    const pause = Math.max(backoff(this.#failures), retryAfter * 1000);
    const seconds = Math.ceil(pause / 1000);
    const usable = this.#image && performance.now() < this.#challengeUntil;
    if (!usable) this.#tell(`The picture did not come. Asking again in ${seconds} s.`);
    this.#cancel = laterOrOnline(pause, () => this.#fetch());
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
    if (!this.#image) return true;
    if (document.hidden) return false;
    const now = performance.now();
    if (now < this.#typedAt + TYPING_MS) return false;
    return this.#input.value === "" || now >= this.#challengeUntil;
  }

  async #verify(answer) {
    const options = {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({
        challenge: this.#challenge,
        answer,
        productID: Number(this.#product),
        key: this.#key,
      }),
    };
    try {
      return await request("/captcha/verify", options, async (response) => {
        const { pass, type } = await jsonObject(response);
        if (!pass && !type) throw new TypeError("no answer of the shop");
        return pass ? { pass } : { problem: type, retryAfter: retryAfter(response) };
      });
    } catch {
      return { problem: "connection-lost" };
    }
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
    this.#input.value = "";
    this.#typedAt = -Infinity;
  }

  #showImage(picture) {
    this.#removeImage();
    this.#image = new Image(200, 70);
    this.#image.id = "captcha-image";
    this.#image.alt = "Distorted letters and digits to type below";
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

/** {picture, challenge}, or {loggedOut, retryAfter} where the server gives none. */
async function readPicture(response) {
  const challenge = response.headers.get("Captcha-Challenge");
  if (response.ok && challenge) return { picture: await response.blob(), challenge };
  return { loggedOut: response.status === 401, retryAfter: retryAfter(response) };
}

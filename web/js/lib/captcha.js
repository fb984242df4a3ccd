// The captcha of one intent: a picture, its sealed challenge, and the pass that a right answer earns.
// Its place on the page is kept while there is no picture, so that nothing moves when one comes.
import { jsonObject, request, retryAfter } from "./request.js";

const REFRESH_MS = 60_000;
const PASS_MS = 110_000; // a pass is valid for 120 s; the rest is for the requests' way
const HELP = "Capitals or not makes no difference. The picture changes every minute.";

export class Captcha {
  #box = document.getElementById("captcha");
  #frame = document.getElementById("captcha-frame");
  #input = document.getElementById("captcha-answer");
  #note = document.getElementById("captcha-note");
  #image = null;
  #product;
  #key = "";
  #challenge = "";
  #pass = "";
  #passUntil = 0;
  #timer = 0;
  #load = null;
  #onLoggedOut;

  constructor(product, onLoggedOut) {
    this.#product = product;
    this.#onLoggedOut = onLoggedOut;
    document.getElementById("captcha-refresh").addEventListener("click", async () => {
      await this.refresh();
      this.#input.focus();
    });
  }

  /** False for a sale without captchas. */
  set wanted(wanted) {
    this.#box.hidden = !wanted;
  }

  /** Shows a picture for this key; does nothing if one is shown already, or a pass is held. */
  show(key) {
    if (key === this.#key && (this.#timer || this.#passHolds())) return;
    if (key !== this.#key) this.#pass = "";
    this.#key = key;
    this.refresh();
  }

  /** Shows `note` instead of a picture. */
  rest(note) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#load?.abort();
    this.#load = null;
    this.#removeImage();
    this.#box.disabled = true;
    this.#tell(note);
  }

  async refresh() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), REFRESH_MS);
    this.#load?.abort();
    const load = new AbortController();
    this.#load = load;
    this.#pass = "";
    this.#challenge = "";
    this.#box.disabled = false;
    const query = new URLSearchParams({ productID: this.#product, key: this.#key });
    try {
      const options = { cache: "no-store", signal: load.signal };
      const { picture, challenge } = await request(`/captcha?${query}`, options, async (response) => {
        if (response.status === 401) this.#onLoggedOut();
        const challenge = response.headers.get("Captcha-Challenge");
        if (!response.ok || !challenge) throw new Error(`status ${response.status}`);
        return { picture: await response.blob(), challenge };
      });
      if (load.signal.aborted) return;
      this.#showImage(picture);
      this.#challenge = challenge;
      this.#input.value = "";
      this.#tell(HELP);
    } catch {
      if (load.signal.aborted) return;
      this.#tell("The picture did not load. Press “New picture” to try again.");
    }
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
    const verified = await this.#verify(this.#input.value.trim());
    if (verified.pass) {
      this.#pass = verified.pass;
      this.#passUntil = performance.now() + PASS_MS;
      this.rest("That was right.");
    }
    return verified;
  }

  /** Shows a new picture, after a wrong answer or a pass that the server refused. */
  async again(key) {
    this.#key = key;
    await this.refresh();
    this.#input.focus();
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

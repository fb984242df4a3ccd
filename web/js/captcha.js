// The captcha of one intent: a picture, its sealed challenge, and the pass that a right answer earns.
const REFRESH_MS = 60_000;
const PASS_MS = 110_000; // a pass holds 120 s; the rest is for the way

export class Captcha {
  #box = document.getElementById("captcha");
  #image = document.getElementById("captcha-image");
  #input = document.getElementById("captcha-answer");
  #note = document.getElementById("captcha-note");
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

  /** Shows a picture for this key; does nothing if one is shown already, or a pass is held. */
  show(key) {
    if (key === this.#key && (this.#timer || this.#passHolds())) return;
    if (key !== this.#key) this.#pass = "";
    this.#key = key;
    this.#box.hidden = false;
    this.refresh();
  }

  hide() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#load?.abort();
    this.#box.hidden = true;
  }

  async refresh() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), REFRESH_MS);
    this.#load?.abort();
    const load = new AbortController();
    this.#load = load;
    this.#pass = "";
    this.#challenge = "";
    const query = new URLSearchParams({ productID: this.#product, key: this.#key });
    try {
      const response = await fetch(`/captcha?${query}`, { cache: "no-store", signal: load.signal });
      if (response.status === 401) this.#onLoggedOut();
      if (!response.ok) throw new Error(`status ${response.status}`);
      const picture = URL.createObjectURL(await response.blob());
      URL.revokeObjectURL(this.#image.src);
      this.#image.src = picture;
      this.#challenge = response.headers.get("Captcha-Challenge") ?? "";
      this.#input.value = "";
      this.#note.textContent =
        "Capitals or not makes no difference. The picture changes every minute.";
    } catch {
      if (load.signal.aborted) return;
      this.#note.textContent = "The picture did not load. Press “New picture” to try again.";
    }
  }

  /** Nothing to send yet: no pass, and no answer typed. */
  empty() {
    return !this.#passHolds() && this.#input.value.trim() === "";
  }

  /** The page's script is no guard: /check itself asks for the pass that this earns.
      Answers {pass}, or {problem: the server's type, retryAfter}. */
  async pass() {
    if (this.#passHolds()) return { pass: this.#pass };
    const answer = this.#input.value.trim();
    let response;
    try {
      response = await fetch("/captcha/verify", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({
          challenge: this.#challenge,
          answer,
          productID: Number(this.#product),
          key: this.#key,
        }),
      });
    } catch {
      return { problem: "connection-lost" };
    }
    const body = await response.json().catch(() => ({}));
    if (response.ok && body.pass) {
      this.#pass = body.pass;
      this.#passUntil = performance.now() + PASS_MS;
      this.hide();
      return { pass: this.#pass };
    }
    return {
      problem: body.type ?? "unavailable",
      retryAfter: Number(response.headers.get("Retry-After")) || 0,
    };
  }

  /** A new picture, after a wrong answer or a pass that was not taken. */
  async again() {
    this.#pass = "";
    this.#box.hidden = false;
    await this.refresh();
    this.#input.focus();
  }

  #passHolds() {
    return this.#pass !== "" && performance.now() < this.#passUntil;
  }
}

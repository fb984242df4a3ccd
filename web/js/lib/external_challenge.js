// A challenge of somebody else: its script, its widget, and the token that an answer earns. Turnstile,
// hCaptcha and reCAPTCHA have the same calls: render(), reset(), and a function that is told when the
// script is ready.

const LOAD_MS = 10_000; // a script that has not come by then does not come
const READY = "stampedeChallengeReady"; // the function's name
const GLOBALS = { turnstile: "turnstile", hcaptcha: "hcaptcha", recaptcha: "grecaptcha" };
const NORMAL_WIDTH = 304; // of the widest widget; a narrower place gets the compact one

let loading = null; // the script's coming, once a page

/** Resolves with the provider's object, or rejects; what has failed is tried anew. */
function load(provider, script) {
  loading ??= new Promise((resolve, reject) => {
    const element = document.createElement("script");
    const fail = () => {
      clearTimeout(timer);
      element.remove();
      loading = null;
      reject(new Error("the challenge's script does not come"));
    };
    const timer = setTimeout(fail, LOAD_MS);
    window[READY] = () => {
      clearTimeout(timer);
      resolve(window[GLOBALS[provider]]);
    };
    element.addEventListener("error", fail);
    element.src = `${script}?${new URLSearchParams({ render: "explicit", onload: READY })}`;
    document.head.append(element);
  });
  return loading;
}

export class ExternalChallenge {
  token = "";
  #provider;
  #siteKey;
  #script;
  #place;
  #onToken;
  #onFailure;
  #api = null;
  #widget;

  /** `place` is the element that the widget is put into. `onToken` is called when there is a token and
      when it has expired, `onFailure` when the widget says that it cannot go on. */
  constructor({ provider, siteKey, script, place, onToken, onFailure }) {
    this.#provider = provider;
    this.#siteKey = siteKey;
    this.#script = script;
    this.#place = place;
    this.#onToken = onToken;
    this.#onFailure = onFailure;
  }

  /** Shows the widget, without a token: a new one, or the same anew. Rejects where it does not come. */
  async show() {
    this.token = "";
    const api = await load(this.#provider, this.#script);
    if (this.#api) {
      api.reset(this.#widget);
      return;
    }
    const take = (token) => {
      this.token = token;
      this.#onToken();
    };
    const compact = this.#place.clientWidth < NORMAL_WIDTH;
    this.#widget = api.render(this.#place, {
      sitekey: this.#siteKey,
      size: compact ? "compact" : "normal",
      theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
      callback: take,
      "expired-callback": () => take(""),
      "error-callback": () => {
        this.token = "";
        this.#onFailure();
      },
    });
    this.#api = api; // one that could not render has nothing to reset
  }
}

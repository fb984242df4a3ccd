// A program that talks to one listener, with the cookies that it was given.
export class Client {
  #origin;
  #cookies = new Map();

  constructor(origin, cookies = []) {
    this.#origin = origin;
    for (const { name, value } of cookies) this.#cookies.set(name, value);
  }

  /** {status, headers, text}; redirections are answers too. `form`, `json` or `bytes` is the body. */
  async send(method, target, { headers = {}, accept = "application/json", form, json, bytes } = {}) {
    const all = { Accept: accept, ...headers };
    if (this.#cookies.size > 0) {
      all.Cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    }
    if (json) all["Content-Type"] = "application/json";
    const response = await fetch(this.#origin + target, {
      method,
      headers: all,
      body: json ? JSON.stringify(json) : form ? new URLSearchParams(form) : bytes,
      redirect: "manual",
      signal: AbortSignal.timeout(60_000),
    });
    this.#keep(response.headers.getSetCookie());
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  #keep(lines) {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/; *Max-Age=0(;|$)/.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

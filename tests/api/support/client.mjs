// A program that talks to one listener, with the cookies that it was given. It does without fetch,
// which joins several Set-Cookie in Debian's Node 18.
import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";

const PATIENCE_MS = 60_000;

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
    if (form) all["Content-Type"] = "application/x-www-form-urlencoded";
    const body = json ? JSON.stringify(json) : form ? String(new URLSearchParams(form)) : bytes;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const sent = request(this.#origin + target, { method, headers: all, signal });
    sent.end(body);
    const [response] = await once(sent, "response");
    this.#keep(response.headers["set-cookie"] ?? []);
    const received = new Headers();
    for (const [name, value] of Object.entries(response.headers)) received.set(name, String(value));
    return { status: response.statusCode, headers: received, text: await text(response) };
  }

  #keep(lines) {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/; *Max-Age=0(;|$)/.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

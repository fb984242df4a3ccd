import { once } from "node:events";
import { Agent, createServer, request } from "node:http";

/** Stands between the browsers of a test and the shop at `origin`, and notes every request, also
    those of which a page knows nothing. Closed with the test `t`. */
export class CountingProxy {
  requests = []; // "GET /time", in order of arrival
  #agent = new Agent({ keepAlive: true });
  #server = createServer((incoming, answer) => this.#pass(incoming, answer));
  #target;

  static async start(t, origin) {
    const proxy = new CountingProxy();
    if (origin) proxy.shop = origin;
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.origin = `http://127.0.0.1:${proxy.#server.address().port}`;
    t.after(() => proxy.#close());
    return proxy;
  }

  /** The shop's origin, where that is known only after this proxy's. */
  set shop(origin) {
    this.#target = new URL(origin);
  }

  #pass(incoming, answer) {
    const { method, url: path, headers } = incoming;
    this.requests.push(`${method} ${path}`);
    const { hostname, port } = this.#target;
    const outgoing = request({ hostname, port, method, path, headers, agent: this.#agent });
    outgoing.on("response", (response) => {
      answer.writeHead(response.statusCode, response.rawHeaders);
      response.pipe(answer);
    });
    outgoing.on("error", () => answer.destroy());
    answer.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  #close() {
    this.#server.close();
    this.#server.closeAllConnections?.(); // not in every Node 18
    this.#agent.destroy();
  }
}

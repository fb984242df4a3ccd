// api/openapi.json as a judge: calls an operation, and refuses an answer that the document does not
// describe.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { required } from "../../browser/support/environment.mjs";

const require = createRequire(`${required("STAMPEDE_API_PACKAGES")}/`);
const Ajv = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;

const ROOT = "openapi.json";
const pointer = (...parts) =>
  `${ROOT}#/${parts.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;

export class Contract {
  #document = JSON.parse(readFileSync(new URL("../../../api/openapi.json", import.meta.url)));
  #ajv = new Ajv({ strict: false, allErrors: true });
  #operations = new Map();
  #seen = new Set();

  constructor() {
    addFormats(this.#ajv);
    this.#ajv.addSchema(this.#document, ROOT);
    for (const [path, item] of Object.entries(this.#document.paths)) {
      for (const method of ["get", "post"].filter((name) => item[name])) {
        const operation = item[method];
        const responses = ["paths", path, method, "responses"];
        this.#operations.set(operation.operationId, { path, method, operation, responses });
      }
    }
  }

  /** The example of a request's body. */
  example(id) {
    return this.#operations.get(id).operation.requestBody.content["application/json"].example;
  }

  /** Every documented answer that was never given, as "check 201". */
  unseen() {
    return [...this.#operations.values()].flatMap(({ operation }) =>
      Object.keys(operation.responses)
        .map((status) => `${operation.operationId} ${status}`)
        .filter((answer) => !this.#seen.has(answer)),
    );
  }

  /** Calls an operation and expects `status`; the answer with its body parsed. */
  async call(client, id, status, request) {
    const answer = await this.#ask(client, id, request);
    assert.equal(answer.status, status, `${id} ${answer.status}: ${answer.text}`);
    return answer;
  }

  /** The same as often as it takes, at most `tries` times; `prepare` returns client and request. */
  async callUntil(id, status, tries, prepare) {
    const others = new Set();
    for (let tried = 0; tried < tries; tried += 1) {
      const { client, request } = prepare();
      const answer = await this.#ask(client, id, request);
      if (answer.status === status) return answer;
      others.add(answer.status);
    }
    return assert.fail(`${id}: only ${[...others]} in ${tries} tries, never ${status}`);
  }

  /** So many requests at the same time, one of which at least is answered with this status. */
  async callAtOnce(id, status, tries, prepare) {
    const asked = Array.from({ length: tries }, () => {
      const { client, request } = prepare();
      return this.#ask(client, id, request);
    });
    const statuses = (await Promise.all(asked)).map((answer) => answer.status);
    assert.ok(statuses.includes(status), `${id}: ${statuses}, and never ${status}`);
  }

  async #ask(client, id, { path = {}, query = {}, ...request } = {}) {
    const { path: template, method, operation, responses } = this.#operations.get(id);
    const address = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
    const search = new URLSearchParams(query);
    const answer = await client.send(method.toUpperCase(), `${address}?${search}`, request);
    const name = `${id} ${answer.status}`;
    const documented = operation.responses[answer.status];
    assert.ok(documented, `${name} is not in the document: ${answer.text}`);
    const place = [...responses, String(answer.status)];
    this.#judgeHeaders(name, documented, place, answer.headers);
    this.#judgeCaching(name, operation, documented, answer);
    answer.body = this.#judgeBody(name, documented, place, answer);
    this.#seen.add(name);
    return answer;
  }

  /** Validates against a schema of the document's components. */
  judge(schema, value) {
    this.#validate(pointer("components", "schemas", schema), value, schema);
  }

  /** A header is described where others share it, or at the answer that has it. */
  #judgeHeaders(name, documented, place, headers) {
    for (const [header, { $ref }] of Object.entries(documented.headers ?? {})) {
      const value = headers.get(header);
      assert.ok(value !== null, `${name} has no header ${header}`);
      const described = $ref ? ["components", "headers", header] : [...place, "headers", header];
      this.#validate(pointer(...described, "schema"), value, `${name} ${header}`);
    }
  }

  /** No answer is guessed at. None is kept but where the document says so, and that is neither an
      error nor anything of one person's. A 304 says what the 200 says. */
  #judgeCaching(name, operation, documented, { status, headers }) {
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff", name);
    const kept = status === 304 || "Cache-Control" in (documented.headers ?? {});
    if (!kept) assert.equal(headers.get("Cache-Control"), "no-store", name);
    const forAnyone = status < 400 && !operation.security;
    assert.ok(forAnyone || !kept, `${name} may be kept, and is an error or of one person`);
    const scheme = operation.security?.some(({ token }) => token) ? /^Bearer / : /^Cookie /;
    if (status === 401) assert.match(headers.get("WWW-Authenticate") ?? "none", scheme, name);
  }

  /** Of every type of problem in the document, its slug. */
  problems() {
    return Object.values(this.#document.components.schemas).flatMap(({ $anchor }) => $anchor ?? []);
  }

  /** Validates a problem by the description that its type leads to. */
  judgeProblem(problem) {
    this.#validate(problem.type.replace(/^\//, ""), problem, problem.type);
    return problem.type.split("#")[1];
  }

  #judgeBody(name, documented, place, { headers, text }) {
    if (!documented.content) {
      assert.equal(text, "", `${name} is documented without a body`);
      return undefined;
    }
    const type = (headers.get("Content-Type") ?? "").split(";")[0];
    const media = documented.content[type];
    assert.ok(media, `${name} is documented as ${Object.keys(documented.content)}, not as ${type}`);
    const body = type.endsWith("json") ? JSON.parse(text) : text;
    if (type === "application/problem+json") this.judgeProblem(body);
    if (media.schema) this.#validate(pointer(...place, "content", type, "schema"), body, name);
    return body;
  }

  #validate(schema, value, name) {
    const validate = this.#ajv.getSchema(schema);
    assert.ok(validate, `no schema at ${schema}`);
    assert.ok(validate(value), `${name}: ${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { environmentWith } from "./environment.mjs";

const START_MS = 120_000; // of a sanitized binary on a busy machine
const STOP_MS = 120_000;

/** A program that runs beside the test, and dies with it. Its standard output is read in lines. */
export class Child {
  #process;
  #lines;
  #name;
  #errors = "";

  constructor(command, words, environment = {}) {
    this.#name = [command, ...words].join(" ");
    // However this process ends, the kernel then ends that one.
    this.#process = spawn("setpriv", ["--pdeathsig", "KILL", command, ...words], {
      env: environmentWith(environment),
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process.stderr.on("data", (text) => {
      this.#errors += text;
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  get #ended() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  get log() {
    return this.#errors;
  }

  /** The next line; throws at the end of the output and after `patience` (milliseconds). */
  async line(patience = START_MS) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(this.#failure("said nothing more in time")), patience);
    });
    const { value, done } = await Promise.race([this.#lines.next(), late]).finally(() =>
      clearTimeout(timer),
    );
    if (done) throw this.#failure("ended");
    return value;
  }

  write(line) {
    this.#process.stdin.write(`${line}\n`);
  }

  /** SIGTERM, and waits for the end: the exit code. */
  stop() {
    return this.#end(() => this.#process.kill("SIGTERM"));
  }

  /** The same for a program that ends with its input. */
  finish() {
    return this.#end(() => this.#process.stdin.end());
  }

  async #end(ask) {
    if (!this.#ended) {
      const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS);
      const ended = once(this.#process, "exit");
      ask();
      await ended;
      clearTimeout(timer);
    }
    const { exitCode, signalCode } = this.#process;
    if (signalCode) throw this.#failure(`ended by ${signalCode}`);
    return exitCode;
  }

  #failure(what) {
    return new Error(`${this.#name} ${what}; it wrote: ${this.#errors}`);
  }
}

// Solves a proof of work in a thread of its own, so that the page stays awake: takes the task, answers
// with its number.
import { solve } from "./lib/solve.js";

self.addEventListener("message", ({ data }) => self.postMessage(solve(data)));

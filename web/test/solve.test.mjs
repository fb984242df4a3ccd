import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256 } from "../js/lib/sha256.js";
import { solve } from "../js/lib/solve.js";

const expected = (text) => createHash("sha256").update(text).digest("hex");
const hex = (words) =>
  [...words].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

test("a hash of every length up to three blocks is Node's", () => {
  for (let length = 0; length <= 192; length += 1) {
    const text = "a~ 0Z".repeat(40).slice(0, length);
    assert.equal(hex(sha256(text)), expected(text), `${length}`);
  }
});

test("the number that a proof of work hides is found, the first and the last too", () => {
  const salt = "00112233445566778899aabbccddeeff";
  for (const number of [0, 1, 9, 10, 4711, 5000]) {
    const challenge = expected(salt + number);
    assert.equal(solve({ salt, challenge, maxnumber: 5000 }), number);
  }
  const beyond = expected(`${salt}5001`);
  assert.equal(solve({ salt, challenge: beyond, maxnumber: 5000 }), null);
});

// The search that a proof of work demands.
import { sha256 } from "./sha256.js";

/** The number from 0 to `maxnumber` for which SHA-256(salt + number) is `challenge` (64 hexadecimal
    digits), or null if there is none. */
export function solve({ salt, challenge, maxnumber }) {
  const wanted = challenge.match(/.{8}/g).map((digits) => parseInt(digits, 16) | 0);
  for (let number = 0; number <= maxnumber; number += 1) {
    const hash = sha256(salt + number);
    if (wanted.every((word, i) => word === hash[i])) return number;
  }
  return null;
}

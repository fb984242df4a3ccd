// Solves captchas as nobody else can: with the key file of the very server under test. There is no
// back door to use instead.
import { createDecipheriv, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { eventually } from "./eventually.mjs";

const PURPOSE = "captcha-challenge";
const NONCE = { from: 2, to: 14 };
const TAG_BYTES = 16;

/** The claims in a sealed token (src/identity/key_ring.cc): version, key id, nonce, sealed, tag. */
function open(token, keyFile) {
  const bytes = Buffer.from(token, "base64url");
  const lines = readFileSync(keyFile, "utf8").split("\n");
  const secret = lines
    .map((line) => line.split(" "))
    .find(([name, id]) => (name === "current" || name === "previous") && Number(id) === bytes[1]);
  if (!secret) throw new Error(`${keyFile} has no key ${bytes[1]}`);
  const info = `stampede ${PURPOSE}`;
  const key = hkdfSync("sha256", Buffer.from(secret[2], "hex"), Buffer.alloc(0), info, 16);
  const cipher = createDecipheriv(
    "aes-128-gcm",
    Buffer.from(key),
    bytes.subarray(NONCE.from, NONCE.to),
  );
  cipher.setAAD(Buffer.concat([bytes.subarray(0, NONCE.from), Buffer.from(PURPOSE)]));
  cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([cipher.update(bytes.subarray(NONCE.to, -TAG_BYTES)), cipher.final()]);
}

/** What the picture of this challenge says: the last of its claims (src/captcha/tokens.cc), behind
    three numbers of 8 bytes and the intent's key. Zero bytes fill it up. */
export function answerOf(challenge, keyFile) {
  const claims = open(challenge, keyFile);
  const key = 24;
  const answer = key + 1 + claims[key];
  const padded = claims.toString("latin1", answer + 1, answer + 1 + claims[answer]);
  return padded.split("\0")[0];
}

/** The text that solves the picture that this visitor's page shows now, which must be another than
    the one asked about last. `wait` runs before each look at a page whose clock stands still: a
    picture that is not there yet is asked for again by that clock. */
export async function captchaAnswer(visitor, keyFile, wait = async () => {}) {
  const picture = visitor.page.locator("#captcha img");
  await eventually(async () => {
    await wait();
    const shown = await picture.evaluate((image) => image.naturalWidth > 0 && image.src);
    if (!shown || shown === visitor.lastPicture) throw new Error("no new picture is shown");
    visitor.lastPicture = shown;
  });
  return answerOf(visitor.challenge, keyFile);
}

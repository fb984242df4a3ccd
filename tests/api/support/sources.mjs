// What the document is compared with: the sources, and the keys of the server under test.
import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = fileURLToPath(new URL("../../../src", import.meta.url));
/** What roles say to each other, which no client of the shop or the console reads. */
const AMONG_ROLES = /controllers\/cluster/;

function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (/\.(cc|h)$/.test(path) && !/(_test\.cc|\/test_\w+\.h)$/.test(path)) yield path;
  }
}

/** The slug of every type of problem that a source names where it makes one. */
export function problemsInSources() {
  const named = new Set();
  const made = /\b(?:problem\(|Refusal\{|constexpr Refusal \w+\{|pages,\s*\{)\s*(?:\d{3}|kRefused),\s*"([a-z-]+)"/g;
  for (const path of filesIn(SOURCES)) {
    if (AMONG_ROLES.test(path)) continue;
    const text = readFileSync(path, "utf8");
    for (const [, slug] of text.matchAll(made)) named.add(slug);
    if (!path.endsWith("model/orders/verdict.h")) continue;
    const answers = new Set(["sold", "held", "pending"]); // which are no problems
    for (const [, slug] of text.matchAll(/return "([a-z-]+)";/g)) {
      if (!answers.has(slug)) named.add(slug);
    }
  }
  return named;
}

/** What /check would have put into Location (src/controllers/shop/sent_purchases.cc), sealed as
    src/identity/key_ring.cc seals: version, key id, nonce, sealed claims, tag. */
export function sentProof(keyFile, claims) {
  const purpose = "sent-purchase";
  const [, id, secret] = /^current (\d+) ([0-9a-f]+)/m.exec(readFileSync(keyFile, "utf8"));
  const info = `stampede ${purpose}`;
  const key = hkdfSync("sha256", Buffer.from(secret, "hex"), Buffer.alloc(0), info, 16);
  const head = Buffer.from([1, Number(id)]);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-128-gcm", Buffer.from(key), nonce);
  cipher.setAAD(Buffer.concat([head, Buffer.from(purpose)]));
  const sealed = Buffer.concat([cipher.update(claims), cipher.final()]);
  return Buffer.concat([head, nonce, sealed, cipher.getAuthTag()]).toString("base64url");
}

// SHA-256 (FIPS 180-4) of short texts. The browser's own, crypto.subtle, is asynchronous for each text
// and absent from pages over plain HTTP.
const FIRST_PRIMES = [];
for (let n = 2; FIRST_PRIMES.length < 64; n += 1) {
  if (FIRST_PRIMES.every((prime) => n % prime)) FIRST_PRIMES.push(n);
}
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0; // its first 32 bits
const ROUNDS = Int32Array.from(FIRST_PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(FIRST_PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

const BLOCK = 64; // bytes
const words = new Int32Array(64);

/** Takes one block of 64 bytes into `state`. */
function compress(state, block) {
  for (let i = 0; i < 16; i += 1) {
    words[i] = (block[4 * i] << 24) | (block[4 * i + 1] << 16) | (block[4 * i + 2] << 8) | block[4 * i + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15];
    const y = words[i - 2];
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = (words[i - 16] + low + words[i - 7] + high) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const turnE = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + turnE + ((e & f) ^ (~e & g)) + ROUNDS[i] + words[i]) | 0;
    const turnA = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (turnA + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

const state = new Int32Array(8);
const block = new Uint8Array(BLOCK);

/** The hash of a text of characters below U+0080, as eight words of 32 bits. They are overwritten by
    the next call. */
export function sha256(text) {
  const { length } = text;
  const size = Math.ceil((length + 9) / BLOCK) * BLOCK; // with a bit behind it, and its length
  state.set(START);
  for (let at = 0; at < size; at += BLOCK) {
    block.fill(0);
    const end = Math.min(length - at, BLOCK);
    for (let i = 0; i < end; i += 1) block[i] = text.charCodeAt(at + i);
    if (length >= at && length < at + BLOCK) block[length - at] = 0x80;
    if (at + BLOCK === size) {
      for (let i = 0; i < 4; i += 1) block[BLOCK - 1 - i] = ((8 * length) >>> (8 * i)) & 255;
    }
    compress(state, block);
  }
  return state;
}

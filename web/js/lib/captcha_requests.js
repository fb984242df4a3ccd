// What the captcha asks the server for.
import { jsonObject, request, retryAfter } from "./request.js";

/** {picture, challenge, wait}, where `wait` is for how many milliseconds no answer is taken, or {loggedOut, problem, retryAfter} where the server gives none. Rejects where
    the connection fails, and when `signal` aborts. */
export function askPicture({ product, key, signal }) {
  const query = new URLSearchParams({ productID: product, key });
  return request(`/captcha?${query}`, { cache: "no-store", signal }, async (response) => {
    const challenge = response.headers.get("Captcha-Challenge");
    if (response.ok && challenge) {
      const wait = Number(response.headers.get("Captcha-Wait")) || 0;
      return { picture: await response.blob(), challenge, wait };
    }
    const { type: problem } = await jsonObject(response).catch(() => ({}));
    return { loggedOut: response.status === 401, problem, retryAfter: retryAfter(response) };
  });
}

/** {pass} for `proof`, {challenge, answer} or the {token} of an external challenge, or {problem,
    retryAfter}, where `problem` is the server's type. */
export async function askPass({ product, key, ...proof }) {
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ ...proof, productID: Number(product), key }),
  };
  try {
    return await request("/captcha/verify", options, async (response) => {
      const { pass, type } = await jsonObject(response);
      if (!pass && !type) throw new TypeError("no answer of the shop");
      return pass ? { pass } : { problem: type, retryAfter: retryAfter(response) };
    });
  } catch {
    return { problem: "connection-lost" };
  }
}

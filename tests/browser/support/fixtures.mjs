// What makes pages look the same each time they are drawn.
import { PNG } from "./packages.mjs";

/** A PNG of stripes in two colours, for wherever any picture will do. */
export function stripes(width, height, one = [40, 90, 160], other = [235, 200, 120]) {
  const picture = new PNG({ width, height });
  for (let i = 0; i < width * height; i += 1) {
    const x = i % width;
    const y = Math.floor(i / width);
    const colour = Math.floor((x + y) / 12) % 2 ? one : other;
    picture.data.set([...colour, 255], i * 4);
  }
  return PNG.sync.write(picture);
}

/** Every captcha that the page asks for is this picture. */
export const fixCaptcha = (page) =>
  page.route("**/captcha?*", (route) =>
    route.fulfill({
      contentType: "image/png",
      headers: { "Captcha-Challenge": "a-challenge" },
      body: stripes(260, 130),
    }),
  );

/** The server's clock and the page's own stand at `time` (RFC 3339) until the test moves them by
    page.clock; the visitor's session is open. */
export async function fixTime(page, time) {
  const now = new Date(time);
  await page.clock.install({ time: now.getTime() - 60_000 }); // it runs until it is paused
  await page.clock.pauseAt(now);
  const clock = { now: now.toISOString(), epoch_ms: now.getTime() };
  await page.route("**/time", (route) => route.fulfill({ json: clock }));
  await page.route("**/user/session", (route) =>
    route.fulfill({ json: { user: 1, expires_at: time, ...clock } }),
  );
}

/** Every /check is answered with this. */
export const fixAnswer = (page, status, json, headers = {}) =>
  page.route("**/check*", (route) => route.fulfill({ status, json, headers }));

/** Text that runs where it is not escaped, in markup, in attributes and in scripts. */
export const HOSTILE = `</title><script>alert(1)</script>"'><img src=x onerror=alert(1)>{{name}}`;

/** The live view hears of two minutes of one sale, the same each time, instead of what the server
    has to tell. */
export const playLiveEvents = (page) =>
  page.addInitScript(() => {
    const SECONDS = 120;
    const BEGIN = Date.parse("2099-12-30T12:00:00Z") / 1000;
    const each = (value) => Array.from({ length: SECONDS }, (_, i) => value(i));
    const sold = (i) => Math.round(1000 * (1 - Math.exp(-i / 40)));
    const history = {
      at: each((i) => BEGIN + i),
      seconds: each(() => 1),
      attempts: each((i) => 400 - i),
      answers: {
        sold: each((i) => sold(i) - sold(i - 1)),
        "sold-already": each((i) => 20 + (i % 9)),
        busy: each((i) => 300 - 2 * i),
        "captcha-required": each((i) => 40 + (i % 7)),
      },
      queue: each((i) => (i * 13) % 40),
      p50: each((i) => 4000 + 500 * (i % 3)),
      p95: each((i) => 12000 + 900 * (i % 5)),
      p99: each((i) => 30000 + 800 * (i % 11)),
      sold: each(sold),
      failed: each(() => 0),
    };
    const units = {
      sale: 1,
      quantity: 1000,
      unleased: 0,
      leased: [{ validator: "local", state: "open", granted: 1000, sold: 951, unsold: 49 }],
      leased_unsold: 49,
      sold: 951,
      failed: 0,
      balanced: true,
    };
    const sample = {
      at: new Date((BEGIN + SECONDS) * 1000).toISOString(),
      seconds: 1,
      attempts: 103,
      answers: { sold: 2, "sold-already": 21, busy: 60, "captcha-required": 20 },
      queue: 12,
      p50: 5000,
      p95: 13000,
      p99: 31000,
      units,
    };
    window.EventSource = class extends EventTarget {
      static CLOSED = 2;
      static OPEN = 1;
      readyState = 1;
      constructor() {
        super();
        const tell = (type, data) =>
          this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
        setTimeout(() => tell("history", history));
        setInterval(() => tell("sample", sample), 200);
      }
      close() {}
    };
  });

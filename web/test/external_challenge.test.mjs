import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ExternalChallenge } from "../js/lib/external_challenge.js";

const real = { document: globalThis.document, window: globalThis.window, matchMedia: globalThis.matchMedia };
let scripts; // those that were put into the page
let rendered; // {place, options} of each widget
let reset; // how often
let events;
let api; // of the script, which comes once

/** A page in which a script that is put there does as `behave` says: by a function of the script. */
function page(behave, width = 304) {
  globalThis.window = {};
  globalThis.matchMedia = () => ({ matches: false });
  globalThis.document = {
    createElement: () => Object.assign(new EventTarget(), { remove() {} }),
    head: {
      append(script) {
        scripts.push(script);
        queueMicrotask(() => behave(script));
      },
    },
  };
  events = [];
  return new ExternalChallenge({
    provider: "hcaptcha",
    siteKey: "key",
    script: "https://provider.example/api.js",
    place: { clientWidth: width },
    onToken: () => events.push("token"),
    onFailure: () => events.push("failure"),
  });
}

/** As the provider's script: it tells that it is ready by the function that its address names. */
function arrives(script) {
  window.hcaptcha = api = {
    render: (place, options) => rendered.push({ place, options }),
    reset: () => (reset += 1),
  };
  window[new URL(script.src).searchParams.get("onload")]();
}

beforeEach(() => {
  [scripts, rendered, reset] = [[], [], 0];
});
afterEach(() => Object.assign(globalThis, real));

// The script's coming is remembered by the module: the first test is the one in which it fails.
test("a script that fails is tried anew, and then once for all widgets", async () => {
  const challenge = page((script) => {
    if (scripts.length === 1) script.dispatchEvent(new Event("error"));
    else arrives(script);
  });
  await assert.rejects(challenge.show(), /does not come/);
  await challenge.show();
  assert.equal(scripts.length, 2);
  const { searchParams } = new URL(scripts[1].src);
  assert.equal(searchParams.get("render"), "explicit");
  assert.equal(rendered[0].options.sitekey, "key");
  assert.equal(rendered[0].options.size, "normal");
  await challenge.show();
  assert.deepEqual([scripts.length, rendered.length, reset], [2, 1, 1], "the same widget anew");

  const { options } = rendered[0];
  options.callback("a-token");
  assert.equal(challenge.token, "a-token");
  options["expired-callback"]();
  assert.equal(challenge.token, "");
  assert.deepEqual(events, ["token", "token"]);
  options.callback("another");
  options["error-callback"]();
  assert.equal(challenge.token, "");
  assert.deepEqual(events, ["token", "token", "token", "failure"]);
  options.callback("a-token");
  await challenge.show();
  assert.equal(challenge.token, "", "shown anew, it has none");
});

test("a widget that cannot be rendered is rendered anew, not reset", async () => {
  const challenge = page(() => assert.fail("the script is there"));
  const { render } = api;
  api.render = () => {
    throw new Error("no place for it");
  };
  await assert.rejects(challenge.show(), /no place/);
  api.render = render;
  await challenge.show();
  assert.deepEqual([rendered.length, reset], [1, 0]);
});

test("a narrow place gets the compact widget", async () => {
  const challenge = page(() => assert.fail("the script is there"), 280);
  await challenge.show();
  assert.equal(rendered[0].options.size, "compact");
});

import { after, before } from "node:test";
import { launch } from "./browser.mjs";
import { Shop } from "./shop.mjs";

/** The browser and the shop of a file's tests, there while they run. `environment` configures the
    shop; `prepare` puts into it what all of them need. */
export function setStage({ environment = {}, prepare = () => {} } = {}) {
  const stage = {};
  before(async () => {
    stage.shop = await Shop.start(environment);
    stage.browser = await launch();
    await prepare(stage);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.shop?.stop();
  });
  return stage;
}

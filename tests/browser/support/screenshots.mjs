// Pictures of pages, compared with the committed ones in baselines/. STAMPEDE_UPDATE_BASELINES=1
// writes those instead.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { outputFolder } from "./environment.mjs";
import { PNG, pixelmatch } from "./packages.mjs";

const BASELINES = join(dirname(fileURLToPath(import.meta.url)), "..", "baselines");
const COLOUR_TOLERANCE = 0.1; // of pixelmatch: 0 to 1
const MOST_DIFFERENT = 0.0005; // of all pixels
const MOST_LONGER = 4; // pixels, in either direction: lines may be rounded to another height
const MOST_PICTURES = 3;
const COLOUR_STEP = 16; // pictures are kept in fewer colours, so that they are small

const updating = () => process.env.STAMPEDE_UPDATE_BASELINES === "1";

/** What is wrong with the page as it looks now, in at most one sentence. On a busy machine Chromium may
    hand out a picture of a page that it has not painted whole: one that differs is taken again. */
export async function lookOf(page, name) {
  const options = { fullPage: true, animations: "disabled", caret: "hide" };
  let wrong;
  for (let i = 0; i < MOST_PICTURES; i += 1) {
    wrong = compare(`${name}.png`, inFewerColours(await page.screenshot(options)));
    if (wrong.length === 0) break;
  }
  return wrong;
}

function inFewerColours(screenshot) {
  const picture = PNG.sync.read(screenshot);
  for (let i = 0; i < picture.data.length; i += 1) {
    if (i % 4 === 3) continue; // alpha
    picture.data[i] = Math.min(255, Math.round(picture.data[i] / COLOUR_STEP) * COLOUR_STEP);
  }
  return picture;
}

const asFile = (picture) =>
  PNG.sync.write(picture, { colorType: 2, filterType: 0, deflateLevel: 9, deflateStrategy: 0 });

/** What is wrong with a picture: one sentence, or none. */
function compare(file, picture) {
  const baseline = join(BASELINES, file);
  const expected = existsSync(baseline) ? PNG.sync.read(readFileSync(baseline)) : null;
  if (updating()) {
    const same = expected && nearlySameSize(picture, expected, 0);
    if (!same || difference(expected, picture).share > 0) {
      mkdirSync(BASELINES, { recursive: true });
      writeFileSync(baseline, asFile(picture));
    }
    return [];
  }
  if (!expected) return [`${keep(file, asFile(picture))}: there is no baseline ${file}`];
  if (!nearlySameSize(picture, expected)) {
    const sizes = `${picture.width} × ${picture.height}, not ${expected.width} × ${expected.height}`;
    return [`${keep(file, asFile(picture))}: it is ${sizes} as ${file}`];
  }
  const { share, diff } = difference(expected, picture);
  if (share <= MOST_DIFFERENT) return [];
  keep(file.replace(".png", ".diff.png"), PNG.sync.write(diff));
  return [`${keep(file, asFile(picture))}: ${(share * 100).toFixed(2)} % of its pixels differ from ${file}`];
}

const nearlySameSize = (one, other, most = MOST_LONGER) =>
  Math.abs(one.width - other.width) <= most && Math.abs(one.height - other.height) <= most;

/** Of what both pictures have: the share of pixels that differ, and a picture of them. */
function difference(expected, actual) {
  const width = Math.min(expected.width, actual.width);
  const height = Math.min(expected.height, actual.height);
  const diff = new PNG({ width, height });
  const [one, other] = [expected, actual].map((picture) => cut(picture, width, height).data);
  const different = pixelmatch(one, other, diff.data, width, height, {
    threshold: COLOUR_TOLERANCE,
  });
  return { share: different / (width * height), diff };
}

/** The upper left part of a picture. */
function cut(picture, width, height) {
  const part = new PNG({ width, height });
  PNG.bitblt(picture, part, 0, 0, width, height);
  return part;
}

function keep(file, bytes) {
  const folder = join(outputFolder(), "screenshots");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), bytes);
  return join(folder, file);
}

// The packages of package-lock.json, from the build folder into which CMake has installed them.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { required } from "./environment.mjs";

const require = createRequire(`${required("STAMPEDE_BROWSER_PACKAGES")}/package.json`);

export const { chromium } = require("playwright-core");
export const { PNG } = require("pngjs");
export const { default: pixelmatch } = await import(pathToFileURL(require.resolve("pixelmatch")));
/** A script that makes `axe` global in the page that runs it. */
export const axeSource = require("axe-core").source;

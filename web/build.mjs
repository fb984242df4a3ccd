// Bundles and minifies what the browser gets: node build.mjs NODE_MODULES OUT
// js/*.js and css/*.css are the entries, each a file of OUT by the same name; js/lib/ is what they share.
// The libraries come from NODE_MODULES, which need not be beside this file: nothing is written here.
import { copyFile, readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, out] = process.argv.slice(2).map((path) => resolve(path));
if (!out) throw new Error("usage: node build.mjs NODE_MODULES OUT");
const here = dirname(fileURLToPath(import.meta.url));
const { build } = createRequire(join(modules, "esbuild/"))("esbuild");

const entries = async (folder, ending) =>
  (await readdir(join(here, folder)))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(here, folder, name));

const { metafile } = await build({
  entryPoints: [...(await entries("js", ".js")), ...(await entries("css", ".css"))],
  outbase: here,
  outdir: out,
  nodePaths: [modules],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "inline",
  metafile: true,
  logLevel: "warning",
});
await copyFile(join(here, "icon.svg"), join(out, "icon.svg"));

// The terms of what was bundled go with it.
const packages = new Set(
  Object.keys(metafile.inputs)
    .map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
    .filter(Boolean),
);
const terms = await Promise.all(
  [...packages].sort().map(async (name) => {
    const { version } = JSON.parse(await readFile(join(modules, name, "package.json"), "utf8"));
    return `${name} ${version}\n\n${await readFile(join(modules, name, "LICENSE"), "utf8")}`;
  }),
);
await writeFile(join(out, "licenses.txt"), terms.join("\n\n"));

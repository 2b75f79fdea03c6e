/**
 * Bundles every widget into src/inlay/static: js/<widget>/index.ts becomes <widget>.js, js/<widget>/style.css becomes
 * <widget>.css. Widgets are found by listing the folder, so a new one needs no line here. The text of a bundle travels
 * with each widget instance and must work without a network: a bundle that is too large or names another host fails.
 */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const SOURCE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(SOURCE, "..", "src", "inlay", "static");
const BUDGET_BYTES = 100_000;

/** Where a module or a style sheet would fetch from another host; names such as the SVG namespace are no fetch. */
const REMOTE =
  /(?:\bimport\s*\(?|\bfrom\s*|@import\s*(?:url\()?|\burl\(|\bfetch\()\s*["'`]?\s*(?:https?:)?\/\/[^"'`)\s]*/g;

const watching = process.argv.includes("--watch");
const widgets = findWidgets();
removeLeftovers(widgets);
const context = await esbuild.context(options(widgets));

if (watching) {
  await context.watch();
} else {
  await context.rebuild();
  await context.dispose();
  report(widgets);
}

/** Names of the folders that hold a widget; js/lib has an index for nobody and is never one. */
function findWidgets() {
  const names = readdirSync(SOURCE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "lib")
    .map((entry) => entry.name)
    .filter((name) => existsSync(join(SOURCE, name, "index.ts")))
    .sort();
  if (names.length === 0) {
    console.error(`No widget found: expected ${join("js", "<widget>", "index.ts")}.`);
    process.exit(1);
  }
  return names;
}

/** A renamed widget must not leave its old bundle behind for the wheel to pick up. */
function removeLeftovers(names) {
  mkdirSync(STATIC, { recursive: true });
  const wanted = new Set(names.flatMap(outputs));
  for (const file of readdirSync(STATIC)) {
    if (!wanted.has(file)) rmSync(join(STATIC, file), { recursive: true });
  }
}

function outputs(name) {
  const style = existsSync(join(SOURCE, name, "style.css"));
  return style ? [`${name}.js`, `${name}.css`] : [`${name}.js`];
}

function options(names) {
  const entryPoints = names.flatMap((name) =>
    outputs(name).map((file) => ({
      in: join(SOURCE, name, file.endsWith(".css") ? "style.css" : "index.ts"),
      out: name,
    })),
  );
  return {
    entryPoints,
    outdir: STATIC,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: !watching,
    // The licences of what is bundled ask for their notice to travel with it.
    legalComments: "eof",
    // A dependency that finds an AMD loader on the page registers itself there and exports nothing here.
    define: { "define.amd": "false" },
    // A font or picture beside the bundle could not be fetched: widgets are imported from blob URLs.
    loader: { ".svg": "dataurl", ".png": "dataurl", ".woff2": "dataurl" },
    charset: "utf8",
    logLevel: "info",
  };
}

/** Prints the sizes; ends with 1 when a widget is over the budget or reaches for another host. */
function report(names) {
  const faults = [];
  for (const name of names) {
    const files = outputs(name).map((file) => join(STATIC, file));
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    console.log(`${name}: ${(bytes / 1000).toFixed(1)} KB of ${BUDGET_BYTES / 1000}`);
    if (bytes > BUDGET_BYTES) faults.push(`${name} has ${bytes} bytes, budget ${BUDGET_BYTES}`);
    for (const file of files) {
      // esbuild leaves a file alone that would not change; the build hook asks which are older than their source.
      utimesSync(file, new Date(), new Date());
      for (const [fetch] of readFileSync(file, "utf8").matchAll(REMOTE)) {
        faults.push(`${file} fetches from another host: ${fetch.slice(0, 80)}`);
      }
    }
  }
  for (const fault of faults) console.error(`error: ${fault}`);
  if (faults.length > 0) process.exit(1);
}

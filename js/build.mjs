/**
 * Bundles what the browser gets into src/inlay/static: js/<name>/index.ts becomes <name>.js, style sheets travel inside
 * as text. Entries are found by listing the folder, so a new one needs no line here. The text of a bundle travels with
 * each widget instance and must work without a network: bundles that are too large or name another host fail.
 */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const SOURCE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(SOURCE, "..", "src", "inlay", "static");
/** A page that shows cards is sent the one part, a page that shows a run table the other as well. */
const BUDGETS = [
  { what: "cards", of: (name) => !name.includes("table"), bytes: 125_000 },
  { what: "tables", of: (name) => name.includes("table"), bytes: 210_000 },
];

/** Where a module or a style sheet would fetch from another host; names such as the SVG namespace are no fetch. */
const REMOTE =
  /(?:\bimport\s*\(?|\bfrom\s*|@import\s*(?:url\()?|\burl\(|\bfetch\()\s*["'`]?\s*(?:https?:)?\/\/[^"'`)\s]*/g;

const ASSETS = { ".svg": "dataurl", ".png": "dataurl", ".woff2": "dataurl" };

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
  const wanted = new Set(names.map((name) => `${name}.js`));
  for (const file of readdirSync(STATIC)) {
    if (!wanted.has(file)) rmSync(join(STATIC, file), { recursive: true });
  }
}

function options(names) {
  return {
    entryPoints: names.map((name) => ({ in: join(SOURCE, name, "index.ts"), out: name })),
    outdir: STATIC,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: !watching,
    // A font or picture beside the bundle could not be fetched: widgets are imported from blob URLs.
    loader: ASSETS,
    plugins: [sheetsAsText()],
    charset: "utf8",
    logLevel: "info",
  };
}

/** `import css from "./style.css?inline"` gives the whole sheet as a string; Vite, under the tests, reads it so, too. */
function sheetsAsText() {
  return {
    name: "sheets-as-text",
    setup(build) {
      build.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
        path: join(resolveDir, path.replace(/\?inline$/, "")),
        namespace: "sheet",
      }));
      build.onLoad({ filter: /.*/, namespace: "sheet" }, async ({ path }) => {
        const sheet = await esbuild.build({
          entryPoints: [path],
          bundle: true,
          minify: !watching,
          write: false,
          metafile: true,
          loader: ASSETS,
          charset: "utf8",
          logLevel: "silent",
        });
        const watchFiles = Object.keys(sheet.metafile.inputs).map((file) => resolve(file));
        return { contents: nested(sheet.outputFiles[0].text.trim()), loader: "text", watchFiles };
      });
    },
  };
}

/** Says once that every rule is one of the card: its name before each of hundreds of selectors is a tenth of a sheet. */
function nested(css) {
  if (watching || !css.includes(".inlay-card ")) return css;
  const frames = /@keyframes [^{]+\{(?:[^{}]*\{[^}]*\})*\}/g;
  const rules = css
    .replace(frames, "")
    .replaceAll(/\.inlay-card \./g, ".")
    .replaceAll(/(--[\w-]+): /g, "$1:");
  const inside = rules.replaceAll(/\.inlay-card(?![\w-])/g, "&").replaceAll("&&", "&.inlay-card");
  return `.inlay-card{${inside}}${(css.match(frames) ?? []).join("")}`;
}

/** Prints the sizes; ends with 1 when they are over a budget or a bundle reaches for another host. */
function report(names) {
  const faults = [];
  const sizes = new Map();
  for (const name of names) {
    const file = join(STATIC, `${name}.js`);
    // Names of variables are between the sheet and the code: shorter ones are a hundredth of all of it.
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("--inlay-", "--i-"));
    const bytes = statSync(file).size;
    sizes.set(name, bytes);
    console.log(`${name}: ${(bytes / 1000).toFixed(1)} KB`);
    // esbuild leaves a file alone that would not change; the build hook asks which are older than their source.
    utimesSync(file, new Date(), new Date());
    for (const [fetch] of readFileSync(file, "utf8").matchAll(REMOTE)) {
      faults.push(`${file} fetches from another host: ${fetch.slice(0, 80)}`);
    }
  }
  for (const { what, of, bytes } of BUDGETS) {
    const total = names.filter(of).reduce((sum, name) => sum + sizes.get(name), 0);
    console.log(`${what} together: ${(total / 1000).toFixed(1)} KB of ${bytes / 1000}`);
    if (total > bytes) faults.push(`the bundles of ${what} have ${total} bytes, budget ${bytes}`);
  }
  for (const fault of faults) console.error(`error: ${fault}`);
  if (faults.length > 0) process.exit(1);
}

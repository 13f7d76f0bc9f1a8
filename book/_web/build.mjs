// Bundles the site's scripts into ../_vendor/live, explorers and search. The result is committed: whoever builds the book
// needs no Node.
import { build } from "esbuild";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const vendor = (name) => new URL(`../_vendor/${name}/`, import.meta.url).pathname;
const shared = {
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
};

const live = await build({
  ...shared,
  entryPoints: ["live", "assignment", "editor", "markdown", "worker"].map(
    (name) => `src/${name}.js`,
  ),
  outdir: vendor("live"),
  external: ["./editor.js", "./markdown.js"],
  loader: { ".py": "text" },
});

// One file an explorer, and what they share once, in chunks whose names change with their content.
rmSync(vendor("explorers"), { recursive: true, force: true });
const explorers = await build({
  ...shared,
  entryPoints: ["src/explorers/explorers.js", "src/explorers/explorers.css"],
  outdir: vendor("explorers"),
  splitting: true,
});

const search = await build({
  ...shared,
  entryPoints: ["src/search.js"],
  outdir: vendor("search"),
});

/** The licences of what is inside the bundles travel with them. */
function licences({ metafile }) {
  const packages = new Set(
    Object.keys(metafile.inputs).map(
      (path) => path.match(/node_modules\/(@[^/]+\/[^/]+|[^/]+)/)?.[1],
    ),
  );
  return [...packages]
    .filter(Boolean)
    .sort()
    .map((name) => {
      const folder = `node_modules/${name}`;
      const about = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      return `${about.name} ${about.version} (${about.license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
    })
    .join("\n----\n\n");
}

writeFileSync(`${vendor("live")}LICENSES.txt`, licences(live));
writeFileSync(`${vendor("explorers")}LICENSES.txt`, licences(explorers));
writeFileSync(`${vendor("search")}LICENSES.txt`, licences(search));

// Bundles the site's scripts into ../_vendor/live. The result is committed: whoever builds the book needs no Node.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";

const out = new URL("../_vendor/live/", import.meta.url).pathname;

await build({
  entryPoints: ["src/live.js", "src/editor.js", "src/worker.js"],
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  external: ["./editor.js"],
  loader: { ".py": "text" },
});

// The licences of what is inside the bundles travel with them.
const packages = Object.keys(JSON.parse(readFileSync("package-lock.json", "utf8")).packages)
  .filter((path) => path && !path.includes("esbuild"))
  .sort();
const licences = packages.map((path) => {
  const about = JSON.parse(readFileSync(`${path}/package.json`, "utf8"));
  let text = "";
  for (const name of ["LICENSE", "LICENSE.md", "license", "LICENSE.txt"]) {
    try {
      text = readFileSync(`${path}/${name}`, "utf8").trim();
      break;
    } catch {
      // the next spelling
    }
  }
  return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
});
writeFileSync(`${out}LICENSES.txt`, licences.join("\n----\n\n"));

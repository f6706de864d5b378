import { fileURLToPath } from "node:url";

/** A file of a package as the page gets it; nothing else of node_modules is ever served. */
export interface Library {
  /** What the page's code imports; `null` for a stylesheet. */
  readonly specifier: string | null;
  readonly servedAs: string;
  readonly packageName: string;
  readonly file: string;
  /** A `umd` file becomes an ES module with a default export on its way to the browser. */
  readonly form: "module" | "umd" | "stylesheet";
}

export const LIBRARIES: readonly Library[] = [
  module("preact", "preact", "dist/preact.module.js"),
  module("preact/hooks", "preact", "hooks/dist/hooks.module.js"),
  module("htm", "htm", "dist/htm.module.js"),
  module("htm/preact", "htm", "preact/index.module.js"),
  module("uplot", "uplot", "dist/uPlot.esm.js"),
  module(
    "lightweight-charts",
    "lightweight-charts",
    "dist/lightweight-charts.standalone.production.mjs",
  ),
  umd("graphology", "dist/graphology.umd.min.js"),
  umd("sigma", "dist/sigma.min.js"),
  {
    specifier: null,
    servedAs: "uplot.css",
    packageName: "uplot",
    file: "dist/uPlot.min.css",
    form: "stylesheet",
  },
];

/** The folder of the page's addresses where the libraries stand. */
export const LIBRARY_FOLDER = "library";

/** The import map: what the page's code imports, and where that is. */
export function importMap(): string {
  const imports = LIBRARIES.flatMap(({ specifier, servedAs }) => {
    return specifier === null ? [] : [[specifier, `/console/${LIBRARY_FOLDER}/${servedAs}`]];
  });
  return JSON.stringify({ imports: Object.fromEntries(imports) });
}

/** Packages name no browser file in a way that Node resolves, so the folder alone is asked for. */
export function libraryPath({ packageName, file }: Library): string {
  const resolved = import.meta.resolve(packageName);
  const folder = `/node_modules/${packageName}/`;
  const end = resolved.lastIndexOf(folder);
  if (end < 0) throw new Error(`the package ${packageName} is not in a folder of its name`);
  return fileURLToPath(resolved.slice(0, end + folder.length) + file);
}

/** UMD looks for CommonJS first; it finds one that ends here. */
export function moduleFromUmd(source: string): string {
  const opening = "const module = { exports: {} }; const exports = module.exports;";
  return `${opening}\n${source}\nexport default module.exports;\n`;
}

function module(specifier: string, packageName: string, file: string): Library {
  const servedAs = `${specifier.replace("/", "-")}.js`;
  return { specifier, servedAs, packageName, file, form: "module" };
}

function umd(packageName: string, file: string): Library {
  return {
    specifier: packageName,
    servedAs: `${packageName}.js`,
    packageName,
    file,
    form: "umd",
  };
}

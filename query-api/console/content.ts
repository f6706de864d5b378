import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import module from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LIBRARIES, LIBRARY_FOLDER, libraryPath, moduleFromUmd } from "./libraries.ts";

const CONSOLE_FOLDER = fileURLToPath(new URL("../../console/", import.meta.url));
const JAVASCRIPT = "text/javascript";
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".ts": JAVASCRIPT,
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** A file as it goes out. */
export interface ServedFile {
  readonly contentType: string;
  readonly body: string;
  readonly etag: string;
}

interface Source {
  readonly path: string;
  readonly contentType: string;
  readonly transform: (text: string) => string;
}

/**
 * The files of the page. What may be served is fixed when this is made: the page's own files and
 * the table of libraries; a name is looked up and never made into a path.
 */
export class ConsoleContent {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #files = new Map<string, Promise<ServedFile>>();

  constructor() {
    this.#sources = new Map([...ownFiles(), ...libraryFiles()]);
  }

  /** `pages/market.ts`, `library/preact.js` … */
  names(): readonly string[] {
    return [...this.#sources.keys()];
  }

  /** Read and stripped of its types once; `null` for a name that is not on the list. */
  async file(name: string): Promise<ServedFile | null> {
    const source = this.#sources.get(name);
    if (source === undefined) return null;
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const file = read(source);
    this.#files.set(name, file);
    // What cannot be read now may be readable the next time.
    file.catch(() => this.#files.delete(name));
    return file;
  }
}

function ownFiles(): [string, Source][] {
  const names = readdirSync(CONSOLE_FOLDER, { recursive: true, encoding: "utf8" });
  return names.sort().flatMap((name): [string, Source][] => {
    const extension = extname(name);
    const contentType = CONTENT_TYPES[extension];
    if (contentType === undefined || name.endsWith(".test.ts")) return [];
    const transform = extension === ".ts" ? withoutTypes : asItIs;
    return [
      [name.replaceAll("\\", "/"), { path: join(CONSOLE_FOLDER, name), contentType, transform }],
    ];
  });
}

function libraryFiles(): [string, Source][] {
  return LIBRARIES.map((library) => {
    const transform = library.form === "umd" ? moduleFromUmd : asItIs;
    const contentType = library.form === "stylesheet" ? "text/css" : JAVASCRIPT;
    return [
      `${LIBRARY_FOLDER}/${library.servedAs}`,
      { path: libraryPath(library), contentType, transform },
    ];
  });
}

async function read({ path, contentType, transform }: Source): Promise<ServedFile> {
  const body = transform(await readFile(path, "utf8"));
  return { contentType, body, etag: etagOf(body) };
}

export function etagOf(body: string): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
}

/** Types become blanks, so that lines and columns stay what they are in the source. */
function withoutTypes(source: string): string {
  const { emitWarning } = process;
  // Node calls the function experimental on stderr; the platform lives on it (decision 0002).
  process.emitWarning = () => undefined;
  try {
    return module.stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function asItIs(text: string): string {
  return text;
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** A name in a page that leads nowhere. */
export interface BrokenName {
  readonly page: string;
  readonly line: number;
  readonly name: string;
  readonly problem: "no such file" | "no such heading" | "no such constant";
}

interface Page {
  readonly path: string;
  readonly root: string;
  readonly lines: readonly string[];
  /** Folders that exist in the page's example alone. */
  readonly examples: ReadonlySet<string>;
}

/** `[text](target)`; the target of an image is a link, too. */
const LINK = /\]\(([^)\s]+)\)/g;
const CODE_SPAN = /`([^`]+)`/g;
const FENCE = /^\s*```/;
/** `<!-- example names: watchlists -->`: paths through such a folder are only an example. */
const EXAMPLES = /^<!-- example names: (.+) -->$/m;
/** `LIMIT` in `projections/limits.ts`. */
const CONSTANT = /`([A-Z][A-Z0-9_]+)` in `([^`]+)`/g;
/** Letters of a path that is meant as it stands: patterns (`<name>`, `*`, `…`, `{id}`) are not. */
const PLAIN_PATH = /^[\w@.~-]+(\/[\w@.~-]+)*\/?$/;

/**
 * Every relative link, and every path in backticks that begins with a folder of the repository, in
 * all pages under `docs/` and in the README: what of them does not exist. So with every constant
 * that is said to stand in a file.
 */
export function findBrokenNames(root: string): readonly BrokenName[] {
  const folders = foldersOf(root);
  return pagesOf(root).flatMap((page) => [
    ...brokenLinks(page),
    ...brokenPaths(page, folders),
    ...movedConstants(page),
  ]);
}

function pagesOf(root: string): readonly Page[] {
  const inDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  const paths = inDocs.filter((path) => path.endsWith(".md")).map((path) => join("docs", path));
  if (existsSync(join(root, "README.md"))) paths.push("README.md");
  return paths.sort().map((path) => readPage(root, path));
}

function readPage(root: string, path: string): Page {
  const text = readFileSync(join(root, path), "utf8");
  const examples = new Set(EXAMPLES.exec(text)?.[1]?.split(", ") ?? []);
  return { path, root, lines: withoutFences(text.split("\n")), examples };
}

/** Lines of code blocks become empty, so that line numbers stay. */
function withoutFences(lines: readonly string[]): readonly string[] {
  let inFence = false;
  return lines.map((line) => {
    if (!FENCE.test(line)) return inFence ? "" : line;
    inFence = !inFence;
    return "";
  });
}

function foldersOf(root: string): ReadonlySet<string> {
  const entries = readdirSync(root, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return new Set(folders.map((entry) => entry.name));
}

function brokenLinks(page: Page): readonly BrokenName[] {
  return namesIn(page, LINK).flatMap(({ name, line }): BrokenName[] => {
    if (/^[a-z]+:/i.test(name)) return [];
    const [path = "", heading] = name.split("#");
    const target = path === "" ? page.path : relative(page.root, linkTarget(page, path));
    if (!existsSync(join(page.root, target))) {
      return [{ page: page.path, line, name, problem: "no such file" }];
    }
    if (heading === undefined || hasHeading(join(page.root, target), heading)) return [];
    return [{ page: page.path, line, name, problem: "no such heading" }];
  });
}

function linkTarget(page: Page, path: string): string {
  return resolve(page.root, dirname(page.path), path);
}

function hasHeading(file: string, heading: string): boolean {
  const lines = withoutFences(readFileSync(file, "utf8").split("\n"));
  return lines.some((line) => line.startsWith("#") && anchorOf(line) === heading);
}

/** The anchor that Markdown viewers make of a heading. */
function anchorOf(headingLine: string): string {
  const text = headingLine.replace(/^#+\s*/, "").toLowerCase();
  return text.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}

function brokenPaths(page: Page, folders: ReadonlySet<string>): readonly BrokenName[] {
  return namesIn(page, CODE_SPAN).flatMap(({ name, line }): BrokenName[] => {
    if (!isRepositoryPath(name, folders) || isExample(name, page)) return [];
    if (existsSync(join(page.root, name))) return [];
    return [{ page: page.path, line, name, problem: "no such file" }];
  });
}

function movedConstants(page: Page): readonly BrokenName[] {
  return namesIn(page, CONSTANT).flatMap(({ name, second: path = "", line }): BrokenName[] => {
    const file = join(page.root, path);
    // That the file itself is not there is found as a path.
    if (!existsSync(file) || readFileSync(file, "utf8").includes(`const ${name} `)) return [];
    return [{ page: page.path, line, name, problem: "no such constant" }];
  });
}

function isRepositoryPath(name: string, folders: ReadonlySet<string>): boolean {
  const [first] = name.split("/");
  return name.includes("/") && PLAIN_PATH.test(name) && folders.has(first ?? "");
}

function isExample(name: string, { examples }: Page): boolean {
  return name.split(/[/.]/).some((part) => examples.has(part));
}

interface Named {
  readonly name: string;
  /** Where the pattern has a second group. */
  readonly second: string | undefined;
  readonly line: number;
}

function namesIn(page: Page, pattern: RegExp): readonly Named[] {
  return page.lines.flatMap((text, index) =>
    [...text.matchAll(pattern)].map(([, name = "", second]) => ({ name, second, line: index + 1 })),
  );
}

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LONGEST_FILE_LINES = 400;
/** A suite is read by its titles. */
const LONGEST_SUITE_LINES = 500;
const LONGEST_LINE_COLUMNS = 100;
/** Titles and messages are not cut in two. */
const LONG_TEXT = /(["'`]).{30,}\1|\/.{30,}\//;
/** Deciders, projections and what they stand on; imports of theirs are the linter's affair. */
const PURE =
  /^(command-side\/contexts\/[^/]+\/[^/]+\/|platform\/(kernel|market|fields)\/|schemas\/upcast\/|projections\/[^/]+\/(projection|store)\.ts)/;
const IMPURE =
  /Date\.now\(|new Date\(\)|Math\.random\(|\b(performance|process|globalThis|crypto)\.|\b(setTimeout|setInterval|fetch)\(/;
const GENERATED = /^(schemas\/generated\/|package-lock\.json)/;

/** What the linter does not see: the length of files and comments, and left-over marks. */
describe("the sources", () => {
  const files = execFileSync("git", ["ls-files", "*.ts", "*.mjs"], { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && !GENERATED.test(file))
    .map((file) => ({ file, lines: readFileSync(`${ROOT}/${file}`, "utf8").split("\n") }));

  it("are files that one can read in a sitting", () => {
    const long = files.filter(({ file, lines }) => {
      const isSuite = /\.(test|contract|e2e|real|chaos)\.ts$/.test(file);
      return lines.length > (isSuite ? LONGEST_SUITE_LINES : LONGEST_FILE_LINES);
    });
    expect(long.map(({ file, lines }) => `${file}: ${lines.length} lines`)).to.deep.equal([]);
  });

  it("have lines that fit beside each other", () => {
    const long = files.flatMap(({ file, lines }) => {
      return lines
        .map((line, index) => ({ line, place: `${file}:${index + 1}`, width: line.length }))
        .filter(({ line, width }) => width > LONGEST_LINE_COLUMNS && !LONG_TEXT.test(line));
    });
    expect(long.map(({ place, width }) => `${place} has ${width} columns`)).to.deep.equal([]);
  });

  it("are pure where they must be: time and chance come in as values", () => {
    const pure = files.filter(({ file }) => PURE.test(file) && !/\.(test|fixture)\.ts$/.test(file));
    expect(pure.length).to.be.greaterThan(50);
    const impure = pure.flatMap(({ file, lines }) => {
      return lines.flatMap((line, index) => {
        return IMPURE.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [];
      });
    });
    expect(impure).to.deep.equal([]);
  });

  it("keep contexts apart: none imports another", () => {
    const inContexts = files.filter(({ file }) => file.startsWith("command-side/contexts/"));
    const crossing = inContexts.flatMap(({ file, lines }) => {
      return lines.filter((line) => {
        const target = /from "(\.[^"]+)"/.exec(line)?.[1];
        return target !== undefined && contextOf(join(dirname(file), target), file) !== null;
      });
    });
    expect(crossing).to.deep.equal([]);
  });

  it("leave nothing to be done without a number", () => {
    const marks = /\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/;
    const left = files.flatMap(({ file, lines }) => {
      return lines.flatMap((line, index) => {
        return marks.test(line) && file !== "test/tidy.test.ts" ? [`${file}:${index + 1}`] : [];
      });
    });
    expect(left).to.deep.equal([]);
  });
});

/** The context that `target` is in, where it is another than that of `file`. */
function contextOf(target: string, file: string): string | null {
  const context = /^command-side\/contexts\/([^/]+)\//;
  const [to, from] = [context.exec(target)?.[1], context.exec(file)?.[1]];
  return to !== undefined && to !== from ? to : null;
}

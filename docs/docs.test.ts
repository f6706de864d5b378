import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { findBrokenNames } from "./check-links.ts";

const repository = resolve(import.meta.dirname, "..");

describe("the documents", () => {
  it("name only files and headings that exist", () => {
    const broken = findBrokenNames(repository);
    const told = broken.map(({ page, line, name, problem }) => {
      return `${page}:${line} names ${name}: ${problem}`;
    });
    expect(told).to.deep.equal([]);
  });
});

describe("the check of the documents", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "docs-check-"));
    mkdirSync(join(root, "docs", "domain"), { recursive: true });
    mkdirSync(join(root, "platform"));
    writeFileSync(join(root, "platform", "log.ts"), "");
    writeFileSync(join(root, "docs", "words.md"), "# The words, all of them\n");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function brokenNamesOf(text: string): readonly string[] {
    writeFileSync(join(root, "docs", "domain", "page.md"), text);
    return findBrokenNames(root).map(({ name }) => name);
  }

  it("finds a link to a page that is not there", () => {
    expect(brokenNamesOf("see [words](../words.md) and [more](more.md)")).to.deep.equal([
      "more.md",
    ]);
  });

  it("finds a link to a heading that is not there", () => {
    const text = "[a](../words.md#the-words-all-of-them) [b](../words.md#verbs)";
    expect(brokenNamesOf(text)).to.deep.equal(["../words.md#verbs"]);
  });

  it("finds a path of the repository that is not there, with its line", () => {
    writeFileSync(
      join(root, "docs", "domain", "page.md"),
      "one\n`platform/log.ts`\n`platform/no.ts`",
    );
    expect(findBrokenNames(root)).to.deep.equal([
      { page: "docs/domain/page.md", line: 3, name: "platform/no.ts", problem: "no such file" },
    ]);
  });

  it("finds a constant that does not stand where it is said to", () => {
    writeFileSync(join(root, "platform", "log.ts"), "const LIMIT = 5;\n");
    const text = "`LIMIT` in `platform/log.ts`, `OTHER` in `platform/log.ts`";
    expect(brokenNamesOf(text)).to.deep.equal(["OTHER"]);
  });

  it("leaves the paths of a page's own example alone", () => {
    const text =
      "<!-- example names: lists -->\n`platform/lists/a.ts` `platform/lists.ts` `platform/b.ts`";
    expect(brokenNamesOf(text)).to.deep.equal(["platform/b.ts"]);
  });

  it("leaves patterns, routes, addresses and code blocks alone", () => {
    const text =
      "`platform/<name>/log.ts` `/v1/platform/x` `read/x.db` [x](https://example.org/no.md)\n" +
      "```\n`platform/no.ts`\n```\n";
    expect(brokenNamesOf(text)).to.deep.equal([]);
  });
});

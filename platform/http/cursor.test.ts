import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { loadCursorKey } from "./cursor-key.ts";

const schema = z.strictObject({ position: z.int() });
const key = { bytes: Buffer.alloc(32, 7) };

describe("cursor", () => {
  it("gives back the place it was made of", () => {
    const cursor = encodeCursor(key, "portfolio-trades", { position: 17 });
    expect(cursor).match(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor(key, "portfolio-trades", { cursor, schema })).deep.equal({ position: 17 });
  });

  it("is refused by another query, another key, and when any character was changed", () => {
    const cursor = encodeCursor(key, "trades", { position: 17 });
    const read = (query: string, text: string, with_ = key) => {
      return () => decodeCursor(with_, query, { cursor: text, schema });
    };
    expect(read("ledger", cursor)).throw("cursor");
    expect(read("trades", cursor, { bytes: Buffer.alloc(32, 8) })).throw("cursor");
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === "A" ? "B" : "A";
      expect(read("trades", cursor.slice(0, at) + other + cursor.slice(at + 1))).throw("cursor");
    }
    for (const text of ["", "abc", cursor.slice(0, -1), `${cursor}A`, "x".repeat(5_000)]) {
      expect(read("trades", text)).throw("cursor");
    }
  });

  it("of an older form is refused", () => {
    const cursor = encodeCursor(key, "trades", { offset: 3 });
    expect(() => decodeCursor(key, "trades", { cursor, schema })).throw("cursor");
  });
});

describe("the cursor's key", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cursor-key-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is made once in the data folder, for its owner's eyes only", () => {
    const first = loadCursorKey(folder, null);
    expect(first.bytes).have.length(32);
    expect(loadCursorKey(folder, null)).deep.equal(first);
    expect(statSync(join(folder, "cursor.key")).mode & 0o777).equal(0o600);
  });

  it("comes from the secret where there is one", () => {
    const secret = "s".repeat(32);
    expect(loadCursorKey(folder, secret)).deep.equal(loadCursorKey("/nowhere", secret));
  });

  it("is not taken from a broken file", () => {
    writeFileSync(join(folder, "cursor.key"), "short");
    expect(() => loadCursorKey(folder, null)).throw("remove it");
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { addKey, revokeKey } from "../../platform/access/key-file.ts";
import { keyOf } from "../../platform/access/keys.fixture.ts";
import { readConfig } from "../../platform/config/config.ts";
import { checkKeys } from "./keys.ts";

const NOW_MS = Date.UTC(2026, 5, 1);

describe("the doctor's look at the keys", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-doctor-"));
    file = join(folder, "keys.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const look = () => checkKeys(readConfig({ CH_API_KEYS_FILE: file }), NOW_MS);

  it("finds nothing wrong where none are wanted", () => {
    expect(checkKeys(readConfig({}), NOW_MS).level).equal("ok");
  });

  it("finds a file that is missing, of no use, without an operator, or soon without a key", () => {
    expect(look()).include({ level: "fail", todo: "cipherhorizon keys create --role operator" });
    const reader = keyOf("reader");
    addKey(file, reader.key);
    expect(look()).include({ level: "warn" }).property("detail").contain("none is an operator's");
    addKey(file, keyOf("operator", "2026-06-05T00:00:00Z").key);
    expect(look()).include({ level: "warn" }).property("detail").contain("expire within 7 days");
  });

  it("counts those that hold", () => {
    const [operator, gone] = [keyOf("operator"), keyOf("operator", "2026-05-01T00:00:00Z")];
    addKey(file, operator.key);
    addKey(file, gone.key);
    expect(look()).include({ level: "ok", detail: "1 of 2 hold" });
    revokeKey(file, operator.key.id, NOW_MS);
    expect(look()).include({ level: "fail", detail: "0 of 2 hold" });
  });
});

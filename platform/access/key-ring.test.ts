import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { PlatformError } from "../errors/catalogue.ts";
import { createLogger } from "../telemetry/logger.ts";
import { addKey, readKeyFile, revokeKey } from "./key-file.ts";
import { KeyRing } from "./key-ring.ts";
import { keyOf } from "./keys.fixture.ts";

const START_MS = Date.UTC(2026, 5, 1);

describe("the keys of a file", () => {
  let folder: string;
  let file: string;
  let nowMs: number;
  let logged: string[];
  const operator = keyOf("operator");
  const trader = keyOf("trader", "2026-06-02T00:00:00Z");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-keys-"));
    file = join(folder, "keys.jsonl");
    nowMs = START_MS;
    logged = [];
    addKey(file, operator.key);
    addKey(file, trader.key);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function open(): KeyRing {
    const logger = createLogger("debug", { write: (line) => void logged.push(line) });
    return new KeyRing({ file, logger, clock: () => nowMs });
  }

  function failureOf(run: () => unknown): string {
    try {
      run();
    } catch (error) {
      if (error instanceof PlatformError && error.code === "CONFIG_INVALID") return error.message;
      throw error;
    }
    return "none";
  }

  it("are recognised until they expire", () => {
    const ring = open();
    expect(ring.recognise(operator.text).key?.role).equal("operator");
    expect(ring.recognise(trader.text).key?.traderId).equal("t-1");
    nowMs = Date.parse("2026-06-02T00:00:00Z");
    expect(ring.recognise(trader.text).reason).contain("expired at 2026-06-02");
    expect(ring.recognise(operator.text).reason).equal(null);
  });

  it("are told from what nobody made, in the same words for every wrong text", () => {
    const ring = open();
    const stranger = keyOf("operator").text;
    const ofKnownId = stranger.replace(/^chk_[0-9a-f]{12}/, `chk_${operator.key.id}`);
    for (const text of [stranger, ofKnownId, "", "chk_", operator.key.sha256]) {
      expect(ring.recognise(text)).deep.equal({ key: null, reason: "The key is not known." });
    }
  });

  it("end within a second after they are revoked, and begin after they are made", () => {
    const ring = open();
    const later = keyOf("reader");
    revokeKey(file, operator.key.id, nowMs);
    addKey(file, later.key);
    expect(ring.holds(operator.key)).equal(true);
    nowMs += 1_000;
    expect(ring.holds(operator.key)).equal(false);
    expect(ring.recognise(operator.text).reason).contain("was revoked");
    expect(ring.recognise(later.text).key?.id).equal(later.key.id);
  });

  it("hold on while the file is gone, open to others or torn, which is said once", () => {
    const ring = open();
    chmodSync(file, 0o644);
    for (const _look of [1, 2, 3]) {
      nowMs += 1_000;
      expect(ring.recognise(operator.text).reason).equal(null);
    }
    expect(logged.filter((line) => line.includes("chmod 600"))).length(1);
    chmodSync(file, 0o600);
    appendFileSync(file, '{"torn');
    nowMs += 1_000;
    expect(ring.recognise(operator.text).reason).equal(null);
    rmSync(file);
    nowMs += 1_000;
    expect(ring.recognise(operator.text).reason).equal(null);
    expect(logged.join("")).contain("line 3").and.not.contain("torn");
  });

  it("are refused at the start where others can open the file, or nothing of use is in it", () => {
    chmodSync(file, 0o640);
    expect(failureOf(open)).contain("chmod 600");
    chmodSync(file, 0o600);
    revokeKey(file, operator.key.id, nowMs);
    expect(failureOf(open)).equal("none");
    nowMs = Date.parse("2026-06-02T00:00:00Z");
    expect(failureOf(open)).contain("holds no key").and.contain("keys create");
    rmSync(file);
    expect(failureOf(open)).contain("ENOENT").and.contain("keys create");
  });

  it("stand one a line, also after a last line that somebody left open", () => {
    writeFileSync(file, JSON.stringify(operator.key), { mode: 0o600 });
    addKey(file, trader.key);
    expect([...readKeyFile(file).keys()]).deep.equal([operator.key.id, trader.key.id]);
    addKey(file, trader.key);
    expect(failureOf(() => readKeyFile(file))).contain("line 3 has an id for the second time");
    const wrong = { ...operator.key, role: "trader" };
    writeFileSync(file, JSON.stringify(wrong), { mode: 0o600 });
    expect(failureOf(() => readKeyFile(file))).contain("line 1");
    writeFileSync(file, '{"revoked":"0123","revokedAt":"2026-01-01T00:00:00Z"}', { mode: 0o600 });
    expect(failureOf(() => readKeyFile(file))).contain("revokes a key that is not there");
  });
});

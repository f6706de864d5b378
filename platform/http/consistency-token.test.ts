import { expect } from "chai";
import fc from "fast-check";
import { PlatformError } from "../errors/catalogue.ts";
import type { PartitionKey } from "../log/log.ts";
import { encodeConsistencyToken, parseConsistencyToken } from "./consistency-token.ts";

const LOG_ID = "0f8b6f0e-54a5-4a55-9c56-2b6a1f0b8d11";

function codeOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    if (error instanceof PlatformError) return error.code;
    throw error;
  }
  return "none";
}

function encodePlain(text: string): string {
  return Buffer.from(text).toString("base64url");
}

describe("consistency token", () => {
  it("is read as it was written, whatever the order of its partitions", () => {
    const partition = fc
      .tuple(fc.constantFrom("portfolio.events", "market.events"), fc.nat({ max: 99 }))
      .map(([topic, number]): PartitionKey => `${topic}/${number}`);
    const entries = fc.uniqueArray(fc.tuple(partition, fc.maxSafeNat()), {
      selector: ([key]) => key,
      maxLength: 30,
    });
    fc.assert(
      fc.property(entries, (list) => {
        const text = encodeConsistencyToken({ logId: LOG_ID, positions: new Map(list) });
        const reversed = new Map(list.toReversed());
        expect(encodeConsistencyToken({ logId: LOG_ID, positions: reversed })).equal(text);
        expect(parseConsistencyToken(text, LOG_ID).positions).deep.equal(reversed);
      }),
    );
  });

  it("of another log is refused by name", () => {
    const token = encodeConsistencyToken({ logId: "other-log", positions: new Map() });
    expect(codeOf(() => parseConsistencyToken(token, LOG_ID))).equal("LOG_MISMATCH");
  });

  it("of another form is refused", () => {
    const wrong = [
      "",
      "abc",
      "ä",
      "x".repeat(9_000),
      encodePlain(LOG_ID),
      encodePlain(`${LOG_ID}.portfolio.events`),
      encodePlain(`${LOG_ID}.portfolio.events:0`),
      encodePlain(`${LOG_ID}.portfolio.events:0:-1`),
      encodePlain(`${LOG_ID}.portfolio.events:0:9999999999999999`),
      encodePlain(`${LOG_ID}.portfolio.events:0:1,portfolio.events:0:2`),
      encodePlain(`${LOG_ID}.__proto__:0:1`),
    ];
    for (const text of wrong) {
      expect(
        codeOf(() => parseConsistencyToken(text, LOG_ID)),
        text,
      ).equal("INVALID_TOKEN");
    }
  });
});

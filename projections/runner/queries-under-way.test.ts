import { expect } from "chai";
import { describe, it } from "mocha";
import { QueriesUnderWay } from "./queries-under-way.ts";

describe("queries under way", () => {
  it("are answered before the generation is closed, and later ones are refused", async () => {
    const queries = new QueriesUnderWay();
    const { promise, resolve } = Promise.withResolvers<string>();
    const told: string[] = [];
    const asked = queries.run(() => promise).then((answer) => told.push(answer));
    const closed = queries.close().then(() => told.push("closed"));
    expect(await codeOf(queries.run(async () => null))).to.equal("NOT_READY");
    resolve("answer");
    await Promise.all([asked, closed]);
    expect(told).to.deep.equal(["answer", "closed"]);
  });

  it("are refused past the limit, and let in again after an answer", async () => {
    const queries = new QueriesUnderWay();
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked = Array.from({ length: 1_000 }, () => queries.run(async () => promise));
    expect(await codeOf(queries.run(async () => null))).to.equal("OVERLOADED");
    resolve();
    await Promise.all(asked);
    expect(await queries.run(async () => "let in")).to.equal("let in");
  });
});

async function codeOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => "answered",
    (error: { code?: unknown }) => error.code,
  );
}

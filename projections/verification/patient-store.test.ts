import { expect } from "chai";
import { counters } from "../runner/runner.fixture.ts";
import type { ComparedStore } from "./compare-generations.ts";
import { PatientStore } from "./patient-store.ts";

const ROWS = 20;
const NEVER = new AbortController().signal;

/** Fails each time it has given so many rows, and so often before it gives any. */
function failing(parts: { readonly rows: number; failures: number }): ComparedStore {
  return {
    checkpoints: async () => {
      parts.failures -= 1;
      if (parts.failures >= 0) throw new Error("it does not answer");
      return new Map();
    },
    row: async (_table, [counter = null]) => {
      parts.failures -= 1;
      if (parts.failures >= 0) throw new Error("it does not answer");
      const row = { counter, value: 1 };
      return { row, partition: "counters.events/0", position: 1, first: 0 };
    },
    async *rows(_table, from) {
      parts.failures -= 1;
      if (parts.failures >= 0) throw new Error("it does not answer");
      const begin = from === undefined ? 0 : Number(String(from[0]).slice(2)) + 1;
      for (let i = begin; i < ROWS; i += 1) {
        if (i === begin + parts.rows) throw new Error("the connection is lost");
        const row = { counter: `c-${String(i).padStart(2, "0")}`, value: i };
        yield { row, partition: "counters.events/0", position: i };
      }
    },
  };
}

describe("a store that is read for a comparison", () => {
  function patient(parts: { readonly rows: number; failures: number }): PatientStore {
    return new PatientStore(failing(parts), counters.tables, NEVER);
  }

  it("gives each row once, however often it fails in between", async () => {
    const rows = await Array.fromAsync(patient({ rows: 3, failures: 1 }).rows("counters"));
    expect(rows.map(({ row }) => row["value"])).to.deep.equal(
      Array.from({ length: ROWS }, (_, i) => i),
    );
  });

  it("goes on behind the row that it was asked from", async () => {
    const rows = await Array.fromAsync(
      patient({ rows: ROWS, failures: 2 }).rows("counters", ["c-16"]),
    );
    expect(rows.map(({ row }) => row["value"])).to.deep.equal([17, 18, 19]);
  });

  it("is given up when it fails without giving anything in between", async function () {
    this.timeout(20_000);
    const one = patient({ rows: 3, failures: 100 });
    const failed = await Array.fromAsync(one.rows("counters")).catch((error: unknown) => error);
    expect(String(failed)).to.include("does not answer");
    const asked = await one.checkpoints().catch((error: unknown) => error);
    expect(String(asked)).to.include("does not answer");
  });

  it("is asked again for its checkpoints, and for one row", async () => {
    expect(await patient({ rows: 3, failures: 2 }).checkpoints()).to.deep.equal(new Map());
    const found = await patient({ rows: 3, failures: 2 }).row("counters", ["c-07"]);
    expect(found?.row["counter"]).to.equal("c-07");
  });
});

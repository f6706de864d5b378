import { expect } from "chai";
import { WrittenShards } from "./shards.ts";
import { writeLines } from "./writer.ts";

const LINES_OF_A_REQUEST = 5_000;

describe("what is written to InfluxDB", () => {
  let written: string[];
  let failures: number;

  const client = {
    write: async (_: string, lines: string) => {
      if (failures > 0) {
        failures -= 1;
        throw new Error("no answer");
      }
      written.push(lines);
    },
  };

  const target = () => ({ client, database: "ticks_g1", shards: new WrittenShards() });
  const tick = (position: number) => `ticks,instrumentId=a price=1 170000000000000${position}`;

  beforeEach(() => {
    [written, failures] = [[], 0];
  });

  it("goes there twice where the server may forget it, and once afterwards", async () => {
    const shards = target();
    await writeLines(shards, [tick(1000)]);
    await writeLines(shards, [tick(1001)]);
    expect(written).to.deep.equal([tick(1000), tick(1000), tick(1001)]);
  });

  it("goes there twice as a whole, in all its requests", async () => {
    const lines = Array.from({ length: LINES_OF_A_REQUEST + 1 }, (_, i) => tick(1000 + i));
    await writeLines(target(), lines);
    const first = lines.slice(0, LINES_OF_A_REQUEST).join("\n");
    const last = lines.at(-1);
    expect(written).to.deep.equal([first, last, first, last]);
  });

  it("goes there twice again after a failure: only what was written twice is remembered", async () => {
    const shards = target();
    failures = 1;
    await writeLines(shards, [tick(1000)]).catch(() => undefined);
    await writeLines(shards, [tick(1000)]);
    expect(written).to.have.length(2);
  });
});

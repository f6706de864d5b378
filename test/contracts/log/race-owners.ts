import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Random } from "../../../cli/demo/random.ts";
import type { Log } from "../../../platform/log/log.ts";
import { assertGapless, rawClaim, rawRecords, readAll, textOf } from "./raw-records.ts";

const FIRST = { topic: "first.events", partition: 0 };

/**
 * Owners that know nothing of each other claim and append at once, many under way. Whatever the
 * order, each acknowledged batch stands whole where it was said to, and nothing else stands there.
 */
export async function raceOwners(log: Log, random: Random): Promise<void> {
  const written = new Map<number, string[]>();
  let batches = 0;
  const rule = async (): Promise<void> => {
    let reign = await log.claim(FIRST, rawClaim("racer"));
    written.set(reign.epoch, ["racer"]);
    let end = reign.epoch + 1;
    for (let turn = 0; turn < 40; turn += 1) {
      const values = Array.from({ length: random.integer(1, 5) }, (_, i) => `${batches}-${i}`);
      batches += 1;
      const answer = await log.append(reign, end, rawRecords(...values));
      if (answer.outcome === "appended") {
        written.set(answer.firstPosition, values);
        end = answer.firstPosition + values.length;
      } else {
        expect(answer.outcome).to.equal("fenced");
        if (random.chance(0.5)) await sleep(random.integer(0, 3));
        reign = await log.claim(FIRST, rawClaim("racer"));
        written.set(reign.epoch, ["racer"]);
        end = reign.epoch + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, rule));
  const records = await readAll(log, FIRST);
  assertGapless(records);
  const expected = [...written].sort(([a], [b]) => a - b).flatMap(([, values]) => values);
  expect(records.slice(1).map(textOf)).to.deep.equal(expected);
}

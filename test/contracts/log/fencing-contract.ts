import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom, type Random } from "../../../cli/demo/random.ts";
import type {
  AppendResult,
  LogReader,
  LogRecord,
  PartitionRef,
  Reign,
} from "../../../platform/log/log.ts";
import { type LogAdapter, type LogAdapterName, logAdapters, TOPICS } from "./adapters.ts";
import { LogChild } from "./child-process.ts";
import { assertGapless, rawClaim, readAll, textOf } from "./raw-records.ts";
import { print, printedSeed } from "./seed.ts";

const STOPPED_OWNERS = 50;
const KILLED_OWNERS = Number(process.env["KILLS"] ?? 40);
const TOPIC = "first.events";

interface Decided {
  readonly reign: Reign;
  readonly end: number;
}

/** What must hold when owners are processes that are stopped and killed. */
export function logFencingContract(name: LogAdapterName): void {
  const adapter: LogAdapter = logAdapters[name];

  describe(`the log contract with several processes: ${name}`, function () {
    this.timeout(180_000);
    let address: string;
    let reader: LogReader;

    beforeEach(async () => {
      address = adapter.create();
      await (await adapter.open(address, TOPICS)).close();
      reader = await adapter.openReader(address);
    });

    afterEach(async () => {
      await reader.close();
      await adapter.remove(address);
    });

    it(`refuses an owner that was stopped while another claimed, ${STOPPED_OWNERS} times`, async () => {
      const random = createRandom(printedSeed());
      const children = [new LogChild(name, address), new LogChild(name, address)] as const;
      const written: string[][] = [[], [], [], []];
      for (let round = 0; round < STOPPED_OWNERS; round += 1) {
        const [stale, fresh] = random.chance(0.5) ? children : [children[1], children[0]];
        const partition = random.integer(0, 3);
        const accepted = await overtake({ stale, fresh, partition, round, random });
        written[partition]?.push(...accepted);
      }
      await Promise.all(children.map((child) => child.end()));
      for (const [partition, values] of written.entries()) {
        const records = await readAll(reader, { topic: TOPIC, partition });
        assertGapless(records);
        const events = records.filter(({ key }) => key === "key");
        expect(events.map(textOf)).to.deep.equal(values);
      }
    });

    it(`loses, doubles and tears nothing when its owner is killed, ${KILLED_OWNERS} times`, async () => {
      const random = createRandom(printedSeed());
      const successor = await adapter.open(address, TOPICS);
      const checks = [0, 1, 2, 3].map((partition) => new FloodCheck(reader, partition));
      const totals = { unanswered: 0, written: 0 };
      let child = new LogChild(name, address);
      for (let run = 0; run < KILLED_OWNERS; run += 1) {
        const running = child;
        // The next process starts meanwhile; it opens the log when it gets its first order.
        child = new LogChild(name, address);
        const said = await floodAndKill(running, {
          run,
          seed: random.integer(0, 2 ** 30),
          killAfterMilliseconds: random.integer(0, 60),
        });
        const found = new Set<string>();
        for (const check of checks) {
          // What the killed one has sent may still be under way, until somebody else reigns.
          await successor.claim(check.partition, rawClaim("successor"));
          await check.next(run, said, found);
        }
        const open = [...said.sent].filter((one) => !said.acknowledged.has(one));
        totals.unanswered += open.length;
        totals.written += open.filter((one) => found.has(one)).length;
        expect(said.acknowledged.size, `run ${run}`).to.be.above(0);
      }
      await child.end();
      await successor.close();
      const { unanswered, written } = totals;
      print(`${unanswered} appends were unanswered at a kill; ${written} of them are in the log`);
      expect(unanswered, "appends under way at a kill").to.be.above(0);
    });
  });
}

interface Overtaking {
  readonly stale: LogChild;
  readonly fresh: LogChild;
  readonly partition: number;
  readonly round: number;
  readonly random: Random;
}

/**
 * An owner decides and is stopped before it appends; another claims and perhaps appends; the first
 * goes on and must be refused. Gives what the second has written.
 */
async function overtake(overtaking: Overtaking): Promise<readonly string[]> {
  const { stale, fresh, round, random } = overtaking;
  const partition = { topic: TOPIC, partition: overtaking.partition };
  const values = (who: string) => {
    return Array.from({ length: random.integer(1, 5) }, (_, i) => `${who} ${round}-${i}`);
  };
  const decided = await stale.ask<Decided>({ order: "decide", partition });
  await stale.stop();
  const late = stale.ask<AppendResult>({ order: "append", partition, values: values("late") });

  const successor = await fresh.ask<Decided>({ order: "decide", partition });
  expect(successor.reign.epoch).to.be.above(decided.reign.epoch);
  const accepted = random.chance(0.8) ? values("fresh") : [];
  if (accepted.length > 0) {
    const answer = await fresh.ask<AppendResult>({ order: "append", partition, values: accepted });
    expect(answer.outcome).to.equal("appended");
  }

  stale.goOn();
  expect(await late, `round ${round}`).to.deep.equal({ outcome: "fenced" });
  return accepted;
}

interface Acknowledged {
  readonly partition: number;
  readonly position: number;
  readonly count: number;
}

/** What a flooding child has said until it was killed. */
interface Said {
  readonly sent: Set<string>;
  readonly acknowledged: Map<string, Acknowledged>;
}

async function floodAndKill(
  child: LogChild,
  flood: { run: number; seed: number; killAfterMilliseconds: number },
): Promise<Said> {
  const said: Said = { sent: new Set(), acknowledged: new Map() };
  const acknowledged = new EventTarget();
  const first = once(acknowledged, "first");
  child.listen({ order: "flood", run: flood.run, seed: flood.seed }, (line) => {
    const {
      sent,
      acknowledged: name,
      ...where
    } = line as {
      sent?: string;
      acknowledged?: string;
    } & Acknowledged;
    if (sent !== undefined) said.sent.add(sent);
    if (name === undefined) return;
    said.acknowledged.set(name, where);
    acknowledged.dispatchEvent(new Event("first"));
  });
  await first;
  await sleep(flood.killAfterMilliseconds);
  await child.kill();
  return said;
}

/** Reads what a run has left in one partition and holds it against what was acknowledged. */
class FloodCheck {
  readonly #reader: LogReader;
  readonly partition: PartitionRef;
  #end = 1;

  constructor(reader: LogReader, partition: number) {
    this.#reader = reader;
    this.partition = { topic: TOPIC, partition };
  }

  async next(run: number, said: Said, found: Set<string>): Promise<void> {
    const { partition } = this.partition;
    const records = await readAll(this.#reader, this.partition, this.#end);
    assertGapless(records, this.#end);
    const places = wholeBatches(records);
    for (const [name, { position, count }] of places) {
      expect(name.startsWith(`${run}-${partition}-`), `${name} in run ${run}`).to.equal(true);
      expect(said.sent.has(name), `${name} was sent`).to.equal(true);
      found.add(name);
      const acknowledged = said.acknowledged.get(name);
      if (acknowledged) expect({ position, count }).to.deep.include(pick(acknowledged));
    }
    for (const [name, { partition: where }] of said.acknowledged) {
      if (where !== partition) continue;
      expect(found.has(name), `${name} was acknowledged`).to.equal(true);
    }
    this.#end += records.length;
    expect((await this.#reader.ends(TOPIC))[partition]).to.equal(this.#end);
  }
}

function pick({ position, count }: Acknowledged): { position: number; count: number } {
  return { position, count };
}

/** The batches that stand in the records, by name; fails where one is torn or comes twice. */
function wholeBatches(
  records: readonly LogRecord[],
): ReadonlyMap<string, { position: number; count: number }> {
  const places = new Map<string, { position: number; count: number }>();
  let index = 0;
  while (index < records.length) {
    const first = records[index] as LogRecord;
    if (first.key === "~owner") {
      index += 1;
      continue;
    }
    const [name, place] = textOf(first).split(" ") as [string, string];
    const count = Number(place.split("/")[1]);
    const expected = Array.from({ length: count }, (_, i) => `${name} ${i}/${count}`);
    expect(records.slice(index, index + count).map(textOf)).to.deep.equal(expected);
    expect(places.has(name), `${name} comes twice`).to.equal(false);
    places.set(name, { position: first.position, count });
    index += count;
  }
  return places;
}

import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { checkHistory } from "../history/checker.ts";
import { loggedEvents, withHistory } from "../history/read-history.ts";
import type { SentCommand } from "../kill-clients.ts";
import { compareWithFresh, type PlatformPlace } from "../rebuild-rows.ts";
import { ChaosRun } from "./chaos-run.ts";
import { checkLogOf } from "./check.ts";
import { planFaults } from "./faults.ts";
import { OwnStack } from "./own-stack.ts";
import { copyWith, PLANTED, withPlantedRows } from "./planted.ts";
import { type ChaosPlatform, placeOf, startChaosPlatform } from "./platform.ts";
import { compareAll, untilCaughtUp } from "./read-models.ts";
import { Rebuilds } from "./rebuilds.ts";
import { SAMPLE_SECONDS } from "./sample.ts";
import type { ServedProcess } from "./served-process.ts";

const ALL_SERVERS = ["kafka", "registry", "postgres", "redis", "influxdb", "neo4j", "mongodb"];
/** What a sample has time for; the other read models stand in SQLite, in a projector's folder. */
const SAMPLE_SERVERS = ["kafka", "registry", "postgres", "redis"];
const STRATEGIES = "strategies.events";
const FEWEST_FAULTS = 30;
const FEWEST_FAULTS_OF_A_SAMPLE = 4;
const LONGEST_RUN_MILLISECONDS = 90 * 60_000;

/** However slow the machine is, a sample has some faults. */
function isSampleOver(faults: number, milliseconds: number): boolean {
  if (SAMPLE_SECONDS === null || faults < FEWEST_FAULTS_OF_A_SAMPLE) return false;
  return milliseconds > SAMPLE_SECONDS * 1_000;
}

interface Checked {
  readonly place: PlatformPlace;
  readonly commands: readonly SentCommand[];
  /** The live one of portfolios. */
  readonly generation: number;
}

describe("the distributed platform", function () {
  this.timeout(LONGEST_RUN_MILLISECONDS);
  const stack = new OwnStack();
  const started: ServedProcess[] = [];
  /** When all was found to be right; before, nothing can be planted. */
  let checked: Checked | null = null;
  let rebuilds: Rebuilds | null = null;

  after(async () => {
    try {
      await rebuilds?.stop();
    } finally {
      await Promise.all(started.map((one) => one.end()));
      await stack.remove();
    }
  });

  it("loses and doubles nothing, whatever is killed, paused or restarted", async () => {
    const seed = printedSeed();
    const servers = SAMPLE_SECONDS === null ? ALL_SERVERS : SAMPLE_SERVERS;
    await stack.up(servers, { freePorts: true });
    const platform = await startChaosPlatform(stack, started);
    const parts = [...Map.groupBy(started, ({ part }) => part).values()];
    const names = parts.map((part) => part.map(({ name }) => name));
    const instances = servers.map((name) => (name === "kafka" ? "kafka-1" : name));
    const faults = planFaults(createRandom(seed), { parts: names, servers: instances });
    rebuilds = new Rebuilds(placeOf(stack, platform.queryApi));
    const run = new ChaosRun({ seed, stack, platform, rebuilds });
    await run.start();
    const startedMs = performance.now();
    for (const fault of faults) {
      if (isSampleOver(run.faults, performance.now() - startedMs)) break;
      await run.hurt(fault);
    }
    await run.settle();
    await expectAllRight(run, platform);
    expect(run.faults).to.be.at.least(
      SAMPLE_SECONDS === null ? FEWEST_FAULTS : FEWEST_FAULTS_OF_A_SAMPLE,
    );
  });

  it("is told from one that has lost, doubled or swapped something, in the log and in a store", async () => {
    if (checked === null) throw new Error("nothing was found right that a fault can be planted in");
    const { place, commands, generation } = checked;
    const own = commands.filter(({ aggregate }) => aggregate === "strategy");
    const compare = () => compareWithFresh(place, "portfolios", generation);
    for (const planted of PLANTED) {
      const copy = await withHistory(place.log, (history) => {
        return copyWith(planted, STRATEGIES, history, place.log);
      });
      const events = await withHistory(copy, ({ log }) => loggedEvents(log, STRATEGIES));
      const kinds = new Set(checkHistory(own, events).map(({ kind }) => kind));
      expect(kinds, `a ${planted} in a topic of Kafka`).to.include(planted);
      const { differences } = await withPlantedRows(place, { generation, planted }, compare);
      expect(differences.join("\n"), `a ${planted} in PostgreSQL`).to.include("ledger: ");
    }
    expect((await compare()).differences).to.deep.equal([]);
  });

  async function expectAllRight(run: ChaosRun, { projectors }: ChaosPlatform): Promise<void> {
    const places = projectors.map((one) => placeOf(stack, one));
    const [first] = places as [(typeof places)[number]];
    for (const place of places) await untilCaughtUp(place);
    await run.stopReading();
    const { commands, feeds } = run.clients;
    const ticks = feeds.reduce((sum, { answered }) => sum + answered, 0);
    const accepted = commands.filter((one) => (one.acknowledged?.eventIds.length ?? 0) > 0);
    print(
      `${run.faults} faults, ${commands.length} commands (${accepted.length} with events), ` +
        `${ticks} ticks`,
    );
    const findings = await withHistory(first.log, (history) => checkLogOf(history, run.clients));
    expect(findings).to.deep.equal([]);
    const live = new Map<string, number>();
    for (const place of SAMPLE_SECONDS === null ? [first] : places) {
      for (const { projection, generation, rows, differences } of await compareAll(place)) {
        expect(differences, projection).to.deep.equal([]);
        print(`${projection} generation ${generation}: ${rows} rows as built from zero`);
        live.set(projection, generation);
      }
    }
    checked = { place: first, commands, generation: live.get("portfolios") ?? 0 };
  }
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom, type Random } from "../cli/demo/random.ts";
import { verifyLog } from "../platform/log/verify.ts";
import { print, printedSeed } from "./contracts/log/seed.ts";
import { checkHistory, checkLog } from "./history/checker.ts";
import { loggedEvents, tradeIdsByInstrument, withHistory } from "./history/read-history.ts";
import { type Autopsy, Coroner, generationsOf } from "./kill-autopsy.ts";
import { KillClients } from "./kill-clients.ts";
import { IMPORTED_INSTRUMENT, IMPORTED_TICKS, KilledImport } from "./kill-import.ts";
import { type SpawnedPlatform, spawnPlatform } from "./platform-process.ts";
import { compareWithFresh, PROJECTIONS } from "./rebuild-rows.ts";
import { startRebuild, untilCaughtUp } from "./rebuild-watch.ts";

/** `KILLS=100` for a long run; `TEST_SEED` draws the same times again. */
const KILLS = Number(process.env.KILLS ?? 12);
/** Chance may spare what must be hit: so many kills at the most until each was. */
const MOST_KILLS = 3 * KILLS;
const LONGEST_LIFE_MILLISECONDS = 1_800;
const LONGEST_REBUILD_MILLISECONDS = 300;
/** The command line needs its time before the first tick leaves. */
const IMPORT_BEGINS_MILLISECONDS = 700;
const MILLISECONDS_PER_KILL = 60_000;
const MILLISECONDS_AT_THE_END = 240_000;

/** What goes on beside the clients when the process is killed. */
const SCENES = ["serving", "rebuilding", "importing", "serving", "starting", "importing"] as const;
type Scene = (typeof SCENES)[number];

interface Round extends Autopsy {
  readonly scene: Scene;
  readonly importing: boolean;
}

describe("kill -9", function () {
  this.timeout(MOST_KILLS * MILLISECONDS_PER_KILL + MILLISECONDS_AT_THE_END);
  let folder: string;
  let run: KillRun;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-kill-"));
  });

  after(async () => {
    await run?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`loses nothing acknowledged and doubles nothing, ${KILLS} times`, async () => {
    run = new KillRun(folder, createRandom(printedSeed()));
    const rounds: Round[] = [];
    for (let i = 0; i < KILLS || (missed(rounds).length > 0 && i < MOST_KILLS); i += 1) {
      rounds.push(await run.killOnce(SCENES[i % SCENES.length] as Scene));
    }
    await run.settle();
    report(rounds, run.clients);
    await expectNothingLost(run);
    await expectTicksOnce(run);
    await expectRowsAsFromZero(run.data);
    expectAllWasHit(rounds);
  });
});

/** The platform with its clients, killed and started again. */
class KillRun {
  readonly data: string;
  readonly clients: KillClients;
  readonly #random: Random;
  readonly #import: KilledImport;
  readonly #coroner: Coroner;
  #platform: SpawnedPlatform | null = null;
  #started: Promise<void> | null = null;

  constructor(folder: string, random: Random) {
    this.data = join(folder, "data");
    this.#random = random;
    this.clients = new KillClients(random);
    this.#import = new KilledImport(join(folder, "ticks.csv"), this.data);
    this.#coroner = new Coroner(this.data);
  }

  async killOnce(scene: Scene): Promise<Round> {
    const platform = spawnPlatform(this.data);
    this.#platform = platform;
    await (scene === "starting" ? this.#anyTime() : this.#live(scene, await platform.ready()));
    const importing = this.#import.isRunning;
    if (this.#random.chance(0.5)) await this.#import.kill();
    this.clients.hold();
    await platform.kill();
    await this.#import.kill();
    const autopsy = await this.#coroner.examine(await this.clients.settled());
    return { ...autopsy, scene, importing };
  }

  async #live(scene: Scene, url: string): Promise<void> {
    this.clients.serveAt(url);
    this.#started ??= this.clients.start();
    await this.#started;
    if (scene === "importing") {
      this.#import.start();
      await sleep(IMPORT_BEGINS_MILLISECONDS);
    }
    await this.#anyTime();
    if (scene !== "rebuilding") return;
    for (const projection of PROJECTIONS) await startRebuild(url, projection);
    await sleep(this.#random.uniform() * LONGEST_REBUILD_MILLISECONDS);
  }

  async #anyTime(): Promise<void> {
    await sleep(this.#random.uniform() * LONGEST_LIFE_MILLISECONDS);
  }

  /** Everything is answered, imported and applied, and the platform has ended by itself. */
  async settle(): Promise<void> {
    const platform = spawnPlatform(this.data);
    this.#platform = platform;
    const url = await platform.ready();
    this.clients.serveAt(url);
    await this.clients.finish();
    await this.#import.finish();
    await untilCaughtUp(url);
    expect(await platform.stop(), platform.messages()).to.equal(0);
  }

  async end(): Promise<void> {
    await this.#import.kill();
    await this.#platform?.kill();
  }
}

function report(rounds: readonly Round[], { commands, feeds }: KillClients): void {
  const count = (is: (round: Round) => number | boolean) => rounds.filter(is).length;
  const sum = (of: (round: Round) => number) => rounds.reduce((total, one) => total + of(one), 0);
  const ticks = feeds.reduce((total, { answered }) => total + answered, 0);
  print(`${rounds.length} kills, ${commands.length} commands, ${ticks} ticks`);
  print(
    `hit an unacknowledged append: ${count((one) => one.appendedUnanswered)} kills, ` +
      `${sum((one) => one.appendedUnanswered)} commands appended and unanswered ` +
      `(${sum((one) => one.unanswered)} unanswered in all)`,
  );
  print(`hit an unfinished apply: ${count((one) => one.unfinishedApplies)} kills`);
  print(`fell in a rebuild: ${count((one) => one.rebuilding)}`);
  print(`fell in an import: ${count((one) => one.importing)}`);
}

async function expectNothingLost({ data, clients }: KillRun): Promise<void> {
  await withHistory(data, async (history) => {
    const topics = ["portfolio.events", "social.events", "strategies.events"];
    const all = await Promise.all(topics.map((topic) => loggedEvents(history.log, topic)));
    const findings = checkHistory(clients.commands, all.flat());
    expect(findings.slice(0, 10)).to.deep.equal([]);
    for (const topic of ["market.events", "operations.events"]) {
      expect(checkLog(await loggedEvents(history.log, topic)).slice(0, 10)).to.deep.equal([]);
    }
    expect(clients.commands.every(({ acknowledged }) => acknowledged !== null)).to.equal(true);
    const verified = await verifyLog(history);
    expect(verified.partitions.flatMap(({ problems }) => problems)).to.deep.equal([]);
    expect(verified).to.include({ isSound: true, voidEvents: 0 });
  });
}

/** Every acknowledged tick is there, and none twice, whoever has sent it how often. */
async function expectTicksOnce({ data, clients }: KillRun): Promise<void> {
  const byInstrument = await withHistory(data, tradeIdsByInstrument);
  const expected = [
    ...clients.feeds.map(({ instrumentId, answered }) => ({ instrumentId, count: answered })),
    { instrumentId: IMPORTED_INSTRUMENT, count: IMPORTED_TICKS },
  ];
  for (const { instrumentId, count } of expected) {
    const ids = byInstrument.get(instrumentId) ?? [];
    expect(ids.length, `${instrumentId}: ticks in the log`).to.equal(count);
    expect(new Set(ids).size, `${instrumentId}: different ticks`).to.equal(count);
    const beyond = ids.filter((id) => !(Number(id) >= 1 && Number(id) <= count));
    expect(beyond, instrumentId).to.deep.equal([]);
  }
}

async function expectRowsAsFromZero(data: string): Promise<void> {
  const generations = await withHistory(data, generationsOf);
  for (const { projection, generation } of generations.filter(({ phase }) => phase === "live")) {
    const { rows, differences, digests } = await compareWithFresh(data, projection, generation);
    expect(differences, `${projection} generation ${generation}`).to.deep.equal([]);
    expect(digests[0]).to.deep.equal(digests[1]);
    print(`${projection} generation ${generation}: ${rows} rows as built from zero`);
  }
}

/** A run that has hit nothing has shown nothing. */
function expectAllWasHit(rounds: readonly Round[]): void {
  expect(missed(rounds), `hit by none of ${rounds.length} kills`).to.deep.equal([]);
}

/** What no kill has come upon yet. */
function missed(rounds: readonly Round[]): string[] {
  const hits: Readonly<Record<string, (round: Round) => number | boolean>> = {
    "a command unanswered": (one) => one.unanswered,
    "an unacknowledged append": (one) => one.appendedUnanswered,
    "an unfinished apply": (one) => one.unfinishedApplies,
    "a rebuild": (one) => one.rebuilding,
    "an import": (one) => one.importing,
  };
  return Object.keys(hits).filter((name) => !rounds.some((round) => hits[name]?.(round)));
}

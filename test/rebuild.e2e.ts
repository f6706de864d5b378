import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../cli/demo/random.ts";
import { print, printedSeed } from "./contracts/log/seed.ts";
import { KillClients } from "./kill-clients.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { PollingReader } from "./rebuild-readers.ts";
import { compareWithFresh, compareWithLater, PROJECTIONS } from "./rebuild-rows.ts";
import { generationsShown, startRebuild, until, untilCaughtUp } from "./rebuild-watch.ts";

const HISTORY_MILLISECONDS = 4_000;
const BETWEEN_REBUILDS_MILLISECONDS = 500;

/** Of the smallest read model: fewer would show little. */
const LEAST_ROWS = 10;

describe("a rebuild", function () {
  this.timeout(300_000);
  let folder: string;
  let platform: PlatformProcess;
  let clients: KillClients;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-rebuild-"));
    platform = await startPlatformProcess(folder);
    clients = new KillClients(createRandom(printedSeed()));
    clients.serveAt(platform.url);
    await clients.start();
    await sleep(HISTORY_MILLISECONDS);
  });

  afterEach(async () => {
    await platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("goes unnoticed by readers while commands keep coming, twice in a row", async () => {
    await untilReadable();
    const readers = readersOf(platform.url);
    for (const expected of [2, 3]) {
      for (const projection of PROJECTIONS) await startRebuild(platform.url, projection);
      for (const projection of PROJECTIONS) await untilLive(projection, expected);
      await sleep(BETWEEN_REBUILDS_MILLISECONDS);
    }
    await Promise.all(readers.map((reader) => reader.stop()));
    expect(readers.flatMap(({ findings }) => findings)).to.deep.equal([]);
    for (const { generations, answers } of readers) {
      expect([...generations]).to.include.members([1, 3]);
      expect(answers).to.be.above(10);
    }
    await clients.finish();
    await untilCaughtUp(platform.url);
    await expectAsFromZero();
  });

  it("has the rows of the generation before it, at the same position", async () => {
    await clients.finish();
    await untilCaughtUp(platform.url);
    for (const projection of PROJECTIONS) {
      const compared = await compareWithLater(folder, projection, 1, async () => {
        await startRebuild(platform.url, projection);
        await untilLive(projection, 2);
        await untilCaughtUp(platform.url);
        return 2;
      });
      expect(compared.differences, projection).to.deep.equal([]);
      expect(compared.digests[0]).to.deep.equal(compared.digests[1]);
      expect(compared.rows).to.be.above(LEAST_ROWS);
      print(`${projection}: ${compared.rows} rows of generation 2 as of generation 1`);
    }
  });

  it("goes on where it was when it is killed in the middle", async () => {
    for (const projection of PROJECTIONS) await startRebuild(platform.url, projection);
    await until("a part of generation 2 is there", async () => {
      const [building] = await builtSoFar();
      return building !== undefined && building > 0;
    });
    clients.hold();
    await platform.kill();
    await clients.settled();
    platform = await startPlatformProcess(folder);
    clients.serveAt(platform.url);
    for (const projection of PROJECTIONS) await untilLive(projection, 2);
    await clients.finish();
    await untilCaughtUp(platform.url);
    for (const projection of PROJECTIONS) {
      const all = await generationsShown(platform.url, projection);
      expect(all.map(({ generation }) => generation)).to.deep.equal([1, 2]);
    }
    await expectAsFromZero();
  });

  async function untilReadable(): Promise<void> {
    const isThere = async ({ path }: { path: string }) => (await fetch(platform.url + path)).ok;
    await until("everything can be read", async () => {
      return (await Promise.all(queries.map(isThere))).every(Boolean);
    });
  }

  async function untilLive(projection: string, expected: number): Promise<void> {
    await until(`generation ${expected} of ${projection} is live`, async () => {
      const all = await generationsShown(platform.url, projection);
      return all.some(({ generation, phase }) => generation === expected && phase === "live");
    });
  }

  /** Positions of the building generations of ticks and candles, summed up. */
  async function builtSoFar(): Promise<number[]> {
    const all = await generationsShown(platform.url, "ticks-and-candles");
    return all
      .filter(({ generation }) => generation === 2)
      .map(({ position }) => Object.values(position ?? {}).reduce((sum, next) => sum + next, 0));
  }

  /** Nothing is appended any more: the live rows are those of a build from zero. */
  async function expectAsFromZero(): Promise<void> {
    for (const projection of PROJECTIONS) {
      const all = await generationsShown(platform.url, projection);
      const live = all.find(({ phase }) => phase === "live")?.generation ?? 0;
      const { rows, differences, digests } = await compareWithFresh(folder, projection, live);
      expect(differences, `${projection} generation ${live}`).to.deep.equal([]);
      expect(digests[0]).to.deep.equal(digests[1]);
      print(`${projection}: ${rows} rows of generation ${live} as built from zero`);
    }
  }
});

const queries = [
  {
    path: "/v1/portfolios/p-1/ledger?limit=300",
    keyOf: ({ sequence, posting }: Record<string, unknown>) => `${sequence}/${posting}`,
    immutable: true,
  },
  {
    path: "/v1/portfolios?limit=500",
    keyOf: ({ portfolioId }: Record<string, unknown>) => String(portfolioId),
    immutable: false,
  },
  {
    path: "/v1/instruments/binance:COIN0-USDT/ticks?limit=300",
    keyOf: ({ timestamp, ordinal }: Record<string, unknown>) => `${timestamp}/${ordinal}`,
    immutable: true,
  },
  {
    path: "/v1/instruments/binance:COIN1-USDT/candles?interval=1m&from=2023-01-01T00:00:00Z",
    keyOf: ({ openTime }: Record<string, unknown>) => String(openTime),
    immutable: false,
  },
];

function readersOf(url: string): readonly PollingReader[] {
  return queries.map((query) => new PollingReader(url, query));
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { registeredProjection } from "../registry.ts";
import { SqliteReadStore } from "../stores/sqlite/store.ts";
import { NO_SERVERS } from "../stores.ts";
import { generationFile } from "./generation-files.ts";
import { LiveWatch, type Slowed } from "./live-watch.ts";
import { FIRST_SHARE, Pace } from "./pace.ts";
import { pause } from "./pause.ts";
import { MemoryLog } from "./runner.fixture.ts";

const LOG_ID = "log-1";
const PARTITION = "portfolio.events/0";
const LIMIT_MS = 1_000;
const LIVE = { projection: "portfolios", generation: 1 };

describe("what a build minds of live generations", function () {
  this.timeout(4 * 10_000);
  let folder: string;
  let live: SqliteReadStore;
  let end: number;
  let pace: Pace;
  let watch: LiveWatch;
  let told: (Slowed | null)[];
  let stop: () => Promise<void>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-minded-"));
    const { projection } = registeredProjection("portfolios");
    live = new SqliteReadStore({ file: generationFile(folder, "portfolios", 1), projection });
    await live.create();
    await live.take(PARTITION, LOG_ID);
    await moveTo(10);
    end = 10;
    const log = new MemoryLog();
    log.ends = async () => [end];
    [pace, told] = [new Pace(), []];
    const stopping = new AbortController();
    watch = new LiveWatch({
      place: { folder, servers: NO_SERVERS },
      ...{ log, pace, signal: stopping.signal },
      onSlowed: (slowed) => told.push(slowed),
    });
    const running = watch.run();
    stop = async () => {
      stopping.abort();
      await running;
    };
  });

  afterEach(async () => {
    await stop();
    await live.close();
    rmSync(folder, { recursive: true });
  });

  it("begins slowly, and goes as fast as it can where nothing lags", async () => {
    const minded = { limitMs: LIMIT_MS, replaced: LIVE, beside: [] };
    watch.mind(minded);
    // The look that is under way has nothing to mind yet.
    await pause(20, NEVER);
    expect(pace.share).to.equal(FIRST_SHARE);
    await until(() => pace.share > 2 * FIRST_SHARE);
    watch.mind({ ...minded, beside: [{ projection: "risk", generation: 4, lagMs: 0 }] });
    expect(pace.share).to.be.above(2 * FIRST_SHARE);
    await until(() => pace.share === 1, 2 * PATIENCE_MS);
  });

  it("slows it while one lags, says so, and lets it go on when that is over", async () => {
    watch.mind({ limitMs: LIMIT_MS, replaced: LIVE, beside: [] });
    await pause(600, NEVER);
    expect(told).to.deep.equal([]);
    end = 20;
    await until(() => pace.share === LEAST_SHARE);
    expect(told.at(-1)).to.include({ ...LIVE, isFed: true, share: LEAST_SHARE });
    expect(told.at(-1)?.lagMs).to.be.at.least(LIMIT_MS);
    await moveTo(20);
    await until(() => pace.share > 2 * LEAST_SHARE);
    expect(told.at(-1)).to.equal(null);
  });

  it("does not slow what is to mind nothing, nor what has minded something before", async () => {
    end = 20;
    await pause(600, NEVER);
    expect(pace.share).to.equal(1);
    watch.mind({ limitMs: 100, replaced: LIVE, beside: [] });
    await until(() => pace.share < 1);
    watch.mind(null);
    await until(() => pace.share === 1);
  });

  it("minds one beside it as well, until that lags whether it is slow or not", async () => {
    const beside = [{ projection: "risk", generation: 4, lagMs: 2 * LIMIT_MS }];
    watch.mind({ limitMs: LIMIT_MS, replaced: LIVE, beside });
    await until(() => pace.share === LEAST_SHARE);
    expect(told.at(-1)).to.include({ projection: "risk", isHelped: true });
    await until(() => told.at(-1)?.isHelped === false, 3 * PATIENCE_MS);
    await until(() => pace.share === 0.25);
  });

  it("goes on slowly where a store does not say how far it is", async () => {
    watch.mind({ limitMs: LIMIT_MS, replaced: { ...LIVE, generation: 7 }, beside: [] });
    await until(() => told.length > 0);
    expect(pace.share).to.equal(0.25);
    expect(told[0]).to.include({ generation: 7, isFed: false });
    expect(told[0]?.detail).to.include("portfolios.g7.db");
  });

  async function moveTo(next: number): Promise<void> {
    const checkpoint = (await live.checkpoints()).get(PARTITION);
    if (checkpoint === undefined) throw new Error("it was not taken");
    const { epoch, next: expected } = checkpoint;
    const empty = { changes: [], parked: [], released: [], causes: new Map() };
    const place = { partition: PARTITION, expected, next, epoch, highestClaim: 0 } as const;
    expect(await live.apply({ ...place, ...empty, recordedAtMs: 0 })).to.equal("applied");
  }
});

const LEAST_SHARE = 0.05;
const NEVER = new AbortController().signal;
const PATIENCE_MS = 10_000;

async function until(isSo: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error("waited in vain");
    await pause(10, NEVER);
  }
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../cli/demo/random.ts";
import { type Platform, startPlatform } from "../cli/serve/platform.ts";
import { isControl } from "../platform/codec/codec.ts";
import { readConfig } from "../platform/config/config.ts";
import { createLogger } from "../platform/telemetry/logger.ts";
import type { SocialEvent } from "../schemas/generated/social.ts";
import { recordsOf, withHistory } from "./history/read-history.ts";

const TRADERS = 30;
const RELATIONS = 1_000;
const COPIES = 200;
/** Requests that are under way at a time. */
const RUNNERS = 100;
const WITHIN_MS = 60_000;
const PARTS = ["command-side", "projections", "query-api"] as const;

interface Trader {
  readonly traderId: string;
  readonly followers: number;
  readonly following: number;
  readonly copiers: number;
  readonly copying: number;
}

describe("traders who race", function () {
  this.timeout(180_000);
  let folder: string;
  let platform: Platform;
  const seed = Number(process.env["TEST_SEED"] ?? Date.now());
  const random = createRandom(seed);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-races-"));
    const config = readConfig({ CH_DATA_FOLDER: folder, CH_PROCESS_MANAGERS: "candle-revision" });
    platform = await startPlatform({
      config,
      parts: PARTS,
      logger: createLogger("error"),
      port: 0,
    });
    await Promise.all(ids().map(register));
  });

  after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true });
  });

  function ids(): string[] {
    return Array.from({ length: TRADERS }, (_, index) => `t-${index + 1}`);
  }

  async function post(path: string, body: unknown): Promise<number> {
    const response = await fetch(`${platform.url}/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    expect(response.status, text).to.be.oneOf([200, 201, 422]);
    return response.status;
  }

  async function register(id: string): Promise<void> {
    const profile = { handle: id.replace("-", "_"), acceptsCopiers: true, copierLimit: 1_000 };
    await post(`traders/${id}/register-trader`, profile);
    await post(`portfolios/p-${id}/open-portfolio`, { name: id });
    const funds = { asset: "USDT", amount: "1000000", externalReference: "start" };
    await post(`portfolios/p-${id}/deposit-funds`, funds);
  }

  const any = () => `t-${random.integer(1, TRADERS)}`;

  function relation(): Promise<number> {
    const [trader, other] = [any(), any()];
    const kind = random.uniform();
    if (kind < 0.65) return post(`traders/${trader}/follow-trader`, { leader: other });
    if (kind < 0.9) return post(`traders/${trader}/unfollow-trader`, { leader: other });
    if (kind < 0.95) return post(`traders/${trader}/block-trader`, { blocked: other });
    return post(`traders/${trader}/unblock-trader`, { blocked: other });
  }

  function copy(): Promise<number> {
    const trader = any();
    const body = { leader: any(), portfolioId: `p-${trader}`, allocation: "10" };
    return post(`traders/${trader}/start-copying`, body);
  }

  it("leave no double edge, no circle of copies, and counters equal to the edges", async () => {
    const racing = [
      ...Array.from({ length: RELATIONS }, () => relation),
      ...Array.from({ length: COPIES }, () => copy),
    ].sort(() => random.uniform() - 0.5);
    const statuses: number[] = [];
    const runner = async () => {
      for (let send = racing.pop(); send !== undefined; send = racing.pop()) {
        statuses.push(await send());
      }
    };
    await Promise.all(Array.from({ length: RUNNERS }, runner));
    const refused = statuses.filter((status) => status === 422).length;
    const edges = await edgesOf(folder);
    const told = `${edges.follows.size} follows, ${edges.copies.size} copies, ${refused} refused`;
    process.stdout.write(`      seed ${seed}: ${told}\n`);
    expect(edges.twice, "edges made twice").to.deep.equal([]);
    expect(edges.across, "edges made across a block").to.deep.equal([]);
    expect(edges.blocks.size).to.be.above(10);
    expect(edges.copies.size).to.be.above(10);
    expect(circleIn(edges.copies), "a circle of copies").to.equal(null);
    await untilCounted(edges);
    expect(await listed("following")).to.deep.equal([...edges.follows].sort());
    expect(await listed("copying")).to.deep.equal([...edges.copies].sort());
  });

  /** The edges of all traders as the query API lists them, each as often as it does. */
  async function listed(ends: "following" | "copying"): Promise<string[]> {
    const all = ids().map(async (id) => {
      const query = ends === "following" ? "?limit=100" : "";
      const response = await fetch(`${platform.url}/v1/traders/${id}/${ends}${query}`);
      const { data } = (await response.json()) as { readonly data: readonly Trader[] };
      return data.map(({ traderId }) => `${id}>${traderId}`);
    });
    return (await Promise.all(all)).flat().sort();
  }

  /** The read model counts what the log's edges come to. */
  async function untilCounted(edges: Edges): Promise<void> {
    const deadline = performance.now() + WITHIN_MS;
    for (;;) {
      const { data } = (await (await fetch(`${platform.url}/v1/traders?limit=100`)).json()) as {
        readonly data: readonly Trader[];
      };
      const counted = data.map(({ traderId, followers, following, copiers, copying }) => {
        return { traderId, followers, following, copiers, copying };
      });
      const expected = ids()
        .sort()
        .map((traderId) => countsOf(traderId, edges));
      if (JSON.stringify(counted) === JSON.stringify(expected)) return;
      if (performance.now() > deadline) expect(counted).to.deep.equal(expected);
      await sleep(50);
    }
  }
});

interface Edges {
  /** `follower>leader` */
  readonly follows: ReadonlySet<string>;
  readonly copies: ReadonlySet<string>;
  /** `who blocks>whom` */
  readonly blocks: ReadonlySet<string>;
  /** Made while they were there. */
  readonly twice: readonly string[];
  /** Made while either of the two blocked the other. */
  readonly across: readonly string[];
}

/** Folds the log by itself: no code of the platform says what an edge is. */
async function edgesOf(folder: string): Promise<Edges> {
  const edges: FoldedEdges = {
    follows: new Set(),
    copies: new Set(),
    blocks: new Set(),
    twice: [],
    across: [],
  };
  await withHistory(folder, async ({ log, codec }) => {
    for await (const { partition, record } of recordsOf(log, "social.events")) {
      if (isControl(record)) continue;
      await codec.prepare([record]);
      const { aggregateId, event } = codec.decode("social.events", partition, record);
      fold(edges, aggregateId, event as SocialEvent);
    }
  });
  return edges;
}

interface FoldedEdges extends Edges {
  readonly follows: Set<string>;
  readonly copies: Set<string>;
  readonly blocks: Set<string>;
  readonly twice: string[];
  readonly across: string[];
}

function fold(
  { follows, copies, blocks, twice, across }: FoldedEdges,
  from: string,
  { type, data }: SocialEvent,
): void {
  if (type === "TraderUnblocked") blocks.delete(`${from}>${data.blocked}`);
  if (type === "TraderBlocked") {
    blocks.add(`${from}>${data.blocked}`);
    // One event ends all relations of the two, whoever's stream they began in.
    for (const edge of [`${from}>${data.blocked}`, `${data.blocked}>${from}`]) {
      follows.delete(edge);
      copies.delete(edge);
    }
  }
  if (!("leader" in data)) return;
  const edge = `${from}>${data.leader}`;
  const edges = type.startsWith("Copy") ? copies : follows;
  if (type === "TraderUnfollowed" || type === "CopyStopped") edges.delete(edge);
  if (type !== "TraderFollowed" && type !== "CopyStarted") return;
  if (edges.has(edge)) twice.push(edge);
  if (blocks.has(edge) || blocks.has(`${data.leader}>${from}`)) across.push(edge);
  edges.add(edge);
}

function countsOf(traderId: string, { follows, copies }: Edges): Trader {
  const count = (edges: ReadonlySet<string>, isEnd: (edge: string) => boolean) => {
    return [...edges].filter(isEnd).length;
  };
  const isTo = (edge: string) => edge.endsWith(`>${traderId}`);
  const isFrom = (edge: string) => edge.startsWith(`${traderId}>`);
  return {
    traderId,
    followers: count(follows, isTo),
    following: count(follows, isFrom),
    copiers: count(copies, isTo),
    copying: count(copies, isFrom),
  };
}

/** A trader from whom copies lead back to itself; null where there is none. */
function circleIn(copies: ReadonlySet<string>): string | null {
  const leaders = new Map<string, string[]>();
  for (const edge of copies) {
    const [follower = "", leader = ""] = edge.split(">");
    leaders.set(follower, [...(leaders.get(follower) ?? []), leader]);
  }
  for (const start of leaders.keys()) {
    const reached = new Set<string>();
    const waiting = [...(leaders.get(start) ?? [])];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next === start) return start;
      if (reached.has(next)) continue;
      reached.add(next);
      waiting.push(...(leaders.get(next) ?? []));
    }
  }
  return null;
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { v4 as uuid } from "uuid";
import { encodeConsistencyToken } from "../platform/http/consistency-token.ts";
import { withHistory } from "./history/read-history.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { type OpenStream, openStream, type StreamedEvent, takeEvents } from "./reading-stream.ts";

const INSTRUMENT = "binance:BTC-USDT";
const FIRST_TICK_MS = 1_700_000_000_000;
const DEPOSITS = 30;
const TICKS = 1_200;
/** Two ticks share each moment, so that twenty fill a minute. */
const TICK_STEP_MS = 6_000;
const CLOSED_MINUTES = 60;

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

describe("reading", function () {
  this.timeout(180_000);
  let folder: string;
  let platform: PlatformProcess;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-reading-"));
    platform = await startPlatformProcess(folder);
    await command("portfolios/p-1/open-portfolio", { name: "Main" });
    for (let i = 1; i <= DEPOSITS; i += 1) await deposit("p-1", `first-${i}`);
    for (let i = 1; i <= DEPOSITS; i += 1) await trade(i);
    const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
    const steps = { priceStep: "0.01", quantityStep: "0.0001" };
    await command(`instruments/${INSTRUMENT}/register-instrument`, { ...listing, ...steps });
    await sendTicks(1, TICKS);
  });

  after(async () => {
    await platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("with a consistency token", () => {
    it("shows each command's effect to the one who waits for it", async () => {
      for (let i = 0; i < DEPOSITS; i += 1) {
        const { body, headers } = await deposit("p-1", `second-${i}`);
        const waiting = { "Consistency-Token": tokenOf(headers), Prefer: "wait=30" };
        const read = await get("/v1/portfolios/p-1", waiting);
        expect((read.body["data"] as Json)["version"]).to.equal(body["version"]);
      }
    });

    it("shows what a tick request has recorded", async () => {
      const { body, headers } = await sendTicks(TICKS + 1, 1);
      expect(body["accepted"]).to.equal(1);
      const waiting = { "Consistency-Token": tokenOf(headers), Prefer: "wait=30" };
      const read = await get(`/v1/instruments/${INSTRUMENT}/last-price`, waiting);
      const { timestamp } = read.body["data"] as Json;
      expect(timestamp).to.equal(tickAt(TICKS + 1).timestamp);
    });

    it("answers NOT_YET with the gap past the limit", async () => {
      const token = await tokenBeyondTheEnd(7);
      const waiting = { "Consistency-Token": token, Prefer: "wait=1" };
      const { status, headers, body } = await get("/v1/portfolios/p-1", waiting);
      expect(status).to.equal(503);
      expect(body).to.include({ code: "NOT_YET", retryable: true, projection: "portfolios" });
      expect(body).to.include({ eventsBehindToken: 7, gapEvents: 0 });
      expect(headers.get("Retry-After")).to.match(/^\d+$/);
    });

    it("labels the answer as stale where that is allowed, and only then", async () => {
      const path = "/v1/portfolios/p-1?stale=allow";
      const late = await get(path, { "Consistency-Token": await tokenBeyondTheEnd(1) });
      expect(late.status).to.equal(200);
      expect(late.body["stale"]).to.equal(true);
      const fresh = await get(path, { "Consistency-Token": await tokenBeyondTheEnd(0) });
      expect(fresh.status).to.equal(200);
      expect(fresh.body).not.to.have.property("stale");
    });

    it("names the partitions that a read model does not cover", async () => {
      const { headers } = await deposit("p-1", "uncovered");
      const waiting = { "Consistency-Token": tokenOf(headers) };
      const { status, body } = await get(`/v1/instruments/${INSTRUMENT}`, waiting);
      expect(status).to.equal(200);
      expect(body["uncovered"]).to.deep.equal(
        ["portfolio.events/0"].map(() => partitionOf(headers)),
      );
    });

    it("refuses a token of another log and what is no token", async () => {
      const positions = new Map([["portfolio.events/0", 1]] as const);
      const foreign = encodeConsistencyToken({ logId: uuid(), positions });
      const mismatch = await get("/v1/portfolios/p-1", { "Consistency-Token": foreign });
      expect([mismatch.status, mismatch.body["code"]]).to.deep.equal([409, "LOG_MISMATCH"]);
      const broken = await get("/v1/portfolios/p-1", { "Consistency-Token": `${foreign}x` });
      expect([broken.status, broken.body["code"]]).to.deep.equal([400, "INVALID_TOKEN"]);
      const resumed = await get("/v1/stream/events?topic=portfolio.events", {
        "Last-Event-ID": foreign,
      });
      expect([resumed.status, resumed.body["code"]]).to.deep.equal([409, "LOG_MISMATCH"]);
    });

    it("is given with every answer, and never goes back", async () => {
      const first = await get("/v1/portfolios/p-1");
      const again = await get("/v1/portfolios/p-1", {
        "Consistency-Token": tokenOf(first.headers),
      });
      expect(again.status).to.equal(200);
    });
  });

  it("says generation, position and lag in every answer", async () => {
    for (const path of QUERIES) {
      const { status, body } = await get(path);
      expect(status, path).to.equal(200);
      expect(body, path).to.include.keys("generation", "position", "lagSeconds", "data");
      expect(body["generation"], path).to.equal(1);
      expect(body["lagSeconds"], path).to.be.a("number").and.to.be.at.least(0);
      const topic = path.startsWith("/v1/portfolios") ? "portfolio.events" : "market.events";
      const keys = [0, 1, 2, 3].map((partition) => `${topic}/${partition}`);
      expect(Object.keys(body["position"] as Json), path).to.have.members(keys);
    }
  });

  it("answers 304 to who has the newest answer, and 200 after a change", async () => {
    for (const path of QUERIES) {
      const first = await caughtUp(path);
      const etag = `${first.headers.get("ETag")}`;
      expect(etag, path).to.match(/^"[^"]+"$/);
      const same = await get(path, { "If-None-Match": etag });
      expect([same.status, same.body], path).to.deep.equal([304, {}]);
      const other = await get(path, { "If-None-Match": '"another"' });
      expect(other.body["data"], path).to.deep.equal(first.body["data"]);
    }
    const { headers } = await get("/v1/portfolios/p-1");
    const changed = await deposit("p-1", "etag");
    const later = await get("/v1/portfolios/p-1", {
      "If-None-Match": `${headers.get("ETag")}`,
      "Consistency-Token": tokenOf(changed.headers),
      Prefer: "wait=30",
    });
    expect(later.status).to.equal(200);
  });

  describe("page by page", () => {
    it("sees every row once, in both directions", async () => {
      await caughtUp("/v1/portfolios/p-1");
      await caughtUp(`/v1/instruments/${INSTRUMENT}`);
      for (const { path, keyOf, rows, limits } of PAGED) {
        const read = await Promise.all(limits.map((limit) => pages(path, limit)));
        const [first = [], ...others] = read.map((page) => page.map(keyOf));
        expect(new Set(first).size, path).to.equal(first.length).and.to.be.at.least(rows);
        for (const other of others) expect(other, path).to.deep.equal(first);
      }
    });

    it("goes on while rows are added behind it", async () => {
      const path = "/v1/portfolios/p-1/ledger";
      const first = await get(`${path}?limit=10`);
      const added = await deposit("p-1", "while paging");
      const waiting = { "Consistency-Token": tokenOf(added.headers), Prefer: "wait=30" };
      await get("/v1/portfolios/p-1", waiting);
      const rest = await pages(path, 10, `${first.body["nextCursor"]}`);
      const keys = [...(first.body["data"] as Json[]), ...rest].map(ledgerKey);
      expect(new Set(keys).size).to.equal(keys.length);
      expect(keys.at(-1)).to.equal(`${added.body["version"]}/1`);
    });

    it("refuses a cursor that was changed, or is of another query", async () => {
      const { body } = await get("/v1/portfolios/p-1/trades?limit=1");
      const cursor = `${body["nextCursor"]}`;
      const bytes = Buffer.from(cursor, "base64url");
      for (const at of [0, 31, 32, bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ 1;
        const tampered = changed.toString("base64url");
        const answer = await get(`/v1/portfolios/p-1/trades?cursor=${tampered}`);
        expect([answer.status, answer.body["code"]]).to.deep.equal([400, "INVALID_CURSOR"]);
      }
      for (const path of [
        "/v1/portfolios/p-1/ledger",
        "/v1/portfolios",
        `/v1/instruments/${INSTRUMENT}/ticks`,
      ]) {
        const answer = await get(`${path}?cursor=${cursor}`);
        expect([answer.status, answer.body["code"]], path).to.deep.equal([400, "INVALID_CURSOR"]);
      }
    });
  });

  describe("a live stream", () => {
    const events = "/v1/stream/events?topic=portfolio.events&from=start";
    const candles = `/v1/stream/candles/${INSTRUMENT}?from=start`;

    it("resumes after any event exactly, with nothing missing and nothing twice", async () => {
      for (const [path, count] of [
        [events, 2 * DEPOSITS],
        [candles, CLOSED_MINUTES],
      ] as const) {
        const url = platform.url + path;
        const whole = await takeEvents({ url }, count);
        for (const at of [0, 1, Math.floor(count / 2), count - 2]) {
          const lastEventId = whole[at]?.id;
          const rest = await takeEvents({ url, lastEventId }, count - at - 1);
          expect(rest.map(contentOf), path).to.deep.equal(whole.slice(at + 1).map(contentOf));
        }
      }
    });

    it("resumes over a restart of the process, and what came meanwhile follows", async () => {
      const before = await takeEvents({ url: platform.url + events }, DEPOSITS);
      const beforeCandles = await takeEvents({ url: platform.url + candles }, 40);
      const live = await Promise.all(
        [events, candles].map((path) => openStream({ url: platform.url + path })),
      );
      const ended = Promise.all(live.map(countEvents));
      expect(await platform.stop(), platform.messages()).to.equal(0);
      // Each client has been sent all and an end, and no broken connection.
      expect(Math.min(...(await ended))).to.be.at.least(before.length);
      platform = await startPlatformProcess(folder);
      const made = await deposit("p-1", "after the restart");
      const lastEventId = before.at(-1)?.id;
      const url = platform.url + events;
      const resumed = await takeEvents({ url, lastEventId }, await eventsAfter(before.length));
      const all = [...before, ...resumed];
      expect(new Set(all.map(({ data }) => data["id"])).size).to.equal(all.length);
      expect(all.map(({ data }) => data["sequence"])).to.deep.equal(all.map((_, i) => i + 1));
      expect(all.at(-1)?.data["sequence"]).to.equal(made.body["version"]);
      const last = beforeCandles.at(-1)?.id;
      const rest = CLOSED_MINUTES - beforeCandles.length;
      const more = await takeEvents({ url: platform.url + candles, lastEventId: last }, rest);
      const openTimes = [...beforeCandles, ...more].map(({ data }) => data["openTime"]);
      expect(openTimes).to.deep.equal(openTimes.map((_, i) => minuteAt(i)));
    });

    it("shows events as they come, and only the ones asked for", async () => {
      const path = "/v1/stream/events?topic=portfolio.events&aggregateId=p-1&type=FundsDeposited";
      const stream = await openStream({ url: platform.url + path });
      const sent = [];
      for (let i = 0; i < 10; i += 1) {
        await trade(1_000 + i);
        sent.push((await deposit("p-1", `live-${i}`)).body["version"]);
      }
      const seen = [];
      for await (const { event, data } of stream.events) {
        expect(event).to.equal("FundsDeposited");
        seen.push(data["sequence"]);
        if (seen.length === sent.length) break;
      }
      stream.close();
      expect(seen).to.deep.equal(sent);
    });

    /** How many events of the portfolio the stream must still give. */
    async function eventsAfter(seen: number): Promise<number> {
      const { body } = await get("/v1/events?topic=portfolio.events&limit=500");
      return (body["data"] as Json[]).length - seen;
    }
  });

  it("carries a trace from the request through the event to its readers", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const traceId = traceparent.split("-")[1];
    const stream = await openStream({
      url: `${platform.url}/v1/stream/events?topic=portfolio.events`,
    });
    const answer = await deposit("p-1", "traced", { traceparent });
    expect(answer.headers.get("traceparent")).to.contain(traceId);
    for await (const { data } of stream.events) {
      expect(data["traceparent"]).to.contain(traceId);
      break;
    }
    stream.close();
    const untraced = await get("/v1/portfolios/p-1", { traceparent: "nonsense" });
    expect(untraced.headers.get("traceparent")).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it("is alive, ready and measured", async () => {
    expect((await get("/livez")).body).to.deep.equal({ status: "live" });
    expect((await get("/readyz")).body).to.include({ status: "ready" });
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    for (const name of METRICS) expect(metrics, name).to.match(new RegExp(`^${name}(_|{| )`, "m"));
  });

  async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return answerOf(await fetch(platform.url + path, { headers }));
  }

  /** All rows from a cursor on, so many at a time. */
  async function pages(path: string, limit: number, from?: string): Promise<readonly Json[]> {
    const rows: Json[] = [];
    for (let cursor = from; ; ) {
      const parameters = `limit=${limit}${cursor === undefined ? "" : `&cursor=${cursor}`}`;
      const { status, body } = await get(`${path}${path.includes("?") ? "&" : "?"}${parameters}`);
      expect(status, `${path} ${JSON.stringify(body)}`).to.equal(200);
      rows.push(...(body["data"] as Json[]));
      if (body["nextCursor"] === undefined) return rows;
      cursor = `${body["nextCursor"]}`;
    }
  }

  /** The answer once nothing is to be applied any more. */
  async function caughtUp(path: string): Promise<Answer> {
    const token = await tokenBeyondTheEnd(0);
    return get(path, { "Consistency-Token": token, Prefer: "wait=30" });
  }

  async function command(
    path: string,
    data: Json,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await answerOf(
      await fetch(`${platform.url}/v1/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": uuid(), ...headers },
        body: JSON.stringify(data),
      }),
    );
    expect(answer.status, JSON.stringify(answer.body)).to.be.below(300);
    return answer;
  }

  function deposit(id: string, externalReference: string, headers: Record<string, string> = {}) {
    const data = { asset: "USDT", amount: "1000", externalReference };
    return command(`portfolios/${id}/deposit-funds`, data, headers);
  }

  /** Three trades share each moment, so that pages end between equal times. */
  function trade(n: number) {
    const identity = { instrumentId: INSTRUMENT, tradeId: `t-${n}`, side: "buy" };
    const occurredAt = FIRST_TICK_MS + Math.floor(n / 3) * 1_000;
    const figures = { price: "100", quantity: "0.1", occurredAt };
    return command("portfolios/p-1/record-trade", { ...identity, ...figures });
  }

  function sendTicks(first: number, count: number): Promise<Answer> {
    const ticks = Array.from({ length: count }, (_, i) => tickAt(first + i));
    return command("market/ticks?source=backfill", ticks as unknown as Json);
  }

  /** A token of this log that asks for so many events more than there are. */
  async function tokenBeyondTheEnd(events: number): Promise<string> {
    return withHistory(folder, async ({ log }) => {
      const logId = await log.logId();
      const positions = new Map<`${string}/${number}`, number>();
      for (const topic of ["portfolio.events", "market.events"]) {
        for (const [partition, end] of (await log.ends(topic)).entries()) {
          const more = topic === "portfolio.events" && partition === 0 ? events : 0;
          positions.set(`${topic}/${partition}`, end + more);
        }
      }
      return encodeConsistencyToken({ logId, positions });
    });
  }
});

const QUERIES = [
  ...["", "/p-1", "/p-1/holdings", "/p-1/lots", "/p-1/cash", "/p-1/ledger", "/p-1/trades"].map(
    (rest) => `/v1/portfolios${rest}`,
  ),
  "/v1/portfolios/p-1/realised",
  "/v1/instruments",
  ...["", "/last-price", "/ticker", "/ticks", "/candles?interval=1m", "/candles?interval=1h"].map(
    (rest) => `/v1/instruments/${INSTRUMENT}${rest}`,
  ),
  `/v1/instruments/${INSTRUMENT}/vwap?from=${FIRST_TICK_MS}&to=${FIRST_TICK_MS + 600_000}`,
];

const ledgerKey = ({ sequence, posting }: Json) => `${sequence}/${posting}`;
const tradeKey = ({ instrumentId, tradeId }: Json) => `${instrumentId} ${tradeId}`;
const tickKey = ({ timestamp, tradeId }: Json) => `${timestamp} ${tradeId}`;

const PAGED = [
  { path: "/v1/portfolios/p-1/trades", keyOf: tradeKey, rows: DEPOSITS, limits: [1, 7, 500] },
  {
    path: "/v1/portfolios/p-1/trades?order=newest",
    keyOf: tradeKey,
    rows: DEPOSITS,
    limits: [2, 500],
  },
  { path: "/v1/portfolios/p-1/ledger", keyOf: ledgerKey, rows: 4 * DEPOSITS, limits: [3, 500] },
  {
    path: `/v1/instruments/${INSTRUMENT}/ticks`,
    keyOf: tickKey,
    rows: TICKS,
    limits: [77, 500],
  },
  {
    path: `/v1/instruments/${INSTRUMENT}/ticks?order=newest`,
    keyOf: tickKey,
    rows: TICKS,
    limits: [100, 500],
  },
];

const METRICS = [
  "commands_total",
  "command_duration_seconds",
  "commands_waiting",
  "log_append_batch_events",
  "log_append_duration_seconds",
  "ticks_total",
  "projection_events_total",
  "projection_gap_events",
  "projection_lag_seconds",
  "projection_apply_duration_seconds",
  "visibility_duration_seconds",
  "http_request_duration_seconds",
];

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === "" ? {} : JSON.parse(text) };
}

function tokenOf(headers: Headers): string {
  const token = headers.get("Consistency-Token");
  if (token === null) throw new Error("the answer carries no consistency token");
  return token;
}

/** `<logId>.<topic>:<partition>:<next>` → `<topic>/<partition>`. */
function partitionOf(headers: Headers): string {
  const text = Buffer.from(tokenOf(headers), "base64url").toString();
  const [topic, partition] = text.slice(text.indexOf(".") + 1).split(":");
  return `${topic}/${partition}`;
}

async function countEvents({ events }: OpenStream): Promise<number> {
  let count = 0;
  for await (const _event of events) count += 1;
  return count;
}

function contentOf({ event, data }: StreamedEvent): object {
  return { event, data };
}

function tickAt(id: number) {
  const price = (60_000 + (id % 50)).toFixed(2);
  const timestamp = FIRST_TICK_MS + Math.floor(id / 2) * TICK_STEP_MS;
  return { exchange: "binance", symbol: "BTCUSDT", price, volume: "0.5", timestamp, tradeId: id };
}

/** The opening time of the n-th minute of the ticks. */
function minuteAt(n: number): string {
  const first = Math.floor(FIRST_TICK_MS / 60_000) * 60_000;
  return new Date(first + n * 60_000).toISOString();
}

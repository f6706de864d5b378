import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { v4 as uuid } from "uuid";
import { encodeConsistencyToken } from "../platform/http/consistency-token.ts";
import { startPlatformProcess } from "./platform-process.ts";
import {
  FIRST_TICK_MS,
  INSTRUMENT,
  type Json,
  ReadingClient,
  tickAt,
  tokenOf,
} from "./reading-client.ts";
import { type OpenStream, openStream, type StreamedEvent, takeEvents } from "./reading-stream.ts";

const DEPOSITS = 30;
const TICKS = 1_200;
const CLOSED_MINUTES = 60;

describe("reading", function () {
  this.timeout(180_000);
  let folder: string;
  let client: ReadingClient;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-reading-"));
    client = new ReadingClient(folder, await startPlatformProcess(folder));
    await client.command("portfolios/p-1/open-portfolio", { name: "Main" });
    for (let i = 1; i <= DEPOSITS; i += 1) await client.deposit("p-1", `first-${i}`);
    for (let i = 1; i <= DEPOSITS; i += 1) await client.trade(i);
    const listing = { exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" };
    const steps = { priceStep: "0.01", quantityStep: "0.0001" };
    await client.command(`instruments/${INSTRUMENT}/register-instrument`, { ...listing, ...steps });
    await client.sendTicks(1, TICKS);
  });

  after(async () => {
    await client.platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("with a consistency token", () => {
    it("shows each command's effect to the one who waits for it", async () => {
      for (let i = 0; i < DEPOSITS; i += 1) {
        const { body, headers } = await client.deposit("p-1", `second-${i}`);
        const waiting = { "Consistency-Token": tokenOf(headers), Prefer: "wait=30" };
        const read = await client.get("/v1/portfolios/p-1", waiting);
        expect((read.body["data"] as Json)["version"]).to.equal(body["version"]);
      }
    });

    it("shows what a tick request has recorded", async () => {
      const { body, headers } = await client.sendTicks(TICKS + 1, 1);
      expect(body["accepted"]).to.equal(1);
      const waiting = { "Consistency-Token": tokenOf(headers), Prefer: "wait=30" };
      const read = await client.get(`/v1/instruments/${INSTRUMENT}/last-price`, waiting);
      const { timestamp } = read.body["data"] as Json;
      expect(timestamp).to.equal(tickAt(TICKS + 1).timestamp);
    });

    it("answers NOT_YET with the gap past the limit", async () => {
      const token = await client.tokenBeyondTheEnd(7);
      const waiting = { "Consistency-Token": token, Prefer: "wait=1" };
      const { status, headers, body } = await client.get("/v1/portfolios/p-1", waiting);
      expect(status).to.equal(503);
      expect(body).to.include({ code: "NOT_YET", retryable: true, projection: "portfolios" });
      expect(body).to.include({ eventsBehindToken: 7, gapEvents: 0 });
      expect(headers.get("Retry-After")).to.match(/^\d+$/);
    });

    it("labels the answer as stale where that is allowed, and only then", async () => {
      const path = "/v1/portfolios/p-1?stale=allow";
      const late = await client.get(path, {
        "Consistency-Token": await client.tokenBeyondTheEnd(1),
      });
      expect(late.status).to.equal(200);
      expect(late.body["stale"]).to.equal(true);
      const fresh = await client.get(path, {
        "Consistency-Token": await client.tokenBeyondTheEnd(0),
      });
      expect(fresh.status).to.equal(200);
      expect(fresh.body).not.to.have.property("stale");
    });

    it("names the partitions that a read model does not cover", async () => {
      const { headers } = await client.deposit("p-1", "uncovered");
      const waiting = { "Consistency-Token": tokenOf(headers) };
      const { status, body } = await client.get(`/v1/instruments/${INSTRUMENT}`, waiting);
      expect(status).to.equal(200);
      expect(body["uncovered"]).to.deep.equal(
        ["portfolio.events/0"].map(() => partitionOf(headers)),
      );
    });

    it("refuses a token of another log and what is no token", async () => {
      const positions = new Map([["portfolio.events/0", 1]] as const);
      const foreign = encodeConsistencyToken({ logId: uuid(), positions });
      const mismatch = await client.get("/v1/portfolios/p-1", { "Consistency-Token": foreign });
      expect([mismatch.status, mismatch.body["code"]]).to.deep.equal([409, "LOG_MISMATCH"]);
      const broken = await client.get("/v1/portfolios/p-1", { "Consistency-Token": `${foreign}x` });
      expect([broken.status, broken.body["code"]]).to.deep.equal([400, "INVALID_TOKEN"]);
      const resumed = await client.get("/v1/stream/events?topic=portfolio.events", {
        "Last-Event-ID": foreign,
      });
      expect([resumed.status, resumed.body["code"]]).to.deep.equal([409, "LOG_MISMATCH"]);
    });

    it("is given with every answer, and never goes back", async () => {
      const first = await client.get("/v1/portfolios/p-1");
      const again = await client.get("/v1/portfolios/p-1", {
        "Consistency-Token": tokenOf(first.headers),
      });
      expect(again.status).to.equal(200);
    });
  });

  it("says generation, position and lag in every answer", async () => {
    for (const path of QUERIES) {
      const { status, body } = await client.get(path);
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
      const first = await client.caughtUp(path);
      const etag = `${first.headers.get("ETag")}`;
      expect(etag, path).to.match(/^"[^"]+"$/);
      const same = await client.get(path, { "If-None-Match": etag });
      expect([same.status, same.body], path).to.deep.equal([304, {}]);
      const other = await client.get(path, { "If-None-Match": '"another"' });
      expect(other.body["data"], path).to.deep.equal(first.body["data"]);
    }
    const { headers } = await client.get("/v1/portfolios/p-1");
    const changed = await client.deposit("p-1", "etag");
    const later = await client.get("/v1/portfolios/p-1", {
      "If-None-Match": `${headers.get("ETag")}`,
      "Consistency-Token": tokenOf(changed.headers),
      Prefer: "wait=30",
    });
    expect(later.status).to.equal(200);
  });

  describe("page by page", () => {
    it("sees every row once, in both directions", async () => {
      await client.caughtUp("/v1/portfolios/p-1");
      await client.caughtUp(`/v1/instruments/${INSTRUMENT}`);
      for (const { path, keyOf, rows, limits } of PAGED) {
        const read = await Promise.all(limits.map((limit) => client.pages(path, limit)));
        const [first = [], ...others] = read.map((page) => page.map(keyOf));
        expect(new Set(first).size, path).to.equal(first.length).and.to.be.at.least(rows);
        for (const other of others) expect(other, path).to.deep.equal(first);
      }
    });

    it("goes on while rows are added behind it", async () => {
      const path = "/v1/portfolios/p-1/ledger";
      const first = await client.get(`${path}?limit=10`);
      const added = await client.deposit("p-1", "while paging");
      const waiting = { "Consistency-Token": tokenOf(added.headers), Prefer: "wait=30" };
      await client.get("/v1/portfolios/p-1", waiting);
      const rest = await client.pages(path, 10, `${first.body["nextCursor"]}`);
      const keys = [...(first.body["data"] as Json[]), ...rest].map(ledgerKey);
      expect(new Set(keys).size).to.equal(keys.length);
      expect(keys.at(-1)).to.equal(`${added.body["version"]}/1`);
    });

    it("refuses a cursor that was changed, or is of another query", async () => {
      const { body } = await client.get("/v1/portfolios/p-1/trades?limit=1");
      const cursor = `${body["nextCursor"]}`;
      const bytes = Buffer.from(cursor, "base64url");
      for (const at of [0, 31, 32, bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ 1;
        const tampered = changed.toString("base64url");
        const answer = await client.get(`/v1/portfolios/p-1/trades?cursor=${tampered}`);
        expect([answer.status, answer.body["code"]]).to.deep.equal([400, "INVALID_CURSOR"]);
      }
      for (const path of [
        "/v1/portfolios/p-1/ledger",
        "/v1/portfolios",
        `/v1/instruments/${INSTRUMENT}/ticks`,
      ]) {
        const answer = await client.get(`${path}?cursor=${cursor}`);
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
        const url = client.platform.url + path;
        const whole = await takeEvents({ url }, count);
        for (const at of [0, 1, Math.floor(count / 2), count - 2]) {
          const lastEventId = whole[at]?.id;
          const rest = await takeEvents({ url, lastEventId }, count - at - 1);
          expect(rest.map(contentOf), path).to.deep.equal(whole.slice(at + 1).map(contentOf));
        }
      }
    });

    it("resumes over a restart of the process, and what came meanwhile follows", async () => {
      const before = await takeEvents({ url: client.platform.url + events }, DEPOSITS);
      const beforeCandles = await takeEvents({ url: client.platform.url + candles }, 40);
      const live = await Promise.all(
        [events, candles].map((path) => openStream({ url: client.platform.url + path })),
      );
      const ended = Promise.all(live.map(countEvents));
      expect(await client.platform.stop(), client.platform.messages()).to.equal(0);
      // Each client has been sent all and an end, and no broken connection.
      expect(Math.min(...(await ended))).to.be.at.least(before.length);
      client.platform = await startPlatformProcess(folder);
      const made = await client.deposit("p-1", "after the restart");
      const lastEventId = before.at(-1)?.id;
      const url = client.platform.url + events;
      const resumed = await takeEvents({ url, lastEventId }, await eventsAfter(before.length));
      const all = [...before, ...resumed];
      expect(new Set(all.map(({ data }) => data["id"])).size).to.equal(all.length);
      expect(all.map(({ data }) => data["sequence"])).to.deep.equal(all.map((_, i) => i + 1));
      expect(all.at(-1)?.data["sequence"]).to.equal(made.body["version"]);
      const last = beforeCandles.at(-1)?.id;
      const rest = CLOSED_MINUTES - beforeCandles.length;
      const more = await takeEvents(
        { url: client.platform.url + candles, lastEventId: last },
        rest,
      );
      const openTimes = [...beforeCandles, ...more].map(({ data }) => data["openTime"]);
      expect(openTimes).to.deep.equal(openTimes.map((_, i) => minuteAt(i)));
    });

    it("shows events as they come, and only the ones asked for", async () => {
      const path = "/v1/stream/events?topic=portfolio.events&aggregateId=p-1&type=FundsDeposited";
      const stream = await openStream({ url: client.platform.url + path });
      const sent = [];
      for (let i = 0; i < 10; i += 1) {
        await client.trade(1_000 + i);
        sent.push((await client.deposit("p-1", `live-${i}`)).body["version"]);
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
      const { body } = await client.get("/v1/events?topic=portfolio.events&limit=500");
      return (body["data"] as Json[]).length - seen;
    }
  });

  it("carries a trace from the request through the event to its readers", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const traceId = traceparent.split("-")[1];
    const stream = await openStream({
      url: `${client.platform.url}/v1/stream/events?topic=portfolio.events`,
    });
    const answer = await client.deposit("p-1", "traced", { traceparent });
    expect(answer.headers.get("traceparent")).to.contain(traceId);
    for await (const { data } of stream.events) {
      expect(data["traceparent"]).to.contain(traceId);
      break;
    }
    stream.close();
    const untraced = await client.get("/v1/portfolios/p-1", { traceparent: "nonsense" });
    expect(untraced.headers.get("traceparent")).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it("is alive, ready and measured", async () => {
    expect((await client.get("/livez")).body).to.deep.equal({ status: "live" });
    const ready = (await client.get("/readyz")).body;
    expect(ready).to.include({ status: "ready" });
    expect(ready["checks"]).to.include("owners");
    const metrics = await (await fetch(`${client.platform.url}/metrics`)).text();
    for (const name of METRICS) expect(metrics, name).to.match(new RegExp(`^${name}(_|{| )`, "m"));
  });
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

/** The opening time of the n-th minute of the ticks. */
function minuteAt(n: number): string {
  const first = Math.floor(FIRST_TICK_MS / 60_000) * 60_000;
  return new Date(first + n * 60_000).toISOString();
}

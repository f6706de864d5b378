import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { v5 } from "uuid";
import { revokeKey } from "../platform/access/key-file.ts";
import { addressOf, type Example, examplesOf, type OpenApi } from "./openapi-examples.ts";
import { type Answer, type CallerName, callers, KeyedPlatform } from "./who-may/keyed-platform.ts";

/** What needs no key: there are no data in it. */
const OPEN = [
  ...["live", "ready", "console", "consoleFile", "consoleFolderFile"],
  ...["apiViewer", "apiViewerFile"],
];
/** What no trader's key opens, whatever the trader owns. */
const FOR_OBSERVERS = ["metrics", "listNearLimit", "listParkedStreams"];
/** A trader's key opens those of one's own alone, which a test below is about. */
const EVENTS = ["listEvents", "streamEvents"];
const FOR_OPERATORS = [
  ...["registerInstrument", "renameInstrument", "addInstrumentAlias", "changeInstrumentSteps"],
  ...["delistInstrument", "declareBackfillRange", "recordTicks", "closeCandles", "reviseCandle"],
  ...["sendTicks", "quarantineTicks", "replayQuarantine", "assessRisk"],
  ...["startGeneration", "recordCaughtUp", "recordVerification", "recordVerificationFailure"],
  "recordVerificationProgress",
  ...["promoteGeneration", "rollBackGeneration", "retireGeneration", "cancelGeneration"],
  ...["failGeneration", "pauseProjection", "resumeProjection", "explainRow"],
  ...["recordParkedStream", "releaseStream", "recordReleasedStream", "discardParkedEvent"],
];

const ROLES: Readonly<Record<CallerName, string>> = {
  anna: "trader",
  ben: "trader",
  reader: "reader",
  operator: "operator",
};

/** As this test wants it, whatever the document says. */
function rolesOf({ operation, method }: Example): readonly string[] {
  if (FOR_OPERATORS.includes(operation.operationId)) return ["operator"];
  if (FOR_OBSERVERS.includes(operation.operationId)) return ["reader", "operator"];
  return method === "GET" ? ["reader", "trader", "operator"] : ["trader", "operator"];
}

describe("who may do what", () => {
  let keyed: KeyedPlatform;
  let examples: readonly Example[];

  before(async () => {
    keyed = await KeyedPlatform.start();
    const { body } = await keyed.ask("reader", "/openapi.json");
    examples = examplesOf(body as OpenApi);
    await prepare(keyed);
  });
  after(() => keyed?.stop());

  /** The example's request as this caller would send it; `null`: without a key. */
  function run(example: Example, caller: CallerName | null, more: Record<string, string> = {}) {
    const { method, contentType, body } = example;
    const type: Record<string, string> =
      contentType === null ? {} : { "Content-Type": contentType };
    const init = { method, headers: { ...type, ...more }, ...(body === null ? {} : { body }) };
    return keyed.ask(caller, addressOf(example), init);
  }

  const named = (example: Example) => `${example.operation.operationId} ${example.contentType}`;
  const isOpen = ({ operation }: Example) => OPEN.includes(operation.operationId);

  it("is written in the API document, operation by operation", () => {
    for (const example of examples) {
      const roles = isOpen(example) ? [] : rolesOf(example);
      const written = example.operation.security.flatMap((one) => one["apiKey"] ?? []);
      expect(written, named(example)).to.deep.equal(roles);
    }
  });

  it("is nothing without a key that holds", async () => {
    for (const example of examples) {
      const answers = [
        await run(example, null),
        await run(example, null, { Authorization: `Bearer ${keyed.keys.operator}x` }),
      ];
      for (const answer of answers) {
        if (isOpen(example)) expect(answer.status, named(example)).to.equal(200);
        else expectRefused(answer, 401, "UNAUTHENTICATED", named(example));
      }
    }
  });

  for (const caller of callers.filter((name) => name !== "operator" && name !== "anna")) {
    it(`is what the role allows: ${caller}`, async () => {
      for (const example of examples) {
        const answer = await run(example, caller);
        const isAllowed = isOpen(example) || rolesOf(example).includes(ROLES[caller]);
        if (!isAllowed) expectRefused(answer, 403, "FORBIDDEN", named(example));
        else if (!EVENTS.includes(example.operation.operationId)) {
          expect(answer.body?.code, named(example)).not.to.equal("FORBIDDEN");
        }
        expect(answer.status, named(example)).not.to.equal(401);
        expect(answer.status, named(example)).to.be.below(500);
      }
    });
  }

  it("is no command on what belongs to another trader", async () => {
    const collections = /^\/v1\/(portfolios|risk-books|strategies|traders)\/\{id\}\//;
    const commands = examples.filter(({ method, path }) => {
      return method === "POST" && collections.test(path);
    });
    expect(commands.length).to.be.above(25);
    for (const example of commands) {
      const isForAll = rolesOf(example).includes("trader");
      const code = isForAll ? "NOT_OWNED" : "FORBIDDEN";
      expectRefused(await run(example, "ben"), 403, code, named(example));
    }
    const document = { _id: "s-1", ...STRATEGY };
    expectRefused(await keyed.send("ben", "/v1/strategies", document), 403, "NOT_OWNED");
  });

  it("is no command in a batch either, line by line", async () => {
    const lines = [
      { aggregate: "portfolio", id: "p-1", type: "WithdrawFunds", data: FUNDS },
      { aggregate: "portfolio", id: "p-1", type: "OpenPortfolio", data: { name: "Mine" } },
      { aggregate: "risk-book", id: "p-1", type: "SetTradingState", data: HALTED },
      { aggregate: "risk-book", id: "p-9", type: "SetTradingState", data: HALTED },
      { aggregate: "strategy", id: "s-1", type: "ActivateStrategy", data: {} },
      { aggregate: "trader", id: "t-1", type: "LeaveNetwork", data: { reason: "pushed" } },
      { aggregate: "instrument", id: INSTRUMENT, type: "CloseCandles", data: { upTo: 0 } },
      { aggregate: "portfolio", id: "p-2", type: "OpenPortfolio", data: { name: "Ben's" } },
    ];
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const headers = { "Content-Type": "application/x-ndjson" };
    const answer = await keyed.ask("ben", "/v1/commands", { method: "POST", headers, body });
    const results = answer.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(results.map(({ outcome, code }) => code ?? outcome)).to.deep.equal([
      ...["NOT_OWNED", "NOT_OWNED", "NOT_OWNED", "NOT_OWNED", "NOT_OWNED", "NOT_OWNED"],
      ...["FORBIDDEN", "accepted"],
    ]);
  });

  it("is no look at what belongs to another trader", async () => {
    const ofOne = examples.filter(({ method, path }) => {
      return method === "GET" && /^\/v1\/(portfolios|strategies)\/\{id\}/.test(path);
    });
    expect(ofOne.length).to.be.above(15);
    for (const example of ofOne) {
      expectRefused(await run(example, "ben"), 404, "NOT_FOUND", named(example));
      for (const caller of ["anna", "reader", "operator"] as const) {
        expect((await run(example, caller)).status, `${named(example)} ${caller}`).to.equal(200);
      }
    }
    for (const told of ["copying", "copiers", "suggestions", "overview"]) {
      const path = `/v1/traders/t-1/${told}`;
      expectRefused(await keyed.ask("ben", path), 403, "NOT_OWNED", path);
      expect((await keyed.ask("anna", path)).status, path).to.equal(200);
    }
    const idsOf = async (caller: CallerName, list: string, id: string) => {
      const { body } = await keyed.ask(caller, `/v1/${list}`);
      return body.data.map((one: Record<string, string>) => one[id]);
    };
    expect(await idsOf("ben", "strategies", "_id")).not.to.include("s-1");
    expect(await idsOf("anna", "strategies", "_id")).to.deep.equal(["s-1"]);
    expect(await idsOf("ben", "portfolios", "portfolioId")).not.to.include("p-1");
    expect(await idsOf("anna", "portfolios", "portfolioId")).to.deep.equal(["p-1"]);
    expect(await idsOf("reader", "portfolios", "portfolioId")).to.include.members(["p-1"]);
  });

  it("is no look at the events of another trader", async () => {
    const asked: readonly (readonly [string, number, number])[] = [
      ["topic=market.events", 200, 200],
      ["topic=portfolio.events", 403, 403],
      ["topic=portfolio.events&aggregateId=p-1", 200, 403],
      ["topic=portfolio.events&aggregateId=p-9", 403, 403],
      ["topic=risk.events&aggregateId=p-1", 200, 403],
      ["topic=strategies.events&aggregateId=s-1", 200, 403],
      ["topic=social.events&aggregateId=t-1", 200, 403],
      ["topic=operations.events", 403, 403],
      ["topic=operations.events&aggregateId=t-1", 403, 403],
      ["topic=market.quarantine", 403, 403],
      ["topic=constructor&aggregateId=t-1", 403, 403],
    ];
    for (const [query, anna, ben] of asked) {
      for (const route of ["events", "stream/events"]) {
        const path = `/v1/${route}?${query}`;
        const statuses = [await keyed.ask("anna", path), await keyed.ask("ben", path)];
        expect(
          statuses.map(({ status }) => status),
          path,
        ).to.deep.equal([anna, ben]);
      }
    }
  });

  it("is everything on one's own, in one's own name", async () => {
    const forged = { actor: "t-2", "X-Actor": "t-2", "X-Trader-Id": "t-2" };
    const deposit = { ...FUNDS, externalReference: "forged" };
    const path = "/v1/portfolios/p-1/deposit-funds";
    expect((await keyed.send("anna", path, deposit, forged)).status).to.equal(200);
    const events = "/v1/events?topic=portfolio.events&aggregateId=p-1";
    const { body } = await keyed.ask("anna", events);
    expect(body.data.map(({ actor }: { actor: string }) => actor)).to.deep.equal(
      body.data.map(() => "t-1"),
    );
    const opened = await keyed.until("anna", "/v1/portfolios/p-1");
    expect(opened.body.data.owner).to.equal("t-1");
    const forBen = { name: "A gift", owner: "t-2" };
    const gift = await keyed.send("anna", "/v1/portfolios/p-gift/open-portfolio", forBen);
    expectRefused(gift, 422, "PORTFOLIO_OF_ANOTHER");
    const copy = { leader: "t-2", portfolioId: "p-nobody", allocation: "1" };
    const copied = await keyed.send("anna", "/v1/traders/t-1/start-copying", copy);
    expectRefused(copied, 422, "PORTFOLIO_NOT_OWNED");
  });

  it("is not the answer to another's command, though its id and content are known", async () => {
    const key = { "Idempotency-Key": "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f" };
    const funds = { ...FUNDS, externalReference: "known" };
    const path = "/v1/portfolios/p-1/deposit-funds";
    const first = await keyed.send("anna", path, funds, key);
    expect(first.status).to.equal(200);
    expect((await keyed.send("anna", path, funds, key)).body).to.deep.equal(first.body);
    expectRefused(await keyed.send("ben", path, funds, key), 403, "NOT_OWNED");
    const version = { "If-Match": '"1"' };
    expectRefused(await keyed.send("ben", path, funds, version), 403, "NOT_OWNED");
  });

  it("is no command id that the platform itself will use", async () => {
    // As the process manager derives it for a minute that is to come.
    const key = { "Idempotency-Key": v5("t-2's portfolio|minute 1", v5.URL) };
    const path = "/v1/portfolios/p-1/deposit-funds";
    const funds = { ...FUNDS, externalReference: "derived" };
    expectRefused(await keyed.send("anna", path, funds, key), 403, "FORBIDDEN");
    expect((await keyed.send("operator", path, funds, key)).status).to.equal(200);
  });

  it("is shown to everybody once it is published", async () => {
    await keyed.send("anna", "/v1/strategies/s-public/create-strategy", STRATEGY);
    await keyed.send("anna", "/v1/strategies/s-public/publish-strategy", {});
    await keyed.until("ben", "/v1/strategies/s-public");
    const revised = await keyed.send("ben", "/v1/strategies/s-public/revise-strategy", STRATEGY);
    expectRefused(revised, 403, "NOT_OWNED");
    const fork = (id: string, source: string) => {
      return keyed.send("ben", `/v1/strategies/${id}/fork-strategy`, { source });
    };
    expect((await fork("s-mine", "s-public")).status).to.equal(201);
    expectRefused(await fork("s-stolen", "s-1"), 422, "STRATEGY_NOT_FOUND");
  });

  it("is everything to an operator, on everybody's", async () => {
    const forbidden: string[] = [];
    for (const example of examples) {
      const { body } = await run(example, "operator");
      const isForbidden = ["FORBIDDEN", "NOT_OWNED", "UNAUTHENTICATED"].includes(body?.code);
      if (isForbidden) forbidden.push(named(example));
    }
    expect(forbidden).to.deep.equal([]);
  });

  it("ends within two seconds after the key is revoked, streams and uploads too", async () => {
    const url = keyed.platform.url;
    const headers = { Authorization: `Bearer ${keyed.keys.ben}` };
    const stream = await fetch(`${url}/v1/stream/candles/${INSTRUMENT}`, { headers });
    const line = { aggregate: "portfolio", id: "p-2", type: "DepositFunds", data: FUNDS };
    const lines = async function* () {
      yield encode(line);
      await sleep(LONGER_THAN_A_REVOCATION_MS);
      yield encode({ ...line, data: { ...FUNDS, externalReference: "after" } });
    };
    const upload = fetch(`${url}/v1/commands`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/x-ndjson" },
      body: ReadableStream.from(lines()),
      duplex: "half",
    } as RequestInit);
    const id = keyed.keys.ben.slice("chk_".length, "chk_".length + 12);
    revokeKey(keyed.keysFile, id, Date.now());
    expect(await stream.text()).not.to.contain("candle");
    const answers = (await (await upload).text()).trim().split("\n");
    expect(answers.map((text) => JSON.parse(text).code ?? "accepted")).to.deep.equal([
      "accepted",
      "UNAUTHENTICATED",
    ]);
    expectRefused(await keyed.ask("ben", "/v1/portfolios"), 401, "UNAUTHENTICATED");
  });

  it("leaves no key in the log", () => {
    const text = keyed.logged.join("");
    expect(text).to.contain("UNAUTHENTICATED").and.contain("NOT_OWNED");
    for (const key of Object.values(keyed.keys)) expect(text).not.to.contain(key.slice(-20));
  });
}).timeout(120_000);

function expectRefused(answer: Answer, status: number, code: string, about = ""): void {
  expect([answer.status, answer.body?.code], `${about} ${answer.text.slice(0, 300)}`).to.deep.equal(
    [status, code],
  );
}

function encode(line: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/** The file is looked at once a second, and a stream looks once a second. */
const LONGER_THAN_A_REVOCATION_MS = 2_500;
const INSTRUMENT = "binance:BTC-USDT";
const FUNDS = { asset: "USDT", amount: "100000", externalReference: "first" };
const HALTED = { state: "halted", reason: "test" };
const STRATEGY = {
  name: "Momentum",
  type: "momentum",
  rules: [{ indicator: "RSI", condition: "above_70", action: "sell" }],
  risk_profile: { max_loss: 0.05, volatility: 0.2 },
};

/** What Anna owns, what nobody owns, and what there is for all. */
async function prepare(keyed: KeyedPlatform): Promise<void> {
  const done: readonly (readonly [CallerName, string, unknown])[] = [
    ["operator", `/v1/instruments/${INSTRUMENT}/register-instrument`, LISTING],
    ["anna", "/v1/traders/t-1/register-trader", { handle: "anna" }],
    ["ben", "/v1/traders/t-2/register-trader", { handle: "ben", acceptsCopiers: true }],
    ["anna", "/v1/portfolios/p-1/open-portfolio", { name: "Anna's" }],
    ["anna", "/v1/portfolios/p-1/deposit-funds", FUNDS],
    ["anna", "/v1/risk-books/p-1/set-risk-limit", { kind: "drawdown", limit: "0.2" }],
    ["anna", "/v1/strategies/s-1/create-strategy", STRATEGY],
    ["operator", "/v1/portfolios/p-nobody/open-portfolio", { name: "Of nobody" }],
    ["operator", "/v1/portfolios/p-nobody/deposit-funds", FUNDS],
  ];
  for (const [caller, path, data] of done) {
    const answer = await keyed.send(caller, path, data);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
  }
  for (const path of ["portfolios/p-1", "portfolios/p-1/equity-curve", "strategies/s-1"]) {
    await keyed.until("anna", `/v1/${path}`);
  }
  await keyed.until("anna", "/v1/traders/t-1");
}

const LISTING = {
  ...{ exchange: "binance", symbol: "BTCUSDT", base: "BTC", quote: "USDT" },
  ...{ priceStep: "0.01", quantityStep: "0.00001" },
};

import { expect } from "chai";
import type { Authority } from "../../../../platform/kernel/decider.ts";
import { decimal, ZERO } from "../../../../platform/kernel/decimal.ts";
import { given, TEST_CONTEXT } from "../../../../test/given.ts";
import { commands, type PortfolioCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { PortfolioEvent } from "./events.ts";
import { portfolio } from "./index.ts";
import { MAX_ASSETS } from "./limits.ts";
import { NOW_MS, openStory, parseCommand } from "./story.fixture.ts";

const at = TEST_CONTEXT.nowMs;

const open = parseCommand("OpenPortfolio", { name: "Test", owner: "o-1" });
const close = parseCommand("ClosePortfolio", { reason: "done" });

const opened: PortfolioEvent = {
  type: "PortfolioOpened",
  data: { name: "Test", owner: "o-1", baseCurrency: "USDT", costMethod: "average" },
  occurredAtMs: at,
};
const closed: PortfolioEvent = {
  type: "PortfolioClosed",
  data: { reason: "done" },
  occurredAtMs: at,
};

const deposit = (asset: string, amount: string, more: object = {}) =>
  parseCommand("DepositFunds", { asset, amount, externalReference: "d-1", ...more });
const withdraw = (asset: string, amount: string) =>
  parseCommand("WithdrawFunds", { asset, amount, externalReference: "w-1" });
const trade = (more: object = {}) =>
  parseCommand("RecordTrade", {
    instrumentId: "binance:BTC-USDT",
    tradeId: "1",
    side: "buy",
    price: "100",
    quantity: "2",
    occurredAt: at - 1_000,
    ...more,
  });

const cashAfter = (quantity: string) => ({
  asset: "USDT",
  quantity: decimal(quantity),
  cost: decimal(quantity),
  grossCost: decimal(quantity),
  realisedNet: ZERO,
  realisedGross: ZERO,
  firstOpenLot: 0,
  firstOpenLotQuantity: ZERO,
  firstOpenLotCost: ZERO,
  firstOpenLotGrossCost: ZERO,
  basisAssumed: false,
});

const posting = (account: string, amount: string, balance: string) => ({
  account,
  asset: account.split(":").find((part) => /^[A-Z]+$/.test(part)),
  amount: decimal(amount),
  balance: decimal(balance),
});

describe("the life of a portfolio", () => {
  it("is opened once", () => {
    given(decider, []).when(open).then([opened]);
    given(decider, [opened]).when(open).thenRefused("PORTFOLIO_ALREADY_OPEN");
  });

  it("is opened by a trader for itself, by others for whom they name", () => {
    const as = (authority: Authority, owner: string | null) => {
      const command = parseCommand("OpenPortfolio", { name: "Test", owner });
      return given(decider, [], { actor: "o-1", authority }).when(command);
    };
    as("own", null).then([opened]);
    as("own", "o-1").then([opened]);
    as("own", "o-2").thenRefused("PORTFOLIO_OF_ANOTHER");
    as("all", "o-1").then([opened]);
    as("all", null).then([{ ...opened, data: { ...opened.data, owner: null } }]);
  });

  it("takes nothing before it is opened", () => {
    for (const command of [deposit("USDT", "1"), withdraw("USDT", "1"), trade(), close]) {
      given(decider, []).when(command).thenRefused("PORTFOLIO_NOT_OPEN");
    }
  });

  it("takes nothing new after it is closed", () => {
    for (const command of [open, deposit("USDT", "1"), trade(), close]) {
      given(decider, [opened, closed]).when(command).thenRefused("PORTFOLIO_CLOSED");
    }
  });

  it("is closed when it holds nothing", () => {
    given(decider, [opened]).when(close).then([closed]);
  });

  it("is not closed while it holds anything", () => {
    given(decider, [opened])
      .when(deposit("USDT", "0.01"))
      .and()
      .when(close)
      .thenRefused("HOLDINGS_NOT_ZERO", { asset: "USDT", quantity: "0.01", assets: 1 });
  });
});

describe("deposits and withdrawals", () => {
  it("of the base currency are cash at its own cost", () => {
    given(decider, [opened])
      .when(deposit("USDT", "1e3", { occurredAt: "2023-01-01T00:00:00Z" }))
      .then([
        {
          type: "FundsDeposited",
          occurredAtMs: Date.UTC(2023, 0, 1),
          data: {
            asset: "USDT",
            amount: decimal("1000"),
            unitCost: null,
            externalReference: "d-1",
            basisAssumed: false,
            holdings: [cashAfter("1000")],
            lotsOpened: [],
            lotsConsumed: [],
            postings: [
              posting("assets:USDT:free", "1000", "1000"),
              posting("equity:deposits:USDT", "-1000", "-1000"),
            ] as never,
          },
        },
      ]);
  });

  it("of another asset open a lot, without a cost one of assumed basis", () => {
    const story = openStory();
    story.deposit("BTC", "2", { unitCost: "100.5" });
    story.deposit("BTC", "1");
    const { cost, quantity, assumedLots } = story.holding("BTC");
    expect([quantity, cost].map(String)).to.deep.equal(["3", "201"]);
    expect(assumedLots).to.equal(1);
    const flags = story.events.map(({ data }) => "basisAssumed" in data && data.basisAssumed);
    expect(flags).to.deep.equal([false, false, true]);
  });

  it("of the base currency have no other cost than 1", () => {
    given(decider, [opened])
      .when(deposit("USDT", "1", { unitCost: "1.01" }))
      .thenRefused("UNIT_COST_OF_BASE_CURRENCY");
  });

  it("are known by their external reference", () => {
    const funded = given(decider, [opened]).when(deposit("USDT", "10")).thenAccepted();
    const known = () => given(decider, [opened, ...funded]);
    known().when(deposit("USDT", "10.00")).then([], { duplicate: true });
    known().when(deposit("USDT", "11")).thenRefused("EXTERNAL_REFERENCE_CONFLICT");
    const other = parseCommand("WithdrawFunds", {
      asset: "USDT",
      amount: "10",
      externalReference: "d-1",
    });
    known().when(other).thenRefused("EXTERNAL_REFERENCE_CONFLICT");
  });

  it("are refused above what is held", () => {
    given(decider, [opened])
      .when(deposit("USDT", "10"))
      .and()
      .when(withdraw("USDT", "10.000000000000000001"))
      .thenRefused("INSUFFICIENT_FUNDS", {
        asset: "USDT",
        required: "10.000000000000000001",
        available: "10",
      });
    given(decider, [opened])
      .when(withdraw("BTC", "1"))
      .thenRefused("INSUFFICIENT_HOLDING", { asset: "BTC", required: "1", available: "0" });
  });

  it("take the basis with them and realise nothing", () => {
    const story = openStory({ costMethod: "fifo" });
    story.deposit("BTC", "1", { unitCost: "100" });
    story.deposit("BTC", "1", { unitCost: "200" });
    story.withdraw("BTC", "1.5");
    const { quantity, cost, realisedNet } = story.holding("BTC");
    expect([quantity, cost, realisedNet].map(String)).to.deep.equal(["0.5", "100", "0"]);
  });
});

describe("recording trades", () => {
  const funded = () => [
    opened,
    ...given(decider, [opened]).when(deposit("USDT", "1000")).thenAccepted(),
  ];

  it("is done once: the same again is a repeat, another content a conflict", () => {
    const once = [...funded(), ...given(decider, funded()).when(trade()).thenAccepted()];
    for (const same of [{}, { price: "1e2" }, { onShortfall: "assume" }, { feeRate: "3" }]) {
      given(decider, once).when(trade(same)).then([], { duplicate: true });
    }
    const others = [
      { price: "100.01" },
      { quantity: "2.1" },
      { side: "sell" },
      { fee: "0.1", feeCurrency: "USDT" },
      { occurredAt: at },
      { strategyId: "s-1" },
      { liquidity: "maker" },
    ];
    for (const other of others) {
      given(decider, once).when(trade(other)).thenRefused("TRADE_ID_CONFLICT", { tradeId: "1" });
    }
  });

  it("knows one trade id on two exchanges and instruments apart", () => {
    const once = [...funded(), ...given(decider, funded()).when(trade()).thenAccepted()];
    for (const instrumentId of ["kraken:BTC-USDT", "binance:ETH-USDT"]) {
      const events = given(decider, once).when(trade({ instrumentId })).thenAccepted();
      expect(events).to.have.lengthOf(1);
    }
  });

  it("numbers the trades and marks those that happened before an earlier recorded one", () => {
    const story = openStory();
    story.deposit("USDT", "1000");
    const times = [2_000, 3_000, 3_000, 1_000, 2_500, 3_001];
    const trades = times.map((time) => story.buy("1@1", { occurredAt: NOW_MS - 10_000 + time }));
    expect(trades.map(({ tradeNumber }) => tradeNumber)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    expect(trades.map(({ outOfOrder }) => outOfOrder)).to.deep.equal([
      false,
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  it("tells the effect on the position", () => {
    const story = openStory();
    story.deposit("USDT", "1000");
    const trades = [story.buy("1@1"), story.buy("1@1"), story.sell("1@1"), story.sell("1@1")];
    const effects = trades.map(({ effect }) => effect);
    expect(effects).to.deep.equal(["opened", "increased", "reduced", "closed"]);
  });

  it("with cash missing is refused, or the cash is taken as held", () => {
    given(decider, [opened])
      .when(trade())
      .thenRefused("INSUFFICIENT_FUNDS", { asset: "USDT", required: "200", available: "0" });
    const story = openStory();
    story.deposit("USDT", "50");
    const bought = story.buy("2@100", { onShortfall: "assume" });
    expect(String(bought.assumedQuote)).to.equal("150");
    expect(String(story.holding("USDT").quantity)).to.equal("0");
    expect(String(story.holding("BTC").cost)).to.equal("200");
    expect(String(story.balance("equity:assumed:USDT"))).to.equal("-150");
  });

  it("names the lots given up as a range", () => {
    const story = openStory();
    story.deposit("USDT", "1000");
    for (const price of [10, 20, 30, 40]) story.buy(`1@${price}`);
    story.sell("0.5@50");
    const [consumed] = story.sell("2.25@50").lotsConsumed;
    expect(consumed).to.include({ asset: "BTC", firstLot: 1, lastLot: 3 });
    const { oldestLot } = story.holding("BTC");
    expect([oldestLot.lot, String(oldestLot.quantity)]).to.deep.equal([3, "0.25"]);
  });

  it("refuses what does not fit 38 digits, before it could fail to be written", () => {
    const huge = { price: "99999999999999999999", quantity: "99999999999999999999" };
    given(decider, [opened])
      .when(trade({ ...huge, onShortfall: "assume" }))
      .thenRefused("AMOUNT_TOO_LARGE");
    given(decider, [opened])
      .when(deposit("BTC", "99999999999999999999"))
      .and()
      .when(parseCommand("DepositFunds", { asset: "BTC", amount: 1, externalReference: "d-2" }))
      .thenRefused("AMOUNT_TOO_LARGE");
  });

  it("refuses what is worth nothing at 18 places", () => {
    given(decider, funded())
      .when(trade({ price: "1e-10", quantity: "1e-10" }))
      .thenRefused("AMOUNT_TOO_SMALL");
  });

  it("is limited to a number of assets", () => {
    const story = openStory();
    for (let asset = 1; asset <= MAX_ASSETS; asset += 1) story.deposit(`A${asset}`, "1");
    const decision = story.try("DepositFunds", {
      asset: "ONEMORE",
      amount: "1",
      externalReference: "last",
    });
    expect(decision).to.have.nested.property("refusal.code", "TOO_MANY_ASSETS");
  });
});

describe("the payloads of portfolio commands", () => {
  const types = Object.keys(commands) as PortfolioCommand["type"][];

  it("the examples tell one accepted story", () => {
    const story = openStory();
    for (const type of ["DepositFunds", "RecordTrade", "ReverseTrade", "WithdrawFunds"] as const) {
      expect(story.run(type, commands[type].example as never)).to.have.lengthOf(1);
    }
    const openExample = parseCommand("OpenPortfolio", commands.OpenPortfolio.example as never);
    expect(given(decider, []).when(openExample).thenAccepted()).to.have.lengthOf(1);
    const closeExample = parseCommand("ClosePortfolio", commands.ClosePortfolio.example as never);
    expect(given(decider, [opened]).when(closeExample).thenAccepted()).to.have.lengthOf(1);
  });

  it("refuse unknown fields", () => {
    for (const type of types) {
      const data = { ...(commands[type].example as object), surprise: 1 };
      expect(commands[type].payload.safeParse(data).success, type).to.equal(false);
    }
  });

  const wrong: readonly (readonly [PortfolioCommand["type"], object])[] = [
    ["OpenPortfolio", { name: "" }],
    ["OpenPortfolio", { costMethod: "lifo" }],
    ["OpenPortfolio", { baseCurrency: "us dollar" }],
    ["DepositFunds", { amount: "0" }],
    ["DepositFunds", { amount: "-1" }],
    ["DepositFunds", { amount: "1e60" }],
    ["DepositFunds", { amount: "0.0000000000000000001" }],
    ["DepositFunds", { amount: "NaN" }],
    ["DepositFunds", { unitCost: "-1" }],
    ["DepositFunds", { externalReference: "" }],
    ["WithdrawFunds", { unitCost: "1" }],
    ["RecordTrade", { instrumentId: "binance:BTC-USDT-PERP" }],
    ["RecordTrade", { instrumentId: "binance:BTC-BTC" }],
    ["RecordTrade", { instrumentId: "BTCUSDT" }],
    ["RecordTrade", { side: "short" }],
    ["RecordTrade", { price: "0" }],
    ["RecordTrade", { fee: "1", feeCurrency: undefined }],
    ["RecordTrade", { feeRate: "0" }],
    ["RecordTrade", { occurredAt: "2026-01-31 12:00" }],
    ["RecordTrade", { occurredAt: -1 }],
    ["RecordTrade", { onShortfall: "ignore" }],
    ["ReverseTrade", { reason: undefined }],
    ["ClosePortfolio", { reason: 7 }],
  ];
  for (const [type, fields] of wrong) {
    it(`refuse ${type} with ${JSON.stringify(fields)}`, () => {
      const data = { ...(commands[type].example as object), ...fields };
      expect(commands[type].payload.safeParse(data).success).to.equal(false);
    });
  }

  it("read decimals as text or number, with exponents, and times as ISO or epoch ms", () => {
    const example = commands.RecordTrade.example as object;
    const { data } = parseCommand("RecordTrade", {
      ...example,
      price: 9240.5,
      quantity: "2.5e-7",
      occurredAt: 1_572_536_931_803,
    }) as { data: { price: unknown; quantity: unknown; occurredAt: number } };
    expect([data.price, data.quantity].map(String)).to.deep.equal(["9240.5", "0.00000025"]);
    expect(data.occurredAt).to.equal(1_572_536_931_803);
  });

  it("know a portfolio's id", () => {
    for (const id of ["p-1", "A.b_c~d:e-9", "x".repeat(100)]) {
      expect(portfolio.id.safeParse(id).success, id).to.equal(true);
    }
    for (const id of ["", "x".repeat(101), "p 1", "p/1", "ü"]) {
      expect(portfolio.id.safeParse(id).success, id).to.equal(false);
    }
  });
});

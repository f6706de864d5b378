import { decimal } from "../../../../platform/kernel/decimal.ts";
import { given } from "../../../../test/given.ts";
import type { InstrumentCommand } from "./commands.ts";
import { decider } from "./decide.ts";
import type { InstrumentEvent } from "./events.ts";
import {
  CONTEXT,
  NOW_MS,
  record,
  registerCommand,
  registered,
  tick,
} from "./instrument.fixture.ts";

const HOUR_MS = 3_600_000;
const occurredAtMs = NOW_MS;

const rename = (symbol: string, effectiveAt: number | null = null) =>
  ({ type: "RenameInstrument", data: { symbol, effectiveAt } }) as const;
const renamed = (symbol: string, previousSymbol: string, effectiveMs: number): InstrumentEvent => ({
  type: "InstrumentRenamed",
  data: { symbol, previousSymbol, effectiveMs },
  occurredAtMs,
});
const alias = (symbol: string, effectiveAt: number | null = null) =>
  ({ type: "AddInstrumentAlias", data: { symbol, effectiveAt } }) as const;
const delist = (effectiveAt: number | null, reason = "merged") =>
  ({ type: "DelistInstrument", data: { effectiveAt, reason } }) as const;
const delisted = (effectiveMs: number, reason = "merged"): InstrumentEvent => ({
  type: "InstrumentDelisted",
  data: { effectiveMs, reason },
  occurredAtMs,
});
const steps = {
  priceStep: decimal("0.1"),
  quantityStep: decimal("0.001"),
  minQuantity: null,
  minNotional: decimal("5"),
};
const changeSteps = (effectiveAt: number | null = null) =>
  ({ type: "ChangeInstrumentSteps", data: { ...steps, effectiveAt } }) as const;
const stepsChanged: InstrumentEvent = {
  type: "InstrumentStepsChanged",
  data: { ...steps, effectiveMs: NOW_MS },
  occurredAtMs,
};
const backfill = (from: number, to: number) =>
  ({ type: "DeclareBackfillRange", data: { from, to } }) as const;
const declared = (fromMs: number, toMs: number): InstrumentEvent => ({
  type: "BackfillRangeDeclared",
  data: { fromMs, toMs },
  occurredAtMs,
});

describe("registering an instrument", () => {
  it("lists it under the id that its exchange, base and quote make", () => {
    given(decider, [], CONTEXT).when(registerCommand).then([registered()]);
  });

  it("refuses another id and names the right one", () => {
    given(decider, [], { ...CONTEXT, aggregateId: "binance:BTC-USD" })
      .when(registerCommand)
      .thenRefused("INSTRUMENT_ID_MISMATCH", { properId: "binance:BTC-USDT" });
    given(decider, [], { ...CONTEXT, aggregateId: "binance:BTC-USDT-PERP" })
      .when(registerCommand)
      .thenRefused("INSTRUMENT_ID_MISMATCH", { properId: "binance:BTC-USDT" });
  });

  it("asks for a suffix where the instrument is not spot", () => {
    const perpetual = { ...registerCommand, data: { ...registerCommand.data, kind: "perpetual" } };
    given(decider, [], CONTEXT)
      .when(perpetual as InstrumentCommand)
      .thenRefused("INSTRUMENT_ID_MISMATCH", { properId: "binance:BTC-USDT-PERP" });
    given(decider, [], { ...CONTEXT, aggregateId: "binance:BTC-USDT-LINEAR-PERP" })
      .when(perpetual as InstrumentCommand)
      .then([registered({ kind: "perpetual" })]);
  });

  it("names a future by its expiry", () => {
    const expiry = Date.parse("2021-07-30T15:00:00Z");
    const future = {
      ...registerCommand,
      data: { ...registerCommand.data, kind: "future", expiry },
    };
    given(decider, [], CONTEXT)
      .when(future as InstrumentCommand)
      .thenRefused("INSTRUMENT_ID_MISMATCH", { properId: "binance:BTC-USDT-210730" });
  });

  it("accepts the same content again without an event, whatever has changed since", () => {
    const padded = { ...registerCommand.data, priceStep: decimal("0.0100") };
    given(decider, [registered(), renamed("XBT", "BTCUSDT", NOW_MS)], CONTEXT)
      .when({ type: "RegisterInstrument", data: padded })
      .then([]);
  });

  it("refuses other content and names the fields", () => {
    const data = { ...registerCommand.data, symbol: "XBTUSDT", priceStep: decimal("0.1") };
    given(decider, [registered()], CONTEXT)
      .when({ type: "RegisterInstrument", data })
      .thenRefused("INSTRUMENT_ALREADY_REGISTERED", { fields: "symbol, priceStep" });
  });

  it("comes before everything else", () => {
    const commands = [rename("X"), alias("X"), delist(null), changeSteps(), record([tick(0)])];
    for (const command of commands) {
      given(decider, [], CONTEXT).when(command).thenRefused("INSTRUMENT_NOT_REGISTERED");
    }
  });
});

describe("changes of a listing", () => {
  it("rename it from a moment on, without one from now on", () => {
    given(decider, [registered()], CONTEXT)
      .when(rename("XBTUSDT"))
      .then([renamed("XBTUSDT", "BTCUSDT", NOW_MS)]);
    given(decider, [registered(), renamed("X", "BTCUSDT", 5)], CONTEXT)
      .when(rename("Y", 5))
      .then([renamed("Y", "X", 5)]);
  });

  it("change nothing where the name is that already", () => {
    given(decider, [registered()], CONTEXT).when(rename("BTCUSDT")).then([]);
  });

  it("take effect in the order in which they are made", () => {
    const later = renamed("X", "BTCUSDT", NOW_MS + HOUR_MS);
    const facts = { lastChangeMs: NOW_MS + HOUR_MS };
    for (const command of [rename("Y"), changeSteps(), delist(NOW_MS)]) {
      given(decider, [registered(), later], CONTEXT)
        .when(command)
        .thenRefused("EFFECTIVE_BEFORE_LAST_CHANGE", facts);
    }
  });

  it("add a spelling, for ticks of any time unless a moment is given", () => {
    const added = (effectiveMs: number): InstrumentEvent => ({
      type: "InstrumentAliasAdded",
      data: { symbol: "BTC-USDT", effectiveMs },
      occurredAtMs,
    });
    given(decider, [registered()], CONTEXT)
      .when(alias("BTC-USDT"))
      .then([added(0)]);
    given(decider, [registered()], CONTEXT)
      .when(alias("BTC-USDT", 7))
      .then([added(7)]);
    given(decider, [registered(), added(0)], CONTEXT)
      .when(alias("BTC-USDT"))
      .then([]);
    given(decider, [registered()], CONTEXT).when(alias("BTCUSDT")).then([]);
  });

  it("refuse more spellings than there may be", () => {
    const added = Array.from({ length: 100 }, (_, number): InstrumentEvent => {
      const data = { symbol: `S${number}`, effectiveMs: 0 };
      return { type: "InstrumentAliasAdded", data, occurredAtMs };
    });
    given(decider, [registered(), ...added], CONTEXT)
      .when(alias("ONE-MORE"))
      .thenRefused("TOO_MANY_ALIASES");
  });

  it("set other steps once", () => {
    given(decider, [registered()], CONTEXT).when(changeSteps()).then([stepsChanged]);
    given(decider, [registered(), stepsChanged], CONTEXT).when(changeSteps()).then([]);
  });

  it("end it once and for all", () => {
    given(decider, [registered()], CONTEXT)
      .when(delist(null))
      .then([delisted(NOW_MS)]);
    const end = [registered(), delisted(NOW_MS)];
    given(decider, end, CONTEXT).when(delist(null)).then([]);
    given(decider, end, CONTEXT)
      .when(delist(NOW_MS + 1))
      .thenRefused("INSTRUMENT_DELISTED");
    for (const command of [rename("X"), alias("X"), changeSteps()]) {
      given(decider, end, CONTEXT).when(command).thenRefused("INSTRUMENT_DELISTED");
    }
  });

  it("let ticks up to the end in, and none later", () => {
    const end = [registered(), delisted(NOW_MS)];
    given(decider, end, CONTEXT)
      .when(record([tick(30_000)]))
      .thenAccepted();
    given(decider, end, CONTEXT)
      .when(record([tick(0), tick(30_001)]))
      .thenRefused("INSTRUMENT_DELISTED", { index: 1 });
  });
});

describe("a backfill range", () => {
  it("is declared once", () => {
    given(decider, [registered()], CONTEXT)
      .when(backfill(10, 20))
      .then([declared(10, 20)]);
    given(decider, [registered(), declared(10, 20)], CONTEXT)
      .when(backfill(12, 20))
      .then([]);
    given(decider, [registered(), declared(10, 20)], CONTEXT)
      .when(backfill(12, 21))
      .then([declared(12, 21)]);
  });

  it("is one of so many", () => {
    const ranges = Array.from({ length: 1_000 }, (_, number) => declared(number, number + 1));
    given(decider, [registered(), ...ranges], CONTEXT)
      .when(backfill(5_000, 5_001))
      .thenRefused("TOO_MANY_BACKFILL_RANGES");
  });
});

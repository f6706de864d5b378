import { expect } from "chai";
import { decimal } from "../../platform/kernel/decimal.ts";
import type { InstrumentRegistered } from "../generated/market-data.ts";
import { instrumentRegisteredFromVersion1 as upcaster } from "./instrument-registered.ts";

const registered: InstrumentRegistered = {
  exchange: "binance",
  symbol: "BTCUSDT",
  base: "BTC",
  quote: "USDT",
  priceStep: decimal("0.01"),
  quantityStep: decimal("0.00001"),
  minQuantity: null,
  minNotional: null,
  contractSize: null,
  kind: "",
  expiryMs: null,
};

describe("InstrumentRegistered from version 1", () => {
  it("is spot without a contract size", () => {
    expect(upcaster.upcast(registered)).to.deep.equal({ ...registered, kind: "spot" });
  });

  it("is an inverse perpetual with one", () => {
    const inverse = { ...registered, contractSize: decimal("100") };
    expect(upcaster.upcast(inverse)).to.deep.equal({ ...inverse, kind: "inverse-perpetual" });
  });

  it("leaves the given data as it was", () => {
    upcaster.upcast(registered);
    expect(registered.kind).to.equal("");
  });
});

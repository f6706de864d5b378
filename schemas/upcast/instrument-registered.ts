import type { InstrumentRegistered } from "../generated/market-data.ts";
import type { Upcaster } from "./upcaster.ts";

/** Version 1 had no kind: only inverse contracts carried a contract size, all of them perpetual. */
export const instrumentRegisteredFromVersion1: Upcaster<InstrumentRegistered> = {
  fullName: "cipherhorizon.market_data.InstrumentRegistered",
  fromVersion: 1,
  upcast(data) {
    if (data.kind !== "") return data;
    return { ...data, kind: data.contractSize === null ? "spot" : "inverse-perpetual" };
  },
};

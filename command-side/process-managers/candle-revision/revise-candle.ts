import { decimalText } from "../../../platform/kernel/decimal.ts";
import { commandIdOf } from "../command-id.ts";
import type { Cause, PlannedCommand } from "../manager.ts";
import type { StoredMinute } from "./stored-minutes.ts";

/** The command that gives an instrument the figures of a minute it no longer holds. */
export function reviseCandle(
  instrumentId: string,
  { candle, revision }: StoredMinute,
  cause: Cause,
): PlannedCommand {
  const { openTimeMs } = candle;
  return {
    aggregate: "instrument",
    aggregateId: instrumentId,
    type: "ReviseCandle",
    payload: {
      openTime: new Date(openTimeMs).toISOString(),
      open: decimalText(candle.open),
      high: decimalText(candle.high),
      low: decimalText(candle.low),
      close: decimalText(candle.close),
      volume: decimalText(candle.volume),
      priceVolume: decimalText(candle.priceVolume),
      buyVolume: decimalText(candle.buyVolume),
      trades: candle.trades,
      storedRevision: revision,
    },
    commandId: commandIdOf(cause.eventId, `revise ${openTimeMs}`),
    cause,
  };
}

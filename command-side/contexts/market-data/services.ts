import { v7 as uuidV7 } from "uuid";
import type { EventReader } from "../../../platform/codec/codec.ts";
import type { RecordedEvent } from "../../../platform/codec/envelope.ts";
import type { Route } from "../../../platform/http/route.ts";
import type { LogReader } from "../../../platform/log/log.ts";
import type { Logger } from "../../../platform/telemetry/logger.ts";
import type { CommandGateway, CommandRequest } from "../../gateway.ts";
import { CandleClock } from "./candle-clock.ts";
import type { InstrumentState } from "./instrument/state.ts";
import { InstrumentDirectory } from "./instrument-directory.ts";
import { replayRoute } from "./replay-route.ts";
import { tickRoute } from "./tick-route.ts";

/** How often the clock looks for minutes that no later tick has closed. */
const CLOCK_MILLISECONDS = 1_000;
export const MARKET_TOPIC = "market.events";
const AGGREGATE = "instrument";

export interface MarketDataParts {
  readonly log: LogReader;
  readonly codec: EventReader;
  readonly clock: () => number;
  readonly logger: Logger;
}

/** What market-data has beside its aggregates: the directory of symbols, ticks and the clock. */
export interface MarketData {
  /** Told of states as they stand in the log … */
  put(aggregate: string, states: Iterable<readonly [string, { readonly state: unknown }]>): void;
  /** … and of every event after them. */
  observe(events: readonly RecordedEvent[]): void;
  /** Begins to work with a gateway that serves; gives the routes. */
  serve(doors: MarketDataDoors): readonly Route[];
  stop(): void;
}

interface MarketDataDoors {
  readonly gateway: CommandGateway;
  /** Of this process's instruments alone: each process's clock closes the candles of its own. */
  readonly clockGateway: CommandGateway;
  /** Brings the directory up to what any process has acknowledged. */
  readonly refresh: () => Promise<void>;
}

export function startMarketData(parts: MarketDataParts): MarketData {
  const { clock, logger } = parts;
  const directory = new InstrumentDirectory();
  const candleClock = new CandleClock();
  let timer: NodeJS.Timeout | null = null;
  return {
    put: (aggregate, states) => {
      if (aggregate !== AGGREGATE) return;
      for (const [instrumentId, stream] of states) {
        const state = stream.state as InstrumentState;
        if (state.status !== "registered") continue;
        directory.put(instrumentId, state.listing);
        candleClock.put(instrumentId, state.ticks);
      }
    },
    observe: (events) => {
      for (const recorded of events) {
        if (recorded.topic !== MARKET_TOPIC) continue;
        directory.observe(recorded.aggregateId, recorded.event);
        candleClock.observe(recorded);
      }
    },
    serve: ({ gateway, clockGateway, refresh }) => {
      timer = setInterval(() => {
        for (const due of candleClock.due(clock())) {
          closeByClock(clockGateway, due).catch((error: unknown) => {
            logger.error({ err: error, ...due }, "the clock could not close candles");
          });
        }
      }, CLOCK_MILLISECONDS);
      const tickParts = { directory, gateway, refresh };
      return [tickRoute(tickParts), replayRoute({ ...parts, ...tickParts })];
    },
    stop: () => {
      if (timer !== null) clearInterval(timer);
    },
  };
}

/** What is refused or not served now is due again at the next look. */
async function closeByClock(
  gateway: CommandGateway,
  { instrumentId, upToMs }: { readonly instrumentId: string; readonly upToMs: number },
): Promise<void> {
  const data = { upTo: upToMs, cause: "clock" };
  await gateway.submit({
    ...internalIdentity(),
    aggregate: AGGREGATE,
    aggregateId: instrumentId,
    command: { type: "CloseCandles", data },
  });
}

function internalIdentity(): Omit<CommandRequest, "aggregate" | "aggregateId" | "command"> {
  const commandId = uuidV7();
  return {
    commandId,
    expectedVersion: null,
    actor: "clock",
    authority: "all",
    correlationId: commandId,
    causationId: null,
    causationPosition: null,
    traceparent: null,
  };
}

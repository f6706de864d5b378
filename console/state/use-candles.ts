import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/ask.ts";
import { at } from "../api/call.ts";
import { followStream } from "../api/event-stream.ts";
import {
  type Candle,
  type CandleRange,
  candleStreamPath,
  listCandles,
} from "../api/instruments.ts";
import { moment } from "../api/moment.ts";
import { asProblem, type Problem } from "../api/problem.ts";
import { mergeCandles } from "./merge-candles.ts";
import { shownCalls } from "./shown-calls.ts";
import { repeat } from "./use-answer.ts";

const RUNNING_EVERY_MS = 1_000;
/** The running candle and the one before it, which it may just have become. */
const NEWEST = 2;

export interface LiveCandles {
  readonly candles: readonly Candle[] | null;
  readonly problem: Problem | null;
  /** Minutes that the stream has brought since the page was opened. */
  readonly streamed: number;
}

const NOTHING: LiveCandles = { candles: null, problem: null, streamed: 0 };

/**
 * A range of candles; without an end it goes on: decided minutes come by the stream, the running
 * candle is asked for every second.
 */
export function useCandles(id: string, range: CandleRange): LiveCandles {
  const { interval, limit, to } = range;
  const [live, setLive] = useState(NOTHING);
  const { path } = listCandles(id, range);
  const isLive = to === null && moment.asOf === null;
  useEffect(() => shownCalls.add(listCandles(id, range)), [path]);
  useEffect(() => {
    setLive(NOTHING);
    let known = false;
    return repeat(isLive ? RUNNING_EVERY_MS : null, async (signal) => {
      try {
        const count = known ? NEWEST : limit;
        const { data } = await ask(listCandles(id, { interval, to, limit: count }), signal);
        known = true;
        setLive((before) => ({
          ...before,
          candles: mergeCandles(before.candles, data),
          problem: null,
        }));
        return "well";
      } catch (error) {
        if (!signal.aborted) setLive((before) => ({ ...before, problem: asProblem(error) }));
        return "failed";
      }
    });
  }, [path]);
  useEffect(() => (isLive ? followMinutes(id, range, setLive) : undefined), [path]);
  return live;
}

type Update = (change: (before: LiveCandles) => LiveCandles) => void;

/** A decided minute (or its revision) makes the candles it lies in be asked for at once. */
function followMinutes(id: string, range: CandleRange, update: Update): () => void {
  const path = candleStreamPath(id);
  const { interval } = range;
  const forget = shownCalls.add({ ...at`/v1/stream/candles/${id}`, stream: true });
  const stopping = new AbortController();
  const { signal } = stopping;
  void followStream(path, {
    signal,
    onState: () => undefined,
    onEvent: async ({ data }) => {
      const { openTime } = JSON.parse(data) as { openTime: string };
      const to = new Date(Date.parse(openTime) + 1).toISOString();
      try {
        const { data: decided } = await ask(listCandles(id, { interval, limit: 1, to }), signal);
        update(({ candles, problem, streamed }) => {
          return { candles: mergeCandles(candles, decided), problem, streamed: streamed + 1 };
        });
      } catch (error) {
        if (!signal.aborted) update((before) => ({ ...before, problem: asProblem(error) }));
      }
    },
  });
  return () => {
    forget();
    stopping.abort();
  };
}

import { useEffect, useState } from "preact/hooks";
import { at } from "../api/call.ts";
import { followStream, type StreamedEvent } from "../api/event-stream.ts";
import { parseEvent, type RecordedEvent } from "../api/events.ts";
import { asProblem, type Problem } from "../api/problem.ts";
import { shownCalls } from "./shown-calls.ts";

/** The newest events that the page keeps. */
export const EVENTS_KEPT = 200;
/** A flood of events is drawn so often, whatever its rate. */
const DRAW_EVERY_MS = 250;

export interface EventTail {
  /** Newest first. */
  readonly events: readonly RecordedEvent[];
  readonly received: number;
  readonly isConnected: boolean;
  readonly problem: Problem | null;
}

const NOTHING: EventTail = { events: [], received: 0, isConnected: false, problem: null };

/** The events of a stream as they come; a change of its address begins anew. */
export function useEventTail(path: string, cli: string): EventTail {
  const [tail, setTail] = useState(NOTHING);
  useEffect(() => {
    setTail(NOTHING);
    const stopping = new AbortController();
    const forget = shownCalls.add({ path, route: at`/v1/stream/events`.route, stream: true, cli });
    let waiting: RecordedEvent[] = [];
    let received = 0;
    const onEvent = (event: StreamedEvent) => {
      received += 1;
      try {
        waiting.push(parseEvent(event.data));
      } catch (error) {
        setTail((before) => ({ ...before, problem: asProblem(error) }));
      }
      if (waiting.length > EVENTS_KEPT) waiting = waiting.slice(-EVENTS_KEPT);
    };
    const onState = (problem: Problem | null) => {
      setTail((before) => ({ ...before, problem, isConnected: problem === null }));
    };
    void followStream(path, { signal: stopping.signal, onEvent, onState });
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      const newest = waiting.toReversed();
      waiting = [];
      setTail((before) => {
        return { ...before, received, events: [...newest, ...before.events].slice(0, EVENTS_KEPT) };
      });
    }, DRAW_EVERY_MS);
    return () => {
      clearInterval(timer);
      forget();
      stopping.abort();
    };
  }, [path]);
  return tail;
}

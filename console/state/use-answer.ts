import { useEffect, useState } from "preact/hooks";
import { type Answer, ask } from "../api/ask.ts";
import type { Call } from "../api/call.ts";
import { moment } from "../api/moment.ts";
import { asProblem, type Problem } from "../api/problem.ts";
import { shownCalls } from "./shown-calls.ts";

/** What is known of a call: its last answer, and the problem if the newest try had one. */
export interface Asked<T> {
  readonly answer: Answer<T> | null;
  readonly problem: Problem | null;
}

/** How often what changes is asked for again. */
const REFRESH_MS = 2_000;
/** What failed is tried again less often. */
const RETRY_MS = 5_000;

interface Keyed<T> extends Asked<T> {
  readonly path: string;
}

/** Asks, and asks again every `everyMs` while somebody looks; a changed call starts anew. */
export function useAnswer<T>(call: Call<T>, everyMs: number | null = REFRESH_MS): Asked<T> {
  const { path } = call;
  const [asked, setAsked] = useState<Keyed<T>>({ path, answer: null, problem: null });
  useEffect(() => shownCalls.add(call), [path]);
  useEffect(() => {
    // What has been does not change.
    return repeat(moment.asOf === null ? everyMs : null, async (signal) => {
      try {
        const answer = await ask(call, signal);
        if (!signal.aborted) setAsked({ path, answer, problem: null });
        return "well";
      } catch (error) {
        if (signal.aborted) return "over";
        const problem = asProblem(error);
        setAsked((before) => ({
          path,
          problem,
          answer: before.path === path ? before.answer : null,
        }));
        return outcomeOf(problem);
      }
    });
  }, [path, everyMs]);
  return asked.path === path ? asked : { answer: null, problem: null };
}

/** How a run ended; what is over is not tried again. */
type Outcome = "well" | "failed" | "over";

/** A route that is not there does not appear while the page is open. */
function outcomeOf(problem: Problem): Outcome {
  return problem.kind === "no such route" ? "over" : "failed";
}

/** Runs at once and again `everyMs` after each end, never in a hidden tab; gives how to stop. */
export function repeat(
  everyMs: number | null,
  run: (signal: AbortSignal) => Promise<Outcome>,
): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer = 0;
  const next = () => {
    if (document.hidden) timer = window.setTimeout(next, RETRY_MS);
    else void run(signal).then(again);
  };
  const again = (outcome: Outcome) => {
    if (signal.aborted || outcome === "over") return;
    if (outcome === "failed") timer = window.setTimeout(next, Math.max(everyMs ?? 0, RETRY_MS));
    else if (everyMs !== null) timer = window.setTimeout(next, everyMs);
  };
  void run(signal).then(again);
  return () => {
    window.clearTimeout(timer);
    stopping.abort();
  };
}

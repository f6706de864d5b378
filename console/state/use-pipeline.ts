import { useEffect, useState } from "preact/hooks";
import { ask, askText } from "../api/ask.ts";
import { at } from "../api/call.ts";
import { parseMetrics, type Sample } from "../api/metrics-text.ts";
import { asProblem, type Problem } from "../api/problem.ts";
import { listProjections, type Projection } from "../api/projections.ts";
import { type PipelineReading, readPipeline } from "./pipeline.ts";
import { shownCalls } from "./shown-calls.ts";
import { repeat } from "./use-answer.ts";

const EVERY_MS = 1_000;
/** Two minutes of readings. */
const READINGS = 120;
const METRICS = at`/metrics`;

export interface Pipeline {
  readonly readings: readonly PipelineReading[];
  readonly projections: readonly Projection[] | null;
  readonly samples: readonly Sample[];
  readonly problem: Problem | null;
}

const NOTHING: Pipeline = { readings: [], projections: null, samples: [], problem: null };

/** The pipeline's counters, read every second; rates are differences of readings. */
export function usePipeline(): Pipeline {
  const [pipeline, setPipeline] = useState(NOTHING);
  useEffect(() => {
    const forget = [shownCalls.add(listProjections()), shownCalls.add(METRICS)];
    return () => {
      for (const one of forget) one();
    };
  }, []);
  useEffect(() => {
    return repeat(EVERY_MS, async (signal) => {
      try {
        const calls = [ask(listProjections(), signal), askText(METRICS.path, signal)] as const;
        const [{ data: projections }, text] = await Promise.all(calls);
        const samples = parseMetrics(text);
        const reading = readPipeline(Date.now(), projections, samples);
        setPipeline(({ readings }) => {
          const kept = [...readings, reading].slice(-READINGS);
          return { readings: kept, projections, samples, problem: null };
        });
        return "well";
      } catch (error) {
        if (!signal.aborted) setPipeline((before) => ({ ...before, problem: asProblem(error) }));
        return "failed";
      }
    });
  }, []);
  return pipeline;
}

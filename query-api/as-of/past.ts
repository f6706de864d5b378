import { PlatformError } from "../../platform/errors/catalogue.ts";
import { within } from "../../platform/lifecycle/within.ts";
import type { LogReader } from "../../platform/log/log.ts";
import type { GenerationReader, Snapshot } from "../reading/generation-reader.ts";
import type { ReadModel } from "../reading/read-model.ts";
import type { PastBuilder } from "./builder.ts";
import { type Cut, isClosed } from "./cut.ts";
import { type Moment, momentOf } from "./moment.ts";
import type { PastGeneration, PastGenerations } from "./past-generations.ts";

/** By so much the clocks of the log's writers may differ: at first, and at most. */
const CLOCK_SKEWS_MS = [5_000, 300_000];

export interface PastParts {
  readonly log: LogReader;
  /** Those of all read models: one picture is of all of them. */
  readonly topics: readonly string[];
  readonly builder: Pick<PastBuilder, "cut">;
  readonly generations: PastGenerations;
  readonly clock: () => number;
}

/** Read models as they were at one moment. */
export interface Past {
  readonly timeMs: number;
  readonly cut: Cut;
  /** Of one of the read models that the question names. */
  read<Reader, T>(
    model: Pick<ReadModel<Reader>, "name" | "read">,
    query: (reader: Reader) => Promise<T>,
  ): Promise<Snapshot<T>>;
}

export interface PastQuestion {
  /** What the request names. */
  readonly asOf: string;
  readonly names: readonly string[];
  /** The one whose events alone make the answer; only its partitions are replayed then. */
  readonly stream: string | null;
  /** For what has to be built first. */
  readonly waitMs: number;
}

/**
 * Answers about the past: of each read model a throw-away generation is built from the log up to a
 * cut. All read models of one moment show one picture, whether asked in one request or in several.
 */
export class PastReadModels {
  readonly #parts: PastParts;

  constructor(parts: PastParts) {
    this.#parts = parts;
  }

  /**
   * Throws `AS_OF_BEING_BUILT` where the read models are not there in time; building goes on.
   * `AS_OF_LIMIT` where they rest on too many records.
   */
  async read<T>(question: PastQuestion, answer: (past: Past) => Promise<T>) {
    const { asOf, names, stream, waitMs } = question;
    const { log, clock } = this.#parts;
    const deadline = performance.now() + waitMs;
    const moment = await momentOf(asOf, log, clock());
    for (const skewMs of CLOCK_SKEWS_MS) {
      const cut = await this.#cut(moment, skewMs);
      const answered = await this.#readCut({ names, stream, deadline, moment, cut }, answer);
      if (answered.isClosed) return answered.result;
    }
    const detail = "an event is much older than its cause by their times; is some clock wrong?";
    throw new PlatformError("AS_OF_LIMIT", detail, { facts: { asOf } });
  }

  #cut(moment: Moment, skewMs: number): Promise<Cut> {
    const { builder, topics } = this.#parts;
    return builder.cut({ topics, moment, skewMs });
  }

  async #readCut<T>(
    question: {
      readonly names: readonly string[];
      readonly stream: string | null;
      readonly deadline: number;
      readonly moment: Moment;
      readonly cut: Cut;
    },
    answer: (past: Past) => Promise<T>,
  ): Promise<{ isClosed: true; result: T } | { isClosed: false }> {
    const { names, stream, deadline, moment, cut } = question;
    const { generations } = this.#parts;
    const taken: PastGeneration[] = [];
    try {
      for (const name of names) taken.push(generations.take(name, cut.positions, stream));
      const leftMs = Math.max(0, deadline - performance.now());
      const opening = taken.map((one) => within(leftMs, () => beingBuilt(one), one.ready));
      const opened = await Promise.all(opening);
      if (!opened.every(({ causes }) => isClosed(causes, cut))) return { isClosed: false };
      const read: Past["read"] = (model, query) => readerOf(taken, model).read(query);
      return { isClosed: true, result: await answer({ timeMs: moment.timeMs, cut, read }) };
    } finally {
      for (const one of taken) generations.giveBack(one);
    }
  }
}

function readerOf<Reader>(
  taken: readonly PastGeneration[],
  { name }: Pick<ReadModel<Reader>, "name" | "read">,
): GenerationReader<Reader> {
  const reader = taken.find((one) => one.name === name)?.opened?.reader;
  // What was opened under the read model's name is asked as that is.
  if (reader) return reader as GenerationReader<Reader>;
  throw new Error(`${name} is not among the read models that the query names`);
}

function beingBuilt({ name, records, applied }: PastGeneration): PlatformError {
  const detail =
    `${name} as of then is being built: ${applied} of ${records} records; ask again, or wait ` +
    "longer with Prefer: wait=<seconds>";
  return new PlatformError("AS_OF_BEING_BUILT", detail, {
    facts: { projection: name, appliedRecords: applied, records },
  });
}

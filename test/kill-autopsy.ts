import { envelopeOf, isControl } from "../platform/codec/codec.ts";
import { isOver, isUnderWay } from "../platform/generations/phase.ts";
import { parsePartitionKey } from "../platform/log/log.ts";
import { type Generation, Generations } from "../projections/runner/generations.ts";
import type { OperationsEvent } from "../schemas/generated/operations.ts";
import { eventsOf, type ReadHistory, recordsOf, withHistory } from "./history/read-history.ts";
import type { SentCommand } from "./kill-clients.ts";
import { checkpointsOf, PROJECTIONS } from "./rebuild-rows.ts";

const PORTFOLIO_EVENTS = "portfolio.events";

/** What a kill has hit, as the folder shows it before anything is started again. */
export interface Autopsy {
  /** Commands sent and not answered. */
  readonly unanswered: number;
  /** Those of them whose events are in the log: the kill fell between append and answer. */
  readonly appendedUnanswered: number;
  /** Generations whose checkpoint was behind the log's end. */
  readonly unfinishedApplies: number;
  /** Generations under construction. */
  readonly rebuilding: number;
}

/** Examines one data folder after every kill; remembers how far it has read the log. */
export class Coroner {
  readonly #folder: string;
  readonly #inLog = new Set<string>();
  #readTo: readonly number[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  examine(unanswered: readonly SentCommand[]): Promise<Autopsy> {
    return withHistory(this.#folder, async (history) => {
      await this.#readOn(history);
      const generations = await generationsOf(history);
      const behind = await Promise.all(
        generations.map((generation) => this.#isBehind(generation, history)),
      );
      return {
        unanswered: unanswered.length,
        appendedUnanswered: unanswered.filter(({ commandId }) => this.#inLog.has(commandId)).length,
        unfinishedApplies: behind.filter(Boolean).length,
        rebuilding: generations.filter(({ phase }) => isUnderWay(phase)).length,
      };
    });
  }

  async #readOn({ log }: ReadHistory): Promise<void> {
    const ends = await log.ends(PORTFOLIO_EVENTS);
    for await (const { record } of recordsOf(log, PORTFOLIO_EVENTS, this.#readTo)) {
      if (!isControl(record)) this.#inLog.add(envelopeOf(record).commandId);
    }
    this.#readTo = ends;
  }

  async #isBehind({ projection, generation }: Generation, { log }: ReadHistory): Promise<boolean> {
    const checkpoints = await checkpointsOf(this.#folder, projection, generation);
    if (checkpoints === null) return false;
    for (const [key, next] of checkpoints) {
      const { topic, partition } = parsePartitionKey(key);
      if (next < ((await log.ends(topic))[partition] ?? 0)) return true;
    }
    return false;
  }
}

/** Every generation that has not been given up. */
export async function generationsOf(history: ReadHistory): Promise<readonly Generation[]> {
  const generations = new Generations();
  for await (const recorded of eventsOf(history, "operations.events")) {
    // The topic's schemas are these events' alone.
    generations.observe(recorded as typeof recorded & { event: OperationsEvent });
  }
  const all = PROJECTIONS.flatMap((projection) => generations.of(projection));
  return all.filter(({ phase }) => !isOver(phase));
}

import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import type { PartitionKey } from "../../platform/log/log.ts";
import { asOfParameter } from "../as-of/moment.ts";
import type { Past } from "../as-of/past.ts";
import { asOfField, freshnessThen, pastQuestionOf } from "../as-of/question.ts";
import type { Models, Readers } from "../registry.ts";
import { type Outgoing, sendAnswer } from "./answer.ts";
import { freshnessFields, freshnessOf } from "./freshness.ts";
import type { Snapshot } from "./generation-reader.ts";
import { answersOf, parkedNote, type QueryDefinition, type QueryParts } from "./query-route.ts";
import type { Answered, ReadModel } from "./read-model.ts";
import { awaitToken, queryHeaders, staleParameter } from "./token-wait.ts";

/** How often the read models are read anew when one of them stays behind its effects elsewhere. */
const ROUNDS = 3;
/** How long one read model is waited for in one round. */
const WAIT_MILLISECONDS = 1_000;
/** Before a round begins anew: what was behind may need a moment. */
const PAUSE_MILLISECONDS = 50;

const WITH_LOWEST_POSITIONS =
  "The answer, with the generations and the lowest positions it was read at";

/** Reads one read model of several; call it in the order effects before causes. */
export type JoinRead = <Name extends keyof Readers, T>(
  name: Name,
  query: (reader: Readers[Name]) => Promise<T>,
) => Promise<T>;

/** A query that joins read models, which it names in the order in which it reads them. */
export interface JoinDefinition extends Omit<QueryDefinition<never>, "run"> {
  readonly models: readonly (keyof Readers)[];
  readonly run: (read: JoinRead, request: RouteRequest) => Promise<unknown>;
}

/**
 * Read models are at different positions. A later read waits until it has passed the causes of
 * what was read before it, so that no effect is shown without its cause; where that does not come
 * about in three rounds, the answer names in `behind` who stayed behind.
 */
export function joinRoute(models: Models, definition: JoinDefinition, parts: QueryParts): Route {
  const { run: _run, models: names, data, query, ...described } = definition;
  return {
    ...described,
    method: "GET",
    query: query.extend({ ...staleParameter, ...asOfParameter }),
    body: null,
    headers: queryHeaders,
    answers: answersOf(WITH_LOWEST_POSITIONS, {
      generation: z.record(z.string(), z.int()).nullable(),
      ...freshnessFields,
      ...asOfField,
      behind: z.array(z.string()).optional(),
      data,
    }),
    handle: async (request, response) => {
      const past = pastQuestionOf(request, names);
      const outgoing =
        past === null
          ? await joinNow(models, definition, request, parts)
          : await parts.past.read(past, (then) => joinThen(models, definition, request, then));
      await sendAnswer(response, request, { outgoing, log: parts.log });
    },
  };
}

async function joinNow(
  models: Models,
  definition: JoinDefinition,
  request: RouteRequest,
  parts: QueryParts,
): Promise<Outgoing> {
  let stale = false;
  for (const name of definition.models) {
    const waited = await awaitToken(models[name], request, parts);
    stale ||= waited.stale;
  }
  const joined = await join(models, definition, request);
  return outgoingOf(joined, { stale, parts, request });
}

/** At one cut of the log, where nothing has to be waited for. */
async function joinThen(
  models: Models,
  { run }: JoinDefinition,
  request: RouteRequest,
  then: Past,
): Promise<Outgoing> {
  const answers: Snapshot<unknown>[] = [];
  const data = await run(async (name, query) => {
    const model: ReadModel<Readers[typeof name]> = models[name];
    const answered = await then.read(model, query);
    answers.push(answered);
    return answered.result;
  }, request);
  const positions = lowest(answers.map((one) => one.positions));
  const labels = freshnessThen(then, positions);
  const parked = parkedNote(answers, request);
  return {
    positions,
    generation: "past",
    content: { data, parked },
    body: { generation: null, ...labels, ...parked, data },
  };
}

interface Joined {
  readonly data: unknown;
  readonly answers: ReadonlyMap<keyof Readers, Answered<unknown>>;
  /** Read models that did not pass the causes of what was read before them. */
  readonly behind: readonly string[];
}

async function join(
  models: Models,
  { run }: JoinDefinition,
  request: RouteRequest,
): Promise<Joined> {
  for (let round = 1; ; round += 1) {
    const reading = new Reading(models);
    const data = await run(reading.read, request);
    const { answers, behind } = reading;
    if (behind.length === 0 || round === ROUNDS) return { data, answers, behind };
    await sleep(PAUSE_MILLISECONDS);
  }
}

/** One round of reading. */
class Reading {
  readonly answers = new Map<keyof Readers, Answered<unknown>>();
  readonly behind: string[] = [];
  readonly #models: Models;
  readonly #causes = new Map<PartitionKey, number>();

  constructor(models: Models) {
    this.#models = models;
  }

  readonly read: JoinRead = async (name, query) => {
    const model = this.#models[name];
    if (!(await model.hasPassed(this.#causes, WAIT_MILLISECONDS))) this.behind.push(name);
    const answered = await model.read(query);
    this.answers.set(name, answered);
    for (const [key, next] of answered.causes) {
      this.#causes.set(key, Math.max(next, this.#causes.get(key) ?? 0));
    }
    return answered.result;
  };
}

async function outgoingOf(
  { data, answers, behind }: Joined,
  asked: { readonly stale: boolean; readonly parts: QueryParts; readonly request: RouteRequest },
): Promise<Outgoing> {
  const { stale, parts, request } = asked;
  const parked = parkedNote([...answers.values()], request);
  const generations = [...answers].map(([name, { generation }]) => [name, generation] as const);
  const positions = lowest([...answers.values()].map((one) => one.positions));
  return {
    positions,
    generation: generations.map(([, generation]) => generation).join("."),
    content: { data, behind, parked },
    body: {
      generation: Object.fromEntries(generations),
      ...(await freshnessOf(positions, parts)),
      ...(stale ? { stale: true } : {}),
      ...(behind.length > 0 ? { behind } : {}),
      ...parked,
      data,
    },
  };
}

/** A partition that several cover counts as far as the last of them is. */
function lowest(all: readonly ReadonlyMap<PartitionKey, number>[]): Map<PartitionKey, number> {
  const merged = new Map<PartitionKey, number>();
  for (const positions of all) {
    for (const [key, next] of positions) {
      merged.set(key, Math.min(next, merged.get(key) ?? Number.POSITIVE_INFINITY));
    }
  }
  return merged;
}

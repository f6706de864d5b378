import type { AggregateDefinition } from "../../command-side/aggregate.ts";
import { PartitionState } from "../../command-side/ownership/partition-state.ts";
import type { Event } from "../../platform/kernel/decider.ts";

/** An answer that left nothing in the log: a refusal, or an acceptance without events. */
export interface EmptyAnswer {
  readonly commandId: string;
  readonly aggregateId: string;
  readonly type: string;
  /** The payload as it was sent. */
  readonly data: unknown;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** The refusal's code; `null`: it was accepted, and there was nothing to add. */
  readonly refusedWith: string | null;
}

/** An event of the log with when its client sent the command and heard that it was accepted. */
export interface TimedEvent {
  readonly aggregateId: string;
  readonly event: Event;
  /** Infinitely early or late where no client of ours sent it, or none was answered. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/**
 * Answers that were right at no moment between question and answer, as the rules themselves decide
 * on each state that the log has gone through meanwhile: what an owner says that does not know that
 * another has followed it. `events`: all of one aggregate, or of the whole partition where rules
 * look at that, in the order of the log.
 */
export async function findWrongAnswers(
  definition: AggregateDefinition,
  events: readonly TimedEvent[],
  answers: readonly EmptyAnswer[],
): Promise<readonly string[]> {
  const open = answersByFirstMoment(events, answers);
  const state = new PartitionState(definition);
  const findings: string[] = [];
  let asked: Asked[] = [];
  for (let moment = 0; moment <= events.length; moment += 1) {
    asked.push(...(open.get(moment) ?? []));
    const stillOpen: Asked[] = [];
    for (const one of asked) {
      const said = await decideAt(state, one.answer);
      if (said === saidBy(one.answer)) continue;
      one.said.add(said);
      if (moment >= one.last) findings.push(findingOf(one));
      else stillOpen.push(one);
    }
    asked = stillOpen;
    const next = events[moment];
    if (next !== undefined) state.evolve(next.aggregateId, next.event);
  }
  return findings;
}

/** An answer that was not right yet, from the first moment of its request on. */
interface Asked {
  readonly answer: EmptyAnswer;
  /** How many events there are at the last moment of the request. */
  readonly last: number;
  readonly said: Set<string>;
}

/**
 * What was acknowledged before the question stands before it, what was sent after the answer stands
 * behind it. Keys: how many events there are at the first moment of the request.
 */
function answersByFirstMoment(
  events: readonly TimedEvent[],
  answers: readonly EmptyAnswer[],
): ReadonlyMap<number, readonly Asked[]> {
  const firstSent = runningHighest(events.map(({ sentAtMs }) => sentAtMs));
  const lastAnswered = runningHighest(events.map(({ answeredAtMs }) => -answeredAtMs).toReversed());
  const asked = answers.map((answer) => {
    const behind = firstAbove(firstSent, answer.answeredAtMs);
    const first = events.length - firstAbove(lastAnswered, -answer.askedAtMs);
    return { first, one: { answer, last: Math.max(behind, first), said: new Set<string>() } };
  });
  const groups = Map.groupBy(asked, ({ first }) => first);
  return new Map([...groups].map(([first, all]) => [first, all.map(({ one }) => one)]));
}

function runningHighest(values: readonly number[]): readonly number[] {
  let highest = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    highest = Math.max(highest, value);
    return highest;
  });
}

/** The index of the first value above a limit, of values that never fall; else their number. */
function firstAbove(values: readonly number[], limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

function saidBy({ refusedWith }: EmptyAnswer): string {
  return refusedWith ?? "nothing to add";
}

async function decideAt(state: PartitionState, answer: EmptyAnswer): Promise<string> {
  const { aggregateId, type, data } = answer;
  const definition = state.aggregate.commands[type];
  if (definition === undefined) throw new Error(`${state.aggregate.name} has no ${type}`);
  if (state.versionOf(aggregateId) === 0 && definition.creates !== true) return "NOT_FOUND";
  const command = { type, data: definition.payload.parse(data) };
  const about = { command, aggregateId, actor: ACTOR };
  const facts = (await state.aggregate.facts?.(about, asksNobody)) ?? null;
  const { view } = state;
  const context = { nowMs: Date.now(), aggregateId, actor: ACTOR, facts, view };
  const decision = state.aggregate.decider.decide(state.stateOf(aggregateId), command, {
    ...context,
    authority: "all",
  });
  if (decision.outcome === "refused") return decision.refusal.code;
  return decision.events.length === 0 ? "nothing to add" : "events";
}

/** Nobody in particular, as without keys. */
const ACTOR = "anonymous";

function asksNobody(): never {
  throw new Error("commands that ask other aggregates are not checked");
}

function findingOf({ answer, said }: Asked): string {
  const { commandId, aggregateId, type } = answer;
  return (
    `${type} of ${aggregateId} (${commandId}) was answered ${saidBy(answer)}, but the log says ` +
    `${[...said].join(" or ")} at every moment of the request`
  );
}

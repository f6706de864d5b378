/** A request to change one aggregate. `type` is imperative (`DepositFunds`). */
export interface Command {
  readonly type: string;
  readonly data: unknown;
}

/**
 * A fact, past tense (`FundsDeposited`). `occurredAtMs` is when it happened: from the exchange for
 * trades and ticks, else the owner's clock when the command was decided.
 */
export interface Event {
  readonly type: string;
  readonly data: unknown;
  readonly occurredAtMs: number;
}

/** A business refusal: a value with a stable code of the catalogue; never thrown, never logged. */
export interface Refusal {
  readonly code: string;
  /** One sentence for a person: what was asked, what stands against it, what to do. */
  readonly detail: string;
  /** The figures behind the sentence (required, available …), as JSON values. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What the caller may command and use: its own, or everything (operators, the platform itself). */
export type Authority = "own" | "all";

/** What of the world a decision may know. Everything arrives as a value. */
export interface DecisionContext<Facts = unknown, View = unknown> {
  /** The owner's clock, epoch ms. */
  readonly nowMs: number;
  readonly aggregateId: string;
  /** Who asks: an id, never a personal datum. */
  readonly actor: string;
  readonly authority: Authority;
  /** What was asked of other aggregates before; null where the aggregate asks nothing. */
  readonly facts: Facts;
  /** The fold of the whole partition, read-only; null where the aggregate has none. */
  readonly view: View;
}

/** True where the caller may use what belongs to `owner`; null: it belongs to nobody. */
export function mayUse(
  { actor, authority }: Pick<DecisionContext, "actor" | "authority">,
  owner: string | null,
): boolean {
  return authority === "all" || owner === actor;
}

/**
 * `events` may be empty: accepted, and nothing to add (a known fill sent again).
 * `answer` is what the caller is told beside the events (counts of duplicates …), JSON.
 */
export type Decision<E extends Event> =
  | { readonly outcome: "accepted"; readonly events: readonly E[]; readonly answer?: Answer }
  | { readonly outcome: "refused"; readonly refusal: Refusal };

export type Answer = Readonly<Record<string, unknown>>;

/**
 * The whole of an aggregate's behaviour, pure: no clock, no randomness, no input or output.
 *
 * `evolve` may change and return the state it was given (an instrument's state is megabytes): a
 * state has one holder, its owner, which throws it away and folds anew when an append fails.
 * `decide` must not change the state.
 */
export interface Decider<
  State,
  C extends Command,
  E extends Event,
  Context extends DecisionContext = DecisionContext,
> {
  initialState(): State;
  evolve(state: State, event: E): State;
  decide(state: State, command: C, context: Context): Decision<E>;
}

/**
 * The fold of all aggregates of a partition, for rules that span them (a handle is unique). Only
 * for a topic of one partition: elsewhere it would not know the others. As with a state, `evolve`
 * may change and return what it was given.
 */
export interface PartitionView<View, E extends Event> {
  readonly freezing?: Freezing<View>;
  initial(): View;
  evolve(view: View, aggregateId: string, event: E): View;
}

/**
 * How a value that holds instances of classes stands in a snapshot: as plain values (what
 * structured cloning keeps, decimals among them). `thaw` may keep parts of what it is given.
 */
export interface Freezing<Value> {
  freeze(value: Value): unknown;
  thaw(frozen: unknown): Value;
}

export function accepted<E extends Event>(events: readonly E[], answer?: Answer): Decision<E> {
  return answer === undefined
    ? { outcome: "accepted", events }
    : { outcome: "accepted", events, answer };
}

export function refused(
  code: string,
  detail: string,
  facts?: Refusal["facts"],
): { outcome: "refused"; refusal: Refusal } {
  return { outcome: "refused", refusal: facts ? { code, detail, facts } : { code, detail } };
}

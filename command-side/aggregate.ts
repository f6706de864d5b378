import type { ZodType } from "zod";
import { type Access, operators, type Role, traders } from "../platform/access/roles.ts";
import { type Catalogue, platformErrors } from "../platform/errors/catalogue.ts";
import type {
  Answer,
  Authority,
  Command,
  Decider,
  DecisionContext,
  Event,
  Freezing,
  PartitionView,
} from "../platform/kernel/decider.ts";
import type { FactReader, FactValues } from "./facts.ts";

/** How one command looks from outside: its payload's schema, and words for the API document. */
export interface CommandDefinition<C extends Command = Command> {
  /** Parses the JSON payload into the command's `data` (decimal text becomes Decimal). */
  readonly payload: ZodType<C["data"]>;
  readonly summary: string;
  /** A payload that is accepted on a fresh or fitting aggregate; runs as a test. */
  readonly example: unknown;
  /** May be the first command of an aggregate's life: answered 201 then. */
  readonly creates?: true;
  /** Only operators and the platform itself send it, whoever owns the aggregate. */
  readonly operatorsOnly?: true;
}

/** Whose an aggregate is; asked where a command is decided, on the state it is decided on. */
interface Ownership<State = unknown, Facts = unknown> {
  /** The actor owns it, or will once the command has created it. */
  isOwn(actor: string, known: Known<State, Facts>): boolean;
}

interface Known<State, Facts> {
  readonly state: State;
  readonly aggregateId: string;
  readonly facts: Facts;
}

/** One aggregate: a folder with commands, events, state, decide, and this as its index. */
export interface AggregateDefinition<
  State = unknown,
  C extends Command = Command,
  E extends Event = Event,
  Context extends DecisionContext = DecisionContext,
> {
  readonly context: string;
  /** The noun in the singular: `portfolio`. */
  readonly name: string;
  /** The plural kebab-case noun of the API: `portfolios`. */
  readonly collection: string;
  readonly topic: string;
  /** What an id looks like; ids are opaque to the platform. */
  readonly id: ZodType<string>;
  readonly idExample: string;
  readonly commands: { readonly [T in C["type"]]: CommandDefinition<Extract<C, { type: T }>> };
  /** Who commands it beside operators: its owner, or nobody. */
  readonly owned: Ownership<State, Context["facts"]> | "by nobody";
  readonly decider: Decider<State, C, E, Context>;
  /** The fold of the whole partition that `decide` is shown; only for a topic of one partition. */
  readonly view?: PartitionView<Context["view"], E>;
  /** Asks other aggregates what a command is decided with; before every command of this one. */
  facts?(about: FactsAbout<C>, read: FactReader): Promise<Context["facts"]>;
  /** What other aggregates may know of this one: a copy; null while it does not exist. */
  fact?(state: State): FactValues[keyof FactValues] | null;
  /** Rises when the state or `evolve` change; snapshots of other versions are not read. */
  readonly stateVersion: number;
  /** Where the state holds instances of classes: how it stands in a snapshot. */
  readonly freezing?: Freezing<State>;
  readonly refusals: Catalogue;
  /** First events of commands whose ids need no memory: natural keys find repeats. */
  readonly selfProtecting?: readonly E["type"][];
  /** The answer of a command as its events alone tell it, for one that is repeated. */
  answerOf?(events: readonly E[]): Answer;
}

/** Whose facts are asked for. */
interface FactsAbout<C extends Command = Command> {
  readonly command: C;
  readonly aggregateId: string;
  readonly actor: string;
}

/** Whose keys a command takes. */
export function accessTo(
  { owned }: Pick<AggregateDefinition, "owned">,
  { operatorsOnly }: CommandDefinition,
): Access {
  return owned === "by nobody" || operatorsOnly ? operators : traders;
}

/** A trader commands what is its own. */
export function authorityOf(role: Role): Authority {
  return role === "operator" ? "all" : "own";
}

/** The one catalogue: the platform's errors and every context's refusals. */
export function catalogueOf(
  aggregates: readonly Pick<AggregateDefinition, "refusals">[],
): Catalogue {
  return Object.assign({}, platformErrors, ...aggregates.map(({ refusals }) => refusals));
}

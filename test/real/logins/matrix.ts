import type { PartsStack } from "./parts-stack.ts";

/** What a login may do with a thing, as tried on the server. */
type Outcome = "yes" | "no";

/** A login that may what it should not: its server has no right by which it would be refused. */
interface Unrefused {
  readonly unrefused: string;
}

/** Things by name, and for each the logins that may. */
export type Rights = Readonly<Record<string, readonly (string | Unrefused)[]>>;

/** The logins of one server, and what they may there. */
export interface Matrix {
  readonly rights: Rights;
  readonly logins: readonly string[];
  /** Whoever opened it closes it. */
  open(stack: PartsStack): Promise<Trial>;
}

export interface Trial {
  /**
   * Gives false where the server refuses for want of rights, and throws for any other reason: a
   * thing that fails by itself must not pass for a refused one.
   */
  attempt(thing: string, login: string): Promise<boolean>;
  /** False where the server does not take the password. */
  enters(login: string, password: string): Promise<boolean>;
  close(): Promise<void>;
}

interface Tried {
  readonly thing: string;
  readonly login: string;
  readonly outcome: Outcome;
}

export function unrefused(login: string): Unrefused {
  return { unrefused: login };
}

/** Every login tries everything. */
export async function walkMatrix(
  { rights, logins }: Matrix,
  trial: Trial,
): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  for (const thing of Object.keys(rights)) {
    for (const login of logins) {
      const outcome = (await trial.attempt(thing, login)) ? "yes" : "no";
      tried.push({ thing, login, outcome });
    }
  }
  return tried;
}

/** Of a thing that is tried in several ways. */
export function allOrNone(outcomes: readonly boolean[]): boolean {
  const [first, ...others] = outcomes;
  if (first === undefined) throw new Error("nothing is tried");
  if (others.some((one) => one !== first)) throw new Error(`tried in turn: ${outcomes.join(", ")}`);
  return first;
}

export function expectedOf({ rights, logins }: Matrix): readonly Tried[] {
  return Object.entries(rights).flatMap(([thing, allowed]) => {
    const names = allowed.map((one) => (typeof one === "string" ? one : one.unrefused));
    return logins.map((login): Tried => {
      return { thing, login, outcome: names.includes(login) ? "yes" : "no" };
    });
  });
}

/** The rows of the table in the documents, blanks apart; what cannot be refused is marked. */
export function documentRows({ rights, logins }: Matrix): readonly string[] {
  return Object.entries(rights).map(([thing, allowed]) => {
    const cells = logins.map((login) => {
      if (allowed.includes(login)) return "yes";
      const isMarked = allowed.some((one) => typeof one !== "string" && one.unrefused === login);
      return isMarked ? "**yes**" : "no";
    });
    return `|${[thing, ...cells].join("|")}|`;
  });
}

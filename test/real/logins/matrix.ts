/** What a login may do with each thing, as tried on the server. */
type Outcome = "yes" | "no";

/** Things by name, and for each the logins that may. */
export type Rights = Readonly<Record<string, readonly string[]>>;

export interface Tried {
  readonly thing: string;
  readonly login: string;
  readonly outcome: Outcome;
}

/**
 * Every login tries everything. `attempt` gives false where the server refuses for want of rights,
 * and throws for any other reason: a thing that fails by itself must not pass for a refused one.
 */
export async function walkMatrix(
  rights: Rights,
  logins: readonly string[],
  attempt: (thing: string, login: string) => Promise<boolean>,
): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  for (const thing of Object.keys(rights)) {
    for (const login of logins) {
      const outcome = (await attempt(thing, login)) ? "yes" : "no";
      tried.push({ thing, login, outcome });
    }
  }
  return tried;
}

export function expectedOf(rights: Rights, logins: readonly string[]): readonly Tried[] {
  return Object.entries(rights).flatMap(([thing, allowed]) => {
    return logins.map((login): Tried => {
      return { thing, login, outcome: allowed.includes(login) ? "yes" : "no" };
    });
  });
}

/** The rows of the table in the documents, blanks apart. */
export function documentRows(rights: Rights, logins: readonly string[]): readonly string[] {
  return Object.entries(rights).map(([thing, allowed]) => {
    const cells = logins.map((login) => (allowed.includes(login) ? "yes" : "no"));
    return `|${[thing, ...cells].join("|")}|`;
  });
}

/** What the bearer of a key is to the platform. */
export const roles = ["reader", "trader", "operator"] as const;

export type Role = (typeof roles)[number];

/** Who asks, once that is known. */
export interface Caller {
  /** An id, never a personal datum: the key's trader, else the key's own id. */
  readonly actor: string;
  readonly role: Role;
}

/**
 * Who may call a route: anyone, without a key, or the bearers of keys with one of these roles. What
 * of its answers a trader sees is the route's own affair.
 */
export type Access = "anyone" | readonly Role[];

export const withAnyKey: Access = [...roles];
/** What tells of everybody is for those who look after the platform, and for no single trader. */
export const observers: Access = ["reader", "operator"];
export const traders: Access = ["trader", "operator"];
export const operators: Access = ["operator"];

/** Whose things a caller is shown beside public ones; null: everybody's. */
export function readsOnlyOf({ role, actor }: Caller): string | null {
  return role === "trader" ? actor : null;
}

/** True where a caller is shown what belongs to `owner`; null: it belongs to nobody. */
export function mayRead(caller: Caller, owner: string | null): boolean {
  const only = readsOnlyOf(caller);
  return only === null || only === owner;
}

import type { Address } from "../api/call.ts";
import { moment } from "../api/moment.ts";

/** A call behind the page that is open. */
export interface ShownCall extends Address {
  readonly cli?: string | undefined;
  /** It stays open and brings events. */
  readonly stream?: boolean;
}

/**
 * The calls of the components that are on the page now, in the order of their coming; the page
 * shows them so that everything on it can be asked for without it.
 */
class ShownCalls {
  readonly #calls = new Set<ShownCall>();
  readonly #listeners = new Set<() => void>();

  /** Gives the way to take it back. */
  add(asked: ShownCall): () => void {
    const call = moment.of(asked);
    this.#calls.add(call);
    this.#tell();
    return () => {
      this.#calls.delete(call);
      this.#tell();
    };
  }

  /** One call of each route, with how many there are of it. */
  byRoute(): readonly { readonly call: ShownCall; readonly count: number }[] {
    const groups = new Map<string, { call: ShownCall; count: number }>();
    for (const call of this.#calls) {
      const key = `${call.route} ${call.path.replace(/^[^?]*/, "")}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { call, count: 1 });
      else group.count += 1;
    }
    return [...groups.values()];
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** There is one page. */
export const shownCalls = new ShownCalls();

/**
 * A page of a query in its order. `next` is the place of the last row, to be handed in as `after`
 * for the following page; `null` on the last page.
 */
export interface Page<Item, Place> {
  readonly items: readonly Item[];
  readonly next: Place | null;
}

export interface PageRequest<Place> {
  /** Rows after this place; `null` from the beginning. */
  readonly after: Place | null;
  /** At most this many rows. */
  readonly limit: number;
}

/** Makes a page of up to `limit + 1` rows: the one too many shows that there is a next page. */
export function pageOf<Item, Place>(
  found: readonly Item[],
  limit: number,
  placeOf: (item: Item) => Place,
): Page<Item, Place> {
  if (found.length <= limit) return { items: found, next: null };
  const items = found.slice(0, limit);
  return { items, next: placeOf(items.at(-1) as Item) };
}

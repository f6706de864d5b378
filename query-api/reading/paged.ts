import type { Page } from "../../projections/runner/page.ts";
import type { Pages, QueryResult } from "./query-route.ts";
import { rowJson } from "./row-json.ts";

/** A page of the reader as the API answers it, with the cursor of the next one. */
export function paged<Item extends object, Place>(
  { items, next }: Page<Item, Place>,
  pages: Pages,
  show: (item: Item) => unknown = rowJson,
): QueryResult {
  return { data: items.map(show), nextCursor: next === null ? null : pages.cursorAt(next) };
}

import { html } from "htm/preact";
import { hrefWith, type Place } from "../state/place.ts";

/** Links between the pages of a list; the cursor stands in the address. */
export function NextPage({ place, nextCursor }: { place: Place; nextCursor: string | null }) {
  const isFirst = place.query["cursor"] === undefined;
  if (isFirst && nextCursor === null) return null;
  const next = hrefWith(place, { cursor: nextCursor });
  return html`
    <nav class="pager" aria-label="Pages of the list">
      ${!isFirst && html`<a href=${hrefWith(place, { cursor: null })}>First page</a>`}
      ${nextCursor !== null && html`<a href=${next}>Next page</a>`}
    </nav>
  `;
}

import { html } from "htm/preact";
import { moment } from "../api/moment.ts";
import { hrefWith, type Place } from "../state/place.ts";

/** What a field of the browser holds, which knows no zone: the page's times are UTC. */
const FIELD = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?/;

/** Which moment the page shows, and the way to another. */
export function MomentBar({ place }: { place: Place }) {
  const { asOf } = moment;
  const change = (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    location.hash = hrefWith(place, { asOf: value === "" ? null : `${value}Z` });
  };
  return html`
    <div class="moment ${asOf === null ? "" : "past"}">
      <label>As of (UTC)
        <input type="datetime-local" step="1" value=${FIELD.exec(asOf ?? "")?.[0] ?? ""}
          onChange=${change} />
      </label>
      ${
        asOf !== null &&
        html`<span role="status">The page shows what was known at <code>${asOf}</code>.</span>
          <a href=${hrefWith(place, { asOf: null })}>Back to now</a>`
      }
    </div>
  `;
}

import { html } from "htm/preact";

export interface Fact {
  readonly name: string;
  readonly shown: unknown;
}

/** Named figures beside each other. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return html`
    <dl class="facts">
      ${facts.map(
        ({ name, shown }) => html`<div key=${name}><dt>${name}</dt><dd>${shown}</dd></div>`,
      )}
    </dl>
  `;
}

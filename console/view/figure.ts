import { html } from "htm/preact";
import { amountText, countText, isNegative, timeText } from "./format.ts";

/** A value, and where its rows are: a page of the console or an address of the API. */
interface Shown {
  readonly href?: string | null;
}

/** A decimal; the whole of it stands in the title. */
export function Amount({ value, digits, href }: Shown & { value: string | null; digits?: number }) {
  if (value === null) return html`<span class="none">–</span>`;
  const tone = isNegative(value) ? "amount negative" : "amount";
  const shown = html`<span class=${tone} title=${value}>${amountText(value, digits)}</span>`;
  return linked(shown, href);
}

export function Count({ value, href }: Shown & { value: number | null }) {
  if (value === null) return html`<span class="none">–</span>`;
  return linked(html`<span class="amount" title=${value}>${countText(value)}</span>`, href);
}

export function Time({ value, href }: Shown & { value: string | number | null }) {
  if (value === null) return html`<span class="none">–</span>`;
  const iso = typeof value === "number" ? new Date(value).toISOString() : value;
  return linked(html`<time datetime=${iso}>${timeText(iso)}</time>`, href);
}

export function linked(shown: unknown, href: string | null | undefined) {
  return href ? html`<a class="rows" href=${href}>${shown}</a>` : shown;
}

/** A state in a word, with a colour that says the same. */
export function Badge({ word, tone = "plain" }: { word: string; tone?: Tone }) {
  return html`<span class="badge ${tone}">${word}</span>`;
}

export type Tone = "plain" | "good" | "warning" | "bad";

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { curlOf } from "../api/call.ts";
import { apiKey } from "../api/key.ts";
import { type ShownCall, shownCalls } from "../state/shown-calls.ts";

const COPIED_FOR_MS = 1_500;

/** The calls behind the page and the commands that ask the same, to copy. */
export function Calls() {
  const [, redraw] = useState(0);
  useEffect(() => shownCalls.listen(() => redraw((count) => count + 1)), []);
  const groups = shownCalls.byRoute();
  const commands = [...new Set(groups.flatMap(({ call }) => call.cli ?? []))];
  return html`
    <details class="panel calls" open>
      <summary><h2>Behind this page</h2></summary>
      <ul>${groups.map(({ call, count }) => html`<${CallLine} call=${call} count=${count} />`)}</ul>
      ${commands.length > 0 && html`<h3>Command line</h3>`}
      <ul>${commands.map((text) => html`<li key=${text}><${Copyable} text=${text} /></li>`)}</ul>
    </details>
  `;
}

function CallLine({ call, count }: { call: ShownCall; count: number }) {
  const { path, stream = false } = call;
  const needsKey = apiKey.value !== null;
  const text = curlOf(path, { origin: location.origin, stream, needsKey });
  // A stream never comes to an end that could be shown, and the browser itself takes no key along.
  const opens = !(stream && needsKey);
  const more = count > 1 ? ` and ${count - 1} more like it` : "";
  return html`
    <li>
      <${Copyable} text=${text} />
      ${opens && html`<a href=${path}>open</a>`}<span>${more}</span>
    </li>
  `;
}

function Copyable({ text }: { text: string }) {
  const [told, setTold] = useState<"copied" | "not copied" | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setTold("copied");
    } catch {
      // The browser forbids it; the text can be marked by hand.
      setTold("not copied");
    }
    setTimeout(() => setTold(null), COPIED_FOR_MS);
  };
  return html`
    <code>${text}</code>
    <button type="button" onClick=${copy} aria-label="Copy ${text}">
      <span aria-live="polite">${told ?? "copy"}</span>
    </button>
  `;
}

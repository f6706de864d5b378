import { html } from "htm/preact";
import type { Answer, Freshness } from "../api/ask.ts";
import { moment } from "../api/moment.ts";
import type { Problem, ProblemKind } from "../api/problem.ts";
import type { Asked } from "../state/use-answer.ts";
import { secondsText } from "./format.ts";

export interface PanelProps<T> {
  readonly title: string;
  readonly asked: Asked<T>;
  /** The address of the rows. */
  readonly path: string;
  readonly isEmpty?: (data: T) => boolean;
  readonly emptyText?: string;
  readonly render: (data: T, answer: Answer<T>) => unknown;
}

/** One call's part of a page: loading, empty, refused, or shown with its age. */
export function Panel<T>(props: PanelProps<T>) {
  const { title, asked, path } = props;
  const { answer, problem } = asked;
  const heading = `panel-${title.toLowerCase().replace(/\W+/g, "-")}`;
  return html`
    <section class="panel" aria-labelledby=${heading} aria-busy=${isLoading(asked)}>
      <header>
        <h2 id=${heading}>${title}</h2>
        ${answer && html`<${FreshnessNote} ...${answer} path=${path} />`}
      </header>
      ${problem && html`<${ProblemNote} problem=${problem} isOlder=${answer !== null} />`}
      ${contentOf(props)}
    </section>
  `;
}

function isLoading<T>({ answer, problem }: Asked<T>): boolean {
  return answer === null && problem === null;
}

function contentOf<T>({ asked, isEmpty, emptyText, render }: PanelProps<T>) {
  const { answer } = asked;
  if (isLoading(asked)) return html`<p class="state" role="status">Loading…</p>`;
  if (answer === null) return null;
  const nothing =
    isEmpty?.(answer.data) ?? (Array.isArray(answer.data) && answer.data.length === 0);
  if (nothing) return html`<p class="state">${emptyText ?? "There is nothing yet."}</p>`;
  return render(answer.data, answer);
}

/** From which generation, how old, and where the rows are. */
function FreshnessNote({
  generation,
  position,
  lagSeconds,
  parked,
  path,
}: Freshness & { path: string }) {
  const lines = Object.entries(position ?? {}).map(([name, next]) => `${name}: ${next}`);
  const positions = lines.join("\n");
  return html`
    <p class="freshness">
      ${generation !== null && html`<span title=${positions}>generation ${generation}</span>`}
      ${lagSeconds !== null && html`<span>lag ${secondsText(lagSeconds)}</span>`}
      ${parked && html`<span class="badge bad">parked: ${parked.join(", ")}</span>`}
      <a href=${moment.of({ path, route: path }).path}>rows</a>
    </p>
  `;
}

const ADVICE: Readonly<Record<ProblemKind, string | null>> = {
  "no such route": "This server has no such read model yet.",
  "not found": null,
  "not yet": "It is asked again by itself.",
  unreachable: "It is asked again by itself.",
  failed: null,
};

/** The problem in its own words: title, detail, code. */
export function ProblemNote({ problem, isOlder = false }: { problem: Problem; isOlder?: boolean }) {
  const { status } = problem;
  const advice = ADVICE[problem.kind];
  const isQuiet = problem.kind === "no such route" || problem.kind === "not found";
  return html`
    <div class="problem ${isQuiet ? "quiet" : ""}" role=${isQuiet ? "status" : "alert"}>
      <p>
        <strong>${problem.title}</strong>
        ${problem.code && html` <code>${problem.code}</code>`}
        ${status !== null && status >= 400 && html` <span>HTTP ${status}</span>`}
      </p>
      ${problem.message && html`<p>${problem.message}</p>`}
      ${advice && html`<p>${advice}</p>`}
      ${isOlder && html`<p>Below is the last answer before it.</p>`}
    </div>
  `;
}

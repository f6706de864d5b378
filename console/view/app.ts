import { html } from "htm/preact";
import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary, useRef, useState } from "preact/hooks";
import { apiKey } from "../api/key.ts";
import { moment } from "../api/moment.ts";
import { asProblem, Problem } from "../api/problem.ts";
import { type Page, type PageProps, pageOf, pages } from "../pages.ts";
import type { Place } from "../state/place.ts";
import { hrefOf } from "../state/place.ts";
import { useKeyChanges } from "../state/use-key.ts";
import { usePlace } from "../state/use-place.ts";
import { has, useRoutes } from "../state/use-routes.ts";
import { Calls } from "./calls.ts";
import { KeyForm } from "./key-form.ts";
import { MomentBar } from "./moment-bar.ts";
import { ProblemNote } from "./panel.ts";

/** The licence of the candle chart wants this link where it is used. */
const TRADING_VIEW = "https://www.tradingview.com/";

/** The frame of every page: navigation, the page, the calls behind it. */
export function App() {
  const place = usePlace();
  const page = pageOf(place);
  const title = page === null ? "No such page" : titleOf(page, place);
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  const keyChanges = useKeyChanges();
  useEffect(() => {
    document.title = `${title} – CipherHorizon`;
    // Who goes on by keyboard or hears the page is brought to its beginning.
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [title]);
  return html`
    <a class="skip" href=${location.hash || "#/"} onClick=${() => heading.current?.focus()}>
      Skip to the page
    </a>
    <${Navigation} current=${place.page} />
    <main>
      <h1 tabindex="-1" ref=${heading}>${title}</h1>
      <${KeyForm} />
      <${MomentBar} place=${place} />
      ${
        page === null
          ? html`<${ProblemNote} problem=${noSuchPage(place)} />`
          : html`<${LoadedPage} key=${`${title} ${keyChanges} ${moment.asOf}`} page=${page} place=${place} />`
      }
      <${Calls} />
    </main>
    <footer>
      <a href="/docs">API document</a>
      <a href="/metrics">Metrics</a>
      ${
        apiKey.value !== null &&
        html`<button type="button" onClick=${() => apiKey.forget()}>Forget the API key</button>`
      }
      <span>
        Charts: <a href=${TRADING_VIEW} rel="noreferrer">TradingView Lightweight Charts™</a>,
        Copyright (c) 2025 TradingView, Inc.
      </span>
    </footer>
  `;
}

function Navigation({ current }: { current: string }) {
  const routes = useRoutes();
  const listed = pages.filter(({ ofOne, needs }) => {
    return !ofOne && (needs === null || has(routes, needs));
  });
  const marked = (name: string) => (name === current ? "page" : undefined);
  return html`
    <header class="top">
      <a class="brand" href="#/">CipherHorizon</a>
      <nav class="choices" aria-label="Pages">
        ${listed.map(
          ({ name, title }) => html`
            <a key=${name} href=${hrefOf(name)} aria-current=${marked(name)}>${title}</a>
          `,
        )}
      </nav>
    </header>
  `;
}

function LoadedPage({ page, place }: { page: Page; place: Place }) {
  const [Loaded, setLoaded] = useState<{ readonly page: ComponentType<PageProps> } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [broken] = useErrorBoundary();
  useEffect(() => {
    page.load().then(setLoaded, (error: unknown) => setProblem(asProblem(error)));
  }, [page]);
  const shown = broken ? asProblem(broken) : problem;
  if (shown !== null) return html`<${ProblemNote} problem=${shown} />`;
  if (Loaded === null) return html`<p class="state" role="status">Loading…</p>`;
  return html`<${Loaded.page} place=${place} />`;
}

function titleOf({ title, ofOne }: Page, { id }: Place): string {
  return ofOne ? `${title} ${id}` : title;
}

function noSuchPage({ page }: Place): Problem {
  const known = pages.map(({ name }) => name);
  const detail = `There is no page ${page}; there are ${[...new Set(known)].join(", ")}.`;
  return new Problem({ title: "No such page", detail, status: null, code: null });
}

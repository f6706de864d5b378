import type { ComponentType } from "preact";
import type { Place } from "./state/place.ts";

export interface PageProps {
  readonly place: Place;
}

/** A page and its code, which comes when it is opened. */
export interface Page {
  readonly name: string;
  /** `null`: reached from another page. */
  readonly title: string;
  /** Of one thing, named by the address's id; else of all. */
  readonly ofOne: boolean;
  /** The route that it cannot be without; `null`: it shows what every platform has. */
  readonly needs: string | null;
  readonly load: () => Promise<{ readonly page: ComponentType<PageProps> }>;
}

/** Every page; those of all things are the navigation. */
export const pages: readonly Page[] = [
  all("overview", "Overview", () => import("./pages/overview.ts")),
  all("market", "Market", () => import("./pages/market.ts")),
  one("market", "Instrument", () => import("./pages/instrument.ts")),
  all("portfolios", "Portfolios", () => import("./pages/portfolios.ts")),
  one("portfolios", "Portfolio", () => import("./pages/portfolio.ts")),
  all("strategies", "Strategies", () => import("./pages/strategies.ts"), "/v1/strategies"),
  one("strategies", "Strategy", () => import("./pages/strategy.ts")),
  all("social", "Social", () => import("./pages/social.ts"), "/v1/traders"),
  one("social", "Trader", () => import("./pages/trader.ts")),
  all("events", "Events", () => import("./pages/events.ts")),
  one("explain", "A row of", () => import("./pages/explained-row.ts")),
  all("projections", "Projections", () => import("./pages/projections.ts")),
];

export function pageOf({ page, id }: Place): Page | null {
  return pages.find(({ name, ofOne }) => name === page && ofOne === (id !== null)) ?? null;
}

function all(name: string, title: string, load: Page["load"], needs: Page["needs"] = null): Page {
  return { name, title, ofOne: false, needs, load };
}

function one(name: string, title: string, load: Page["load"]): Page {
  return { name, title, ofOne: true, needs: null, load };
}

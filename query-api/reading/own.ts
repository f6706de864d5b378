import { mayRead, readsOnlyOf } from "../../platform/access/roles.ts";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import type { Route, RouteRequest } from "../../platform/http/route.ts";
import type { PortfolioReader } from "../../projections/portfolios/store.ts";
import type { QueryParts } from "./query-route.ts";
import type { ReadModel } from "./read-model.ts";
import { awaitToken } from "./token-wait.ts";

/** A portfolio that the caller may not read is answered like one that does not exist. */
export function noSuchPortfolio(id: string): PlatformError {
  const detail = `there is no portfolio ${id} that you may read`;
  return new PlatformError("NOT_FOUND", detail, { facts: { id } });
}

/** What other read models know of a portfolio is shown to whom the portfolio itself is shown. */
export function ofOwnPortfolio(
  route: Route,
  portfolios: ReadModel<PortfolioReader>,
  parts: QueryParts,
): Route {
  return {
    ...route,
    handle: async (request, response) => {
      const id = request.path["id"] as string;
      if (readsOnlyOf(request.identity) !== null) {
        await awaitToken(portfolios, request, parts);
        const { result } = await portfolios.read((reader) => reader.portfolio(id));
        if (!mayRead(request.identity, result?.owner ?? null)) throw noSuchPortfolio(id);
      }
      await route.handle(request, response);
    },
  };
}

/** What a trader is told of itself is told to no other; the path's `id` is the trader. */
export function requireSelf({ identity, path }: RouteRequest): void {
  const id = path["id"] as string;
  if (!mayRead(identity, id)) throw notOwn(`that is told to trader ${id} alone`);
}

export function notOwn(detail: string): PlatformError {
  return new PlatformError("NOT_OWNED", detail);
}

import type { Address } from "./call.ts";

/** What tells of now alone. */
const OF_NOW = ["/v1/projections", "/v1/events", "/v1/stream"];

/** The moment of the past that the page shows; the address holds it. */
class Moment {
  /** As the API takes it: a time, a position or a token; null: it is now. */
  asOf: string | null = null;

  /** A question to a read model, about this moment. */
  of<T extends Address>(call: T): T {
    const { path } = call;
    const isOfNow = !path.startsWith("/v1/") || OF_NOW.some((one) => path.startsWith(one));
    if (this.asOf === null || isOfNow) return call;
    const asked = `asOf=${encodeURIComponent(this.asOf)}`;
    return { ...call, path: `${path}${path.includes("?") ? "&" : "?"}${asked}` };
  }
}

/** There is one page. */
export const moment = new Moment();

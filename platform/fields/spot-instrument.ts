import { z } from "zod";

/** Two assets of one exchange, as a spot instrument's id names them: `binance:BTC-USDT`. */
export interface SpotInstrument {
  readonly exchange: string;
  readonly base: string;
  readonly quote: string;
}

const ASSET_PATTERN = /^[A-Z0-9][A-Z0-9._]{0,31}$/;
const INSTRUMENT_ID_PATTERN =
  /^([a-z0-9][a-z0-9._]{0,63}):([A-Z0-9][A-Z0-9._]{0,31})-([A-Z0-9][A-Z0-9._]{0,31})$/;

/** The code of an asset: `BTC`, `1INCH`. */
export function assetField() {
  return z.string().regex(ASSET_PATTERN, {
    error: "must be an asset code: 1 to 32 capital letters, digits, . and _",
  });
}

/** The id of a spot instrument; others (perpetuals, futures) cannot be held. */
export function instrumentIdField() {
  return z
    .string()
    .regex(INSTRUMENT_ID_PATTERN, { error: "must be a spot instrument: exchange:BASE-QUOTE" })
    .refine((id) => !namesOneAsset(id), { error: "must name two different assets" });
}

/** The parts of an id already validated: throws a RangeError on anything else. */
export function parseInstrumentId(id: string): SpotInstrument {
  const [, exchange, base, quote] = INSTRUMENT_ID_PATTERN.exec(id) ?? [];
  if (!exchange || !base || !quote) throw new RangeError(`not a spot instrument: ${id}`);
  return { exchange, base, quote };
}

function namesOneAsset(id: string): boolean {
  const match = INSTRUMENT_ID_PATTERN.exec(id);
  return match !== null && match[2] === match[3];
}

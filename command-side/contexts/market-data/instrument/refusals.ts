import { type Catalogue, refusal } from "../../../../platform/errors/catalogue.ts";

const EXIT_CODE_CONFLICT = 5;

export const refusals = {
  INSTRUMENT_NOT_REGISTERED: refusal(
    "Instrument not registered",
    "No instrument was registered under this id.",
  ),
  INSTRUMENT_ALREADY_REGISTERED: {
    ...refusal("Instrument already registered", "It was registered with other content."),
    exitCode: EXIT_CODE_CONFLICT,
  },
  INSTRUMENT_ID_MISMATCH: refusal(
    "Id of another instrument",
    "An instrument's id is made of its exchange, base and quote, and its kind where not spot.",
  ),
  INSTRUMENT_DELISTED: refusal(
    "Instrument delisted",
    "A delisted instrument takes no changes, and no ticks later than its end.",
  ),
  EFFECTIVE_BEFORE_LAST_CHANGE: refusal(
    "Effective before the last change",
    "Changes of an instrument take effect in the order in which they are made.",
  ),
  TOO_MANY_ALIASES: refusal("Too many aliases", "The instrument has the most there may be."),
  TOO_MANY_BACKFILL_RANGES: refusal(
    "Too many backfill ranges",
    "The instrument has the most declared ranges there may be.",
  ),
  MINUTE_STILL_KEPT: refusal(
    "Minute still kept",
    "The instrument remembers the minute's ticks itself; only older minutes are revised.",
  ),
  MINUTE_TOO_LARGE: refusal(
    "Minute too large",
    "The sums of a minute's ticks would not fit 38 digits.",
  ),
} satisfies Catalogue;

import { PlatformError } from "../../platform/errors/catalogue.ts";

/** A range holds more than one query may read. */
export class TooMuch extends PlatformError {
  constructor(what: string, limit: number) {
    const detail = `more than ${limit} ${what} are in the range; ask for a shorter one`;
    super("RANGE_TOO_LARGE", detail, { facts: { limit } });
  }
}

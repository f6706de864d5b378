import type { Log } from "../../platform/log/log.ts";
import type { SqliteLog } from "../../platform/log/sqlite/sqlite-log.ts";

/** The real log, whose first appends are carried out and then look failed. */
export function losingAnswers(log: SqliteLog, times: number): Log {
  return disturbed(log, times, async (append) => {
    await append();
    throw new Error("the answer was lost");
  });
}

/** The real log, whose first appends fail and leave nothing. */
export function failingAppends(log: SqliteLog, times: number): Log {
  return disturbed(log, times, async () => {
    throw new Error("the append failed");
  });
}

/** The real log, which tells nobody that something was appended to it. */
export function silent(log: SqliteLog): Log {
  return { ...passedOn(log), onAppended: () => () => undefined };
}

/** The real log, whose first appends come to what `disturb` makes of them. */
export function disturbed(
  log: SqliteLog,
  times: number,
  disturb: (append: () => ReturnType<Log["append"]>) => ReturnType<Log["append"]>,
): Log {
  let left = times;
  return {
    ...passedOn(log),
    append: (reign, expectedEnd, records) => {
      left -= 1;
      const append = () => log.append(reign, expectedEnd, records);
      return left >= 0 ? disturb(append) : append();
    },
  };
}

/** `refused`: it fails and leaves nothing. `lost`: it is carried out and looks failed. */
type Break = "refused" | "lost";
export type Breaks = Partial<Record<"append" | "claim" | "read", Break>>;

/** The real log, of which those calls fail that `breaks` names at the moment. */
export function breakable(log: SqliteLog, breaks: Breaks): Log {
  const calling = async <T>(name: keyof Breaks, call: () => Promise<T>): Promise<T> => {
    const broken = breaks[name];
    if (broken === undefined) return call();
    if (broken === "lost") await call();
    throw new Error(`the ${name} was ${broken}`);
  };
  return {
    ...passedOn(log),
    read: (ref, from, limits) => calling("read", () => log.read(ref, from, limits)),
    claim: (ref, claim) => calling("claim", () => log.claim(ref, claim)),
    append: (reign, end, records) => calling("append", () => log.append(reign, end, records)),
  };
}

function passedOn(log: SqliteLog): Log {
  return {
    topics: () => log.topics(),
    logId: () => log.logId(),
    read: (ref, from, limits) => log.read(ref, from, limits),
    ends: (topic) => log.ends(topic),
    endsAt: (topic, timestampMs) => log.endsAt(topic, timestampMs),
    onAppended: (listener) => log.onAppended(listener),
    close: () => log.close(),
    claim: (ref, claim) => log.claim(ref, claim),
    stillReigns: (reign) => log.stillReigns(reign),
    append: (reign, expectedEnd, records) => log.append(reign, expectedEnd, records),
  };
}

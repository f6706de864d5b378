import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { noLongerWatched } from "../no-longer-watched.ts";
import type { Output } from "../output.ts";
import type { Session } from "../session.ts";
import { waitWhileItMoves } from "../wait-while-it-moves.ts";
import { getParked, type ParkedStream } from "./streams.ts";

const POLL_MS = 250;

export interface ReleaseWatch {
  readonly name: string;
  readonly stream: string;
  /** As they stood before the release was asked for. */
  readonly before: readonly ParkedStream[];
  readonly stallMs: number;
}

/** Watches until the stream is through in every generation; parked again is a failure. */
export async function watchRelease(
  session: Session,
  watch: ReleaseWatch,
  { output, interrupted }: { readonly output: Output; readonly interrupted: AbortSignal },
): Promise<void> {
  const stopped = () => detached(watch, session);
  const waiting = { interrupted, stopped, pollMs: POLL_MS, stallMs: watch.stallMs };
  let told = "";
  await waitWhileItMoves(waiting, async () => {
    const { streams } = await getParked(session, watch.name, watch.stream);
    const left = watch.before.flatMap((one) => streams.filter((now) => isSame(one, now)));
    const again = left.find((now) => isParkedAgain(now, watch));
    if (again !== undefined) throw parkedAgain(watch, again);
    const progress = JSON.stringify(left.map((one) => [one.releases, one.storedPosition]));
    if (progress !== told) for (const one of left) output.message(underWay(one));
    told = progress;
    return { result: left.length === 0 || null, progress, stalled: () => stalled(watch) };
  });
}

function underWay({ generation, stream, storedPosition, partition }: ParkedStream): string {
  const at = storedPosition === null ? "through" : `at ${partition}@${storedPosition}`;
  return `${stream} in generation ${generation}: ${at}`;
}

function isSame(one: ParkedStream, other: ParkedStream): boolean {
  return one.generation === other.generation && one.partition === other.partition;
}

/** The query API may not have seen the order yet: then the count of releases is the old one. */
function isParkedAgain(now: ParkedStream, { before }: ReleaseWatch): boolean {
  const then = before.find((one) => isSame(one, now));
  const asked = then === undefined || then.releasing ? 0 : then.releases;
  return !now.releasing && now.releases > asked;
}

function parkedAgain({ name, stream }: ReleaseWatch, now: ParkedStream): Failure {
  return new Failure(exitCodes.refused, {
    failed: `${stream} is parked again in generation ${now.generation} of ${name}`,
    error: now.reason,
    tried: `applying its events again, up to ${now.partition}@${now.position}`,
    todo:
      `look at it with: cipherhorizon parked show ${name} ${stream}\n` +
      "then mend the projection and release it again, or give the event up with:\n" +
      `cipherhorizon parked discard ${name} ${stream} --reason "…"`,
  });
}

function stalled({ name, stream, stallMs }: ReleaseWatch): Failure {
  return new Failure(exitCodes.stalled, {
    failed: `the release of ${stream} makes no progress`,
    error: `nothing has changed for ${stallMs / 1000} s`,
    tried: "what is parked, four times a second",
    todo:
      "see that a process feeds the read model (cipherhorizon serve projections), that it is not " +
      `paused (cipherhorizon projections list), and what it says;\n${again(name, stream)}`,
  });
}

function detached({ name, stream }: ReleaseWatch, session: Session): Failure {
  return noLongerWatched(session, `the release of ${stream}`, {
    tried: "watching it being released",
    todo: again(name, stream),
  });
}

function again(name: string, stream: string): string {
  return `watch again with: cipherhorizon parked release ${name} ${stream} --reason "…"`;
}

import { z } from "zod";
import { isUnderWay } from "../../platform/generations/phase.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { openSession, type Session } from "../session.ts";
import { defineVerb, type Invocation, integerOption, usageFailure } from "../verb.ts";
import { type Generation, getProjection, sendStep } from "./generations.ts";

/** Verbs that take one step in the life of a projection's generations. */

const generation = integerOption(1, 1_000_000);
const reason = z.string().min(1).max(500);
const GENERATION = ["--generation <number>", "which one"] as const;
const REASON = ["--reason <text>", "why, for the record"] as const;

export const projectionsPromote = defineVerb({
  name: "promote",
  words: "<name>",
  summary: "Makes a generation live: one with a certificate, or with --force any that is fed",
  optionLines: [
    GENERATION,
    ["--force", "without the certificate of a comparison with the live one; needs --reason"],
    REASON,
  ],
  options: z.strictObject({
    generation,
    force: z.literal(true).optional(),
    reason: reason.optional(),
  }),
  examples: [
    "cipherhorizon projections promote portfolios --generation 2",
    'cipherhorizon projections promote portfolios --generation 2 --force --reason "the old rows were wrong"',
  ],
  run: async (invocation) => {
    const { generation: number, force, reason: given } = invocation.options;
    if (force && given === undefined) {
      throw usageFailure("--force needs --reason: it is put on record", "projections promote");
    }
    return inSession(invocation, async (session, name) => {
      const { generations } = await getProjection(session, name);
      const chosen = generations.find((one) => one.generation === number);
      const positions = force ? {} : (chosen?.certificate?.positions ?? {});
      const why = given ?? "from the command line";
      const data = {
        generation: number,
        rule: force ? "forced" : "verified",
        positions,
        reason: why,
      };
      await sendStep(session, step(name, "PromoteGeneration", "the promotion"), data);
      return { generation: number, done: "is live" };
    });
  },
});

export const projectionsRollback = defineVerb({
  name: "rollback",
  words: "<name>",
  summary: "Makes the generation that was replaced live again; it is fed on for some time",
  optionLines: [
    ["--generation <number>", "which one; else the one that was replaced last"],
    ["--force", "also to one that other code has built, whose rows may stand still"],
    REASON,
  ],
  options: z.strictObject({
    generation: generation.optional(),
    force: z.literal(true).optional(),
    reason,
  }),
  examples: ['cipherhorizon projections rollback portfolios --reason "figures look wrong"'],
  run: (invocation) => {
    const { options } = invocation;
    return inSession(invocation, async (session, name) => {
      const number = options.generation ?? (await replacedLast(session, name));
      const data = { generation: number, force: options.force ?? false, reason: options.reason };
      await sendStep(session, step(name, "RollBackGeneration", "the rollback"), data);
      return { generation: number, done: "is live again" };
    });
  },
});

export const projectionsRetire = defineVerb({
  name: "retire",
  words: "<name>",
  summary: "Drops a generation that was replaced at once, before its time is over",
  optionLines: [
    ["--generation <number>", "which one; else the one that was replaced last"],
    REASON,
  ],
  options: z.strictObject({ generation: generation.optional(), reason }),
  examples: ['cipherhorizon projections retire portfolios --reason "its disk space is needed"'],
  run: (invocation) => {
    const { options } = invocation;
    return inSession(invocation, async (session, name) => {
      const number = options.generation ?? (await replacedLast(session, name));
      const data = { generation: number, reason: options.reason };
      await sendStep(session, step(name, "RetireGeneration", "retiring"), data);
      return { generation: number, done: "is dropped" };
    });
  },
});

export const projectionsCancel = defineVerb({
  name: "cancel",
  words: "<name>",
  summary: "Gives up the generation that is being built, or that was found to differ",
  optionLines: [REASON],
  options: z.strictObject({ reason }),
  examples: ['cipherhorizon projections cancel portfolios --reason "started by mistake"'],
  run: (invocation) => {
    return inSession(invocation, async (session, name) => {
      const { generations } = await getProjection(session, name);
      const underWay = generations.find(({ phase }) => isUnderWay(phase));
      if (underWay === undefined) throw noSuch(name, "is being built");
      const data = { generation: underWay.generation, reason: invocation.options.reason };
      await sendStep(session, step(name, "CancelGeneration", "the cancellation"), data);
      return { generation: underWay.generation, done: "is given up" };
    });
  },
});

export const projectionsPause = defineVerb({
  name: "pause",
  words: "<name>",
  summary: "Stops feeding a read model; readers get what it has, with its lag",
  optionLines: [REASON],
  options: z.strictObject({ reason }),
  examples: ['cipherhorizon projections pause portfolios --reason "its server is moved"'],
  run: (invocation) => {
    return inSession(invocation, async (session, name) => {
      const { reason: why } = invocation.options;
      await sendStep(session, step(name, "PauseProjection", "pausing"), { reason: why });
      return { generation: null, done: "is paused" };
    });
  },
});

export const projectionsResume = defineVerb({
  name: "resume",
  words: "<name>",
  summary: "Feeds a read model again that was paused",
  optionLines: [REASON],
  options: z.strictObject({ reason: reason.default("from the command line") }),
  examples: ["cipherhorizon projections resume portfolios"],
  run: (invocation) => {
    return inSession(invocation, async (session, name) => {
      const { reason: why } = invocation.options;
      await sendStep(session, step(name, "ResumeProjection", "resuming"), { reason: why });
      return { generation: null, done: "is fed again" };
    });
  },
});

interface Taken {
  /** `null`: the step is the projection's. */
  readonly generation: number | null;
  readonly done: string;
}

async function inSession(
  { words, output, environment }: Invocation<unknown>,
  take: (session: Session, name: string) => Promise<Taken>,
): Promise<number> {
  const [name = ""] = words;
  const session = await openSession({ output, environment });
  try {
    const { generation: number, done } = await take(session, name);
    if (output.json) output.value({ name, generation: number, done });
    else output.line(`${name}${number === null ? "" : ` generation ${number}`} ${done}.`);
    return exitCodes.ok;
  } finally {
    await session.close();
  }
}

function step(name: string, type: string, what: string) {
  return { name, type, what: `${what} of ${name}` };
}

async function replacedLast(session: Session, name: string): Promise<number> {
  const { generations } = await getProjection(session, name);
  const replaced = generations.filter(({ phase }) => phase === "replaced");
  const last = replaced.toSorted((a: Generation, b: Generation) => (a.since < b.since ? 1 : -1))[0];
  if (last === undefined) throw noSuch(name, "was replaced and is still kept");
  return last.generation;
}

function noSuch(name: string, what: string): Failure {
  return new Failure(exitCodes.notFound, {
    failed: `nothing was done with ${name}`,
    error: `it has no generation that ${what}`,
    tried: "its generations, as the query API knows them",
    todo: "see them with: cipherhorizon projections list",
  });
}

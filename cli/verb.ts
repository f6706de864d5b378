import { Command, type CommanderError } from "commander";
import { z } from "zod";
import { EXIT_CODES_HELP, exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { createOutput, type Output } from "./output.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What of the process a verb may touch. */
export interface Shell {
  readonly environment: Environment;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by Ctrl-C and its relatives. */
  readonly interrupted: AbortSignal;
}

/** One call of a verb. */
export interface Invocation<Options> {
  /** The words after the verb. */
  readonly words: readonly string[];
  readonly options: Options;
  readonly output: Output;
  /** The environment, `--data` applied. */
  readonly environment: Environment;
  /** `--data` as it was given; `null` without it. */
  readonly dataFolder: string | null;
  readonly interrupted: AbortSignal;
}

/** An option as commander writes it, and what it means. */
type OptionLine = readonly [flags: string, meaning: string];

/** One verb of the command line as data; each stands in a file of its own. */
export interface Verb<Options = unknown> {
  readonly name: string;
  /** Words it takes, as commander writes them: `<file...>`. */
  readonly words?: string;
  readonly summary: string;
  readonly optionLines: readonly OptionLine[];
  readonly options: z.ZodType<Options>;
  readonly examples: readonly string[];
  /** What to do when it fails in an unforeseen way is told by this: `the import`. */
  run(invocation: Invocation<Options>): Promise<number>;
}

/** Verbs by noun; those without a noun stand under "". */
export type Nouns = Readonly<Record<string, Noun>>;

interface Noun {
  readonly summary: string;
  readonly load: () => Promise<{ readonly verbs: readonly RunnableVerb[] }>;
}

/** A verb whose options' type is its own affair. */
export interface RunnableVerb {
  readonly build: (call: Call) => Command;
}

interface Call {
  readonly shell: Shell;
  /** Told the exit code of the verb that ran. */
  readonly finish: (exitCode: number, output: Output) => Promise<void>;
}

export function defineVerb<Options>(verb: Verb<Options>): RunnableVerb {
  return { build: (call) => buildCommand(verb, call) };
}

/** A number of a command line: `--limit 20`. */
export function integerOption(minimum: number, maximum: number) {
  return z.coerce.number().int().min(minimum).max(maximum);
}

/** A time in seconds, also part of one: `--max-live-lag 0.5`. */
export function secondsOption(minimum: number, maximum: number) {
  return z.coerce.number().min(minimum).max(maximum);
}

const COMMON_OPTIONS: readonly OptionLine[] = [
  ["--data <folder>", "the data folder (else CH_DATA_FOLDER)"],
  ["--json", "data as JSON, one value a line"],
];

function buildCommand<Options>(verb: Verb<Options>, call: Call): Command {
  const command = new Command(verb.name).summary(verb.summary).description(verb.summary);
  if (verb.words) command.arguments(verb.words);
  for (const [flags, meaning] of [...verb.optionLines, ...COMMON_OPTIONS]) {
    command.option(flags, meaning);
  }
  const examples = verb.examples.map((example) => `  ${example}`).join("\n");
  command.addHelpText("after", `\nExamples:\n${examples}\n\n${EXIT_CODES_HELP}`);
  return command.action(async () => {
    const { data, json, ...given } = command.opts<{ data?: string; json?: boolean }>();
    const output = createOutput(json === true, call.shell);
    const { environment, interrupted } = call.shell;
    const exitCode = await verb.run({
      words: command.args,
      options: parseOptions(verb, given, command),
      output,
      environment: data === undefined ? environment : { ...environment, CH_DATA_FOLDER: data },
      dataFolder: data ?? null,
      interrupted,
    });
    await call.finish(exitCode, output);
  });
}

function parseOptions<Options>(
  verb: Verb<Options>,
  given: Record<string, unknown>,
  command: Command,
): Options {
  const parsed = verb.options.safeParse(given);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => {
    return `--${kebabCase(String(path[0]))}: ${message}`;
  });
  throw usageFailure(errors.join("\n"), calledAs(command));
}

/** `events list`: the noun, where there is one, and the verb. */
function calledAs(command: Command): string {
  const noun = command.parent?.parent ? `${command.parent.name()} ` : "";
  return noun + command.name();
}

/** What commander throws, as a failure; `null` when it only has shown help. */
export function fromCommander(error: CommanderError, words: readonly string[]): Failure | null {
  if (error.exitCode === 0) return null;
  return usageFailure(error.message.replace(/^error: /, ""), words.join(" "));
}

export function usageFailure(error: string, what: string): Failure {
  return new Failure(exitCodes.usage, {
    failed: "the command line was not understood",
    error,
    tried: `cipherhorizon ${what}`.trim(),
    todo: "see the words and options with --help",
  });
}

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

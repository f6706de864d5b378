import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { Output } from "../output.ts";
import { problemFailure } from "../problem-failure.ts";
import { type CommandResult, openSession } from "../session.ts";
import { defineVerb, usageFailure } from "../verb.ts";

export const commandsSend = defineVerb({
  name: "send",
  words: "[aggregate] [id] [type] [data]",
  summary: "Sends one command, or with --file one per line of NDJSON, and prints their answers",
  optionLines: [
    [
      "--file <file>",
      "lines of {aggregate, id, type, data, commandId?, expectedVersion?}; - is stdin",
    ],
    ["--command-id <uuid>", "the same id with the same command changes nothing twice"],
    ["--expected-version <version>", "refused unless the aggregate has this version; none: is new"],
  ],
  options: z.strictObject({
    file: z.string().optional(),
    commandId: z.uuid().optional(),
    expectedVersion: z.union([z.literal("none"), z.coerce.number().int().min(0)]).optional(),
  }),
  examples: [
    `cipherhorizon commands send portfolio p-1 OpenPortfolio '{"name":"Main"}'`,
    "cipherhorizon commands send --file commands.ndjson",
    "cat commands.ndjson | cipherhorizon commands send --file - --json",
  ],
  run: async ({ words, options, output, environment, interrupted }) => {
    const source =
      options.file === undefined
        ? onlyLine(oneCommand(words, options))
        : commandsOfFile(options.file, interrupted);
    const session = await openSession({ output, environment, mayBegin: true });
    try {
      const tally = new Tally(output);
      for await (const result of session.submit(source)) tally.add(result);
      return interrupted.aborted ? exitCodes.interrupted : tally.exitCode();
    } finally {
      await session.close();
    }
  },
});

/** Prints every answer and knows how it all ended. */
class Tally {
  readonly #output: Output;
  #accepted = 0;
  readonly #refused: Failure[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  add(result: CommandResult): void {
    const number = this.#accepted + this.#refused.length + 1;
    if (this.#output.json) this.#output.value(result);
    if (!result.accepted) {
      this.#refused.push(problemFailure(result, `command ${number}`));
      if (!this.#output.json) this.#output.line(`${number}  refused  ${result.code}`);
      return;
    }
    this.#accepted += 1;
    if (this.#output.json) return;
    const events = result.events.map(({ type }) => type).join(", ") || "nothing to add";
    this.#output.line(`${number}  accepted  ${result.id} version ${result.version}  ${events}`);
  }

  /** One command's refusal is the verb's own; of many, some are some. */
  exitCode(): number {
    const [first] = this.#refused;
    if (first === undefined) return exitCodes.ok;
    if (this.#accepted === 0 && this.#refused.length === 1) throw first;
    const errors = this.#refused.slice(0, 20).map(({ message }) => message);
    throw new Failure(this.#accepted === 0 ? first.exitCode : exitCodes.partial, {
      failed: `${this.#refused.length} of ${this.#accepted + this.#refused.length} commands`,
      error: errors.join("\n"),
      tried: "every command, in order",
      todo: "correct these and send them again; those accepted are done",
    });
  }
}

/** The data goes through as it was written: no number of it may lose a digit on the way. */
function oneCommand(
  words: readonly string[],
  { commandId, expectedVersion }: CommandOptions,
): string {
  const [aggregate, id, type, data = "{}"] = words;
  if (aggregate === undefined || id === undefined || type === undefined) {
    throw usageFailure("give aggregate, id and type, or --file", "commands send");
  }
  requireJson(data, "the data");
  const address = JSON.stringify({ aggregate, id, type, commandId, expectedVersion });
  return `${address.slice(0, -1)},"data":${oneLine(data)}}`;
}

interface CommandOptions {
  readonly commandId?: string | undefined;
  readonly expectedVersion?: number | "none" | undefined;
}

async function* onlyLine(line: string): AsyncGenerator<string> {
  yield line;
}

async function* commandsOfFile(file: string, signal: AbortSignal): AsyncGenerator<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (signal.aborted) return;
    if (line.trim() === "") continue;
    requireJson(line, `line ${number} of ${file}`);
    yield line;
  }
}

/** A line break can only stand between the tokens of JSON. */
function oneLine(json: string): string {
  return json.replaceAll(/[\r\n]+/g, " ");
}

function requireJson(text: string, where: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw usageFailure(`${where} is not JSON: ${(error as Error).message}`, "commands send");
  }
}

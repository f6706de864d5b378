import { Command, CommanderError } from "commander";
import { EXIT_CODES_HELP, exitCodes } from "./exit-codes.ts";
import { failureText, toFailure } from "./failure.ts";
import { watchInterrupts } from "./interrupts.ts";
import { nouns } from "./nouns.ts";
import { fromCommander, type Shell } from "./verb.ts";

const { stdout, stderr, env, argv } = process;

// A reader that has seen enough (`| head`) is no failure.
stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? exitCodes.ok : exitCodes.unavailable);
});

const shell: Shell = { environment: env, stdout, stderr, interrupted: watchInterrupts(process) };
process.exitCode = await run(shell, argv.slice(2));
// Whatever still holds the event loop must not hold the answer: everything was closed or failed.
process.exit();

async function run(shell: Shell, words: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = await buildProgram(words, shell, (code) => {
    exitCode = code;
  });
  try {
    if (words.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    return reportFailure(error, words);
  }
}

/** With the verbs of the noun that is asked for; of the others help shows the nouns alone. */
async function buildProgram(
  words: readonly string[],
  shell: Shell,
  ended: (code: number) => void,
): Promise<Command> {
  const program = new Command("cipherhorizon")
    .description("Event-sourced platform for crypto trading analytics")
    .addHelpText(
      "after",
      `\n${EXIT_CODES_HELP}\nStandard output is data, standard error messages.`,
    );
  const call = {
    shell,
    finish: async (exitCode: number, output: { flushed(): Promise<void> }) => {
      ended(exitCode);
      await output.flushed();
    },
  };
  const [first = "", second = ""] = words;
  const word = first === "help" ? second : first;
  const asked = Object.hasOwn(nouns, word) ? word : "";
  for (const [name, { summary, load }] of Object.entries(nouns)) {
    const parent =
      name === "" ? program : program.command(name).summary(summary).description(summary);
    if (name !== asked) continue;
    for (const verb of (await load()).verbs) parent.addCommand(verb.build(call));
  }
  keepErrorsQuiet(program);
  return program;
}

/** Commander shall throw and not print: every failure text has the same four parts. */
function keepErrorsQuiet(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  for (const child of command.commands) keepErrorsQuiet(child);
}

function reportFailure(error: unknown, words: readonly string[]): number {
  const json = words.includes("--json");
  if (error instanceof CommanderError) {
    // A noun without a verb: its help stands on standard error already.
    if (error.code === "commander.help") return exitCodes.usage;
    const failure = fromCommander(error, words);
    if (failure === null) return exitCodes.ok;
    return writeFailure(failure, json);
  }
  const verb = words.filter((word) => !word.startsWith("-")).slice(0, 2);
  return writeFailure(toFailure(error, `cipherhorizon ${verb.join(" ")}`), json);
}

function writeFailure(failure: ReturnType<typeof toFailure>, json: boolean): number {
  const { parts, code, exitCode } = failure;
  stderr.write(
    json ? `${JSON.stringify({ ...parts, code, exitCode })}\n` : `${failureText(failure)}\n`,
  );
  return exitCode;
}

import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "./files.ts";
import { runProgram } from "./run-program.ts";
import type { Instance } from "./server.ts";

const ENDS_WITHIN_MS = 60_000;

/**
 * Runs a class of the instance's program to its end. Its words travel in a file that only we read,
 * for there is a password among them: on the command line everybody could see it.
 */
export async function runJava(
  { program, folder }: Instance,
  words: readonly string[],
  onStart: (pid: number) => void,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const file = join(folder, "java.arguments");
  const lines = ["-cp", join(program, "lib", "*"), ...words].map((word) => {
    return `${JSON.stringify(word)}\n`;
  });
  writeWhole(file, lines.join(""));
  try {
    await runProgram("java", [`@${file}`], { withinMs: ENDS_WITHIN_MS, environment, onStart });
  } finally {
    rmSync(file);
  }
}

import type { Writable } from "node:stream";

/** Where a verb speaks: data to standard output, messages to standard error. */
export interface Output {
  /** With `--json` data is JSON, one value a line, and nothing else goes to standard output. */
  readonly json: boolean;
  /** One line of data. */
  line(text: string): void;
  /** One value of data as a line of JSON. */
  value(value: unknown): void;
  /** One line for the person at the screen. */
  message(text: string): void;
  /** Standard error is a terminal: animation is welcome. */
  readonly animated: boolean;
  readonly messages: Writable;
  /** Resolves when everything written has left the process. */
  flushed(): Promise<void>;
}

interface Streams {
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

export function createOutput(json: boolean, { stdout, stderr }: Streams): Output {
  return {
    json,
    line: (text) => stdout.write(`${text}\n`),
    value: (value) => stdout.write(`${JSON.stringify(value)}\n`),
    message: (text) => stderr.write(`${text}\n`),
    animated: stderr.isTTY === true,
    messages: stderr,
    flushed: async () => {
      await Promise.all([drained(stdout), drained(stderr)]);
    },
  };
}

/** Rows of text as columns with two spaces between; numbers (`right`) stand under each other. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => {
    return Math.max(...all.map((row) => (row[column] ?? "").length));
  });
  const lines = all.map((row) => {
    const cells = header.map((name, column) => {
      const [cell, width] = [row[column] ?? "", widths[column] ?? 0];
      return right.includes(name) ? cell.padStart(width) : cell.padEnd(width);
    });
    return cells.join("  ").trimEnd();
  });
  return lines.join("\n");
}

function drained(stream: Writable): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

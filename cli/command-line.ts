/** One command as `POST /v1/commands` takes it. */
export interface CommandLine {
  readonly aggregate: string;
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Commands as the lines of JSON that a session submits. */
export async function* commandTexts(
  commands: Iterable<CommandLine> | AsyncIterable<CommandLine>,
): AsyncGenerator<string> {
  for await (const command of commands) yield JSON.stringify(command);
}

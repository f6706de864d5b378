import { fetchWithKey } from "./key.ts";
import { Problem, problemOf } from "./problem.ts";

/** One event of a `text/event-stream`. */
export interface StreamedEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: StreamedEvent) => void;
  /** `null`: connected. */
  readonly onState: (problem: Problem | null) => void;
}

const RECONNECT_AFTER_MS = 1_000;

/**
 * Follows a stream until the signal: a lost connection is resumed after the last event, with
 * nothing missing. (`EventSource` tells neither a refusal's reason nor events of unknown names.)
 */
export async function followStream(path: string, options: FollowOptions): Promise<void> {
  const { signal, onState } = options;
  const parser = new EventStreamParser();
  while (!signal.aborted) {
    try {
      await readOnce(path, parser, options);
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Problem ? error : connectionLost(error);
      onState(problem);
      if (problem.status !== null && problem.status < 500 && problem.status !== 429) return;
    }
    await pause(RECONNECT_AFTER_MS, signal);
  }
}

async function readOnce(
  path: string,
  parser: EventStreamParser,
  { signal, onEvent, onState }: FollowOptions,
): Promise<void> {
  const last = parser.lastId;
  const headers: Record<string, string> = last === null ? {} : { "Last-Event-ID": last };
  const response = await fetchWithKey(path, { signal, cache: "no-store", headers });
  if (!response.ok) throw await problemOf(response);
  if (response.body === null) return;
  onState(null);
  parser.restart();
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    for (const event of parser.push(chunk)) onEvent(event);
  }
}

function connectionLost(error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  const title = "The stream is interrupted; it is resumed where it stopped";
  return new Problem({ title, detail, status: null, code: null });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The grammar of `text/event-stream`: `field: value` lines, an empty line ends an event. */
export class EventStreamParser {
  #rest = "";
  #event = "message";
  #data: string[] = [];
  #lastId: string | null = null;
  #id: string | null = null;

  /** The id of the last whole event: where a new connection goes on. */
  get lastId(): string | null {
    return this.#lastId;
  }

  /** What a broken connection left unfinished comes again. */
  restart(): void {
    this.#rest = "";
    this.#event = "message";
    this.#data = [];
    this.#id = this.#lastId;
  }

  *push(chunk: string): Generator<StreamedEvent> {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#take(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (event !== null) yield event;
    }
  }

  #take(line: string): StreamedEvent | null {
    if (line === "") return this.#end();
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "id") this.#id = value;
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return null;
  }

  #end(): StreamedEvent | null {
    const event = { id: this.#id, event: this.#event, data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#event = "message";
    this.#data = [];
    if (isEmpty) return null;
    this.#lastId = this.#id;
    return event;
  }
}

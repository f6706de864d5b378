import { basename } from "node:path";
import { ALLOWED_LATENESS_MS, MINUTE_MS } from "../../platform/market/interval.ts";
import { type CommandLine, commandTexts } from "../command-line.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, interrupted as interruptedFailure } from "../failure.ts";
import type { Output } from "../output.ts";
import { problemFailure } from "../problem-failure.ts";
import { type Progress, startProgress } from "../progress.ts";
import type { CommandResult, Session, TickCounts } from "../session.ts";
import type { CsvFile } from "./csv-file.ts";
import { guessInstrument } from "./guess-instrument.ts";
import { openTicks, readTicks, type TickInput } from "./read-ticks.ts";

/** Of a file's bad rows so many are named, the others counted. */
const BAD_ROWS_SHOWN = 20;
/** The progress is looked at once in so many rows. */
const ROWS_PER_UPDATE = 500;

export interface TickImport {
  readonly session: Session;
  readonly output: Output;
  readonly interrupted: AbortSignal;
  /** Instruments that are not known are registered as their symbols read. */
  readonly register: boolean;
  /** Tells equal ticks without id from those of another feed. */
  readonly feedSession?: string | undefined;
}

export interface ImportedTicks extends TickCounts {
  /** Commands sent beside the ticks themselves. */
  readonly commands: number;
  /** Rows that are no ticks; they are among `rejected`. */
  readonly badRows: number;
}

/**
 * Reads the files one after another into the platform, each as one request, and closes the candles
 * of what they touched. Sent again, all of it is known: nothing changes.
 */
export async function importTicks(
  paths: readonly string[],
  parts: TickImport,
): Promise<ImportedTicks> {
  // A missing file is told before the first one is read.
  const files = await Promise.all(paths.map(openTicks));
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const progress = startProgress(parts.output, { label: "importing", total, unit: "ticks" });
  const state = { parts, progress, files, seen: new Map(), rows: 0, commands: 0 };
  const done: (TickCounts & { badRows: number })[] = [];
  try {
    for (const file of files) done.push(await importFile(file, state));
  } finally {
    progress.stop();
  }
  await closeCandles(state);
  return { ...sumOf(done), commands: state.commands };
}

interface Touched {
  readonly exchange: string;
  readonly symbol: string;
  lastTimeMs: number;
}

interface State {
  readonly parts: TickImport;
  readonly progress: Progress;
  readonly files: readonly CsvFile[];
  /** By exchange and symbol. */
  readonly seen: Map<string, Touched>;
  rows: number;
  commands: number;
}

async function importFile(
  file: CsvFile,
  state: State,
): Promise<TickCounts & { readonly badRows: number }> {
  const { session, feedSession } = state.parts;
  const bad = new BadRows(file.path, state.progress);
  const feed = {
    source: "backfill",
    ...(feedSession === undefined ? {} : { feedSession }),
  } as const;
  const lines: number[] = [];
  const { counts, errors } = await session.sendTicks(tickTexts(file, { state, bad, lines }), feed);
  if (lines.length === 0 && bad.count > 0) throw allBad(file.path, bad);
  const badRows = bad.count;
  for (const { index, detail } of errors) bad.tell(lines[index] ?? 0, detail);
  return { ...counts, rejected: counts.rejected + badRows, badRows };
}

interface FileState {
  readonly state: State;
  readonly bad: BadRows;
  /** The line in the file of each tick sent. */
  readonly lines: number[];
}

/** The file's ticks as lines of JSON; registers an instrument before its first tick leaves. */
async function* tickTexts(file: CsvFile, { state, bad, lines }: FileState): AsyncGenerator<string> {
  for await (const { line, ...row } of readTicks(file)) {
    state.rows += 1;
    if (state.rows % ROWS_PER_UPDATE === 0) watch(state);
    if ("bad" in row) {
      bad.add(line, row.bad);
      continue;
    }
    await touch(row.tick, state);
    lines.push(line);
    yield JSON.stringify(row.tick);
  }
}

function watch({ parts, progress, files, rows }: State): void {
  const bytesRead = files.reduce((sum, file) => sum + file.bytesRead(), 0);
  progress.update(bytesRead, rows);
  if (parts.interrupted.aborted) {
    const todo = "run it again: it starts over, and what is there is not doubled";
    throw interruptedFailure("the import was not finished", todo);
  }
}

async function touch({ exchange, symbol, timestamp }: TickInput, state: State): Promise<void> {
  const key = `${exchange} ${symbol}`;
  const known = state.seen.get(key);
  if (known !== undefined) {
    if (timestamp > known.lastTimeMs) known.lastTimeMs = timestamp;
    return;
  }
  state.seen.set(key, { exchange, symbol, lastTimeMs: timestamp });
  if (state.parts.register) await register(exchange, symbol, state);
}

/** Under its guessed id; where that is another spelling's instrument, the symbol is an alias. */
async function register(exchange: string, symbol: string, state: State): Promise<void> {
  const guess = guessInstrument(exchange, symbol);
  if (guess === null) {
    state.progress.note(
      `${exchange} ${symbol}: the symbol names no two assets; register it with ` +
        "cipherhorizon commands send instrument … RegisterInstrument",
    );
    return;
  }
  const { id, payload } = guess;
  const registered = await send(state, command(id, "RegisterInstrument", payload));
  if (registered.accepted) return;
  if (registered.code === "INSTRUMENT_ALREADY_REGISTERED") {
    const alias = await send(state, command(id, "AddInstrumentAlias", { symbol }));
    // A delisted instrument takes no new spelling; its old ones still hold for its old ticks.
    if (alias.accepted || alias.code === "INSTRUMENT_DELISTED") return;
    throw problemFailure(alias, `the alias ${symbol} of ${id}`);
  }
  throw problemFailure(registered, `the registration of ${id}`);
}

function command(id: string, type: string, data: CommandLine["data"]): CommandLine {
  return { aggregate: "instrument", id, type, data };
}

async function send(state: State, line: CommandLine): Promise<CommandResult> {
  state.commands += 1;
  for await (const result of state.parts.session.submit(commandTexts([line]))) return result;
  throw new Error(`${line.type} of ${line.id} got no answer`);
}

/** Nothing later comes from the files, so the last minute of each instrument is over. */
async function closeCandles(state: State): Promise<void> {
  const lastTimes = new Map<string, number>();
  for (const { exchange, symbol, lastTimeMs } of state.seen.values()) {
    const id = guessInstrument(exchange, symbol)?.id;
    if (id !== undefined) lastTimes.set(id, Math.max(lastTimeMs, lastTimes.get(id) ?? 0));
  }
  const commands = [...lastTimes].map(([id, lastTimeMs]) => {
    const minuteEndMs = (Math.floor(lastTimeMs / MINUTE_MS) + 1) * MINUTE_MS;
    return command(id, "CloseCandles", { upTo: minuteEndMs + ALLOWED_LATENESS_MS });
  });
  for await (const result of state.parts.session.submit(commandTexts(commands))) {
    state.commands += 1;
    if (result.accepted || result.code === "NOT_FOUND") continue;
    throw problemFailure(result, "the closing of the last candles");
  }
}

/** The rows of one file that are no ticks, or were not taken for one. */
class BadRows {
  count = 0;
  first = "";
  #told = 0;
  readonly #path: string;
  readonly #progress: Progress;

  constructor(path: string, progress: Progress) {
    this.#path = basename(path);
    this.#progress = progress;
  }

  add(line: number, problem: string): void {
    this.count += 1;
    if (this.count === 1) this.first = `line ${line}: ${problem}`;
    this.tell(line, problem);
  }

  /** Names the row to the user, unless many were named already. */
  tell(line: number, problem: string): void {
    this.#told += 1;
    if (this.#told > BAD_ROWS_SHOWN + 1) return;
    const isLast = this.#told === BAD_ROWS_SHOWN + 1;
    const text = `${this.#path}:${line}: ${problem}`;
    this.#progress.note(isLast ? "Further bad rows are counted and not named." : text);
  }
}

function allBad(path: string, bad: BadRows): Failure {
  return new Failure(exitCodes.usage, {
    failed: `${path} was not imported`,
    error: `none of its ${bad.count} rows is a tick; the first: ${bad.first}`,
    tried: "every row",
    todo: "see which columns and forms a file must have with: cipherhorizon import ticks --help",
  });
}

function sumOf(all: readonly (TickCounts & { readonly badRows: number })[]) {
  const sum = (name: keyof TickCounts | "badRows") => {
    return all.reduce((total, counts) => total + counts[name], 0);
  };
  return {
    accepted: sum("accepted"),
    duplicates: sum("duplicates"),
    beyondHorizon: sum("beyondHorizon"),
    rejected: sum("rejected"),
    quarantined: sum("quarantined"),
    badRows: sum("badRows"),
  };
}

import { basename } from "node:path";
import { type CommandLine, commandTexts } from "../command-line.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, interrupted as interruptedFailure } from "../failure.ts";
import type { Output } from "../output.ts";
import { type Problem, problemFailure } from "../problem-failure.ts";
import { type Progress, startProgress } from "../progress.ts";
import type { CommandResult, Session } from "../session.ts";
import type { CsvFile } from "./csv-file.ts";
import type { Deposit } from "./deposit-option.ts";
import { openFills, readFills } from "./read-fills.ts";

/** Of what is refused or unreadable so many lines are named, the others counted. */
const PROBLEMS_SHOWN = 20;

export interface FillImport {
  readonly session: Session;
  readonly output: Output;
  readonly interrupted: AbortSignal;
  readonly portfolioId: string;
  readonly assumeMissing: boolean;
  /** How to open the portfolio first; `null`: it is open. */
  readonly open: OpenPortfolio | null;
  readonly deposits: readonly Deposit[];
}

interface OpenPortfolio {
  readonly name: string;
  readonly baseCurrency: string;
  readonly costMethod: "average" | "fifo";
}

export interface ImportedFills {
  readonly recorded: number;
  /** Were there before. */
  readonly known: number;
  readonly refused: number;
  readonly badRows: number;
  readonly commands: number;
}

/** Records a file's fills in a portfolio, in the file's order; sent again, they are known. */
export async function importFills(path: string, parts: FillImport): Promise<ImportedFills> {
  const file = await openFills(path);
  const total = file.sizeBytes;
  const progress = startProgress(parts.output, { label: "importing", total, unit: "fills" });
  const tally = new Tally(path, progress);
  try {
    const lines: number[] = [];
    const commands = commandTexts(allCommands(file, { parts, tally, progress, lines }));
    let index = 0;
    for await (const result of parts.session.submit(commands)) {
      tally.answered(result, lines[index] ?? 0);
      index += 1;
    }
  } finally {
    progress.stop();
  }
  return tally.result();
}

interface Reading {
  readonly parts: FillImport;
  readonly tally: Tally;
  readonly progress: Progress;
  /** The line of each command sent; 0 of those that no line asked for. */
  readonly lines: number[];
}

async function* allCommands(file: CsvFile, reading: Reading): AsyncGenerator<CommandLine> {
  const { parts, tally, progress, lines } = reading;
  let isFirst = true;
  for await (const row of readFills(file, parts)) {
    if (parts.interrupted.aborted) {
      const todo = "run it again: it starts over, and what is there is not doubled";
      throw interruptedFailure("the import was not finished", todo);
    }
    progress.update(file.bytesRead(), lines.length);
    if ("bad" in row) {
      tally.bad(row.line, row.bad);
      continue;
    }
    if (isFirst) {
      for (const command of openingCommands(parts, Number(row.command.data.occurredAt))) {
        lines.push(0);
        yield command;
      }
      isFirst = false;
    }
    lines.push(row.line);
    yield row.command;
  }
}

/** Opens the portfolio and pays in what was there, as of the first fill. */
function openingCommands(parts: FillImport, occurredAt: number): CommandLine[] {
  const { portfolioId, open, deposits } = parts;
  const command = (type: string, data: CommandLine["data"]): CommandLine => {
    return { aggregate: "portfolio", id: portfolioId, type, data };
  };
  const opening = open === null ? [] : [command("OpenPortfolio", { ...open })];
  const payments = deposits.map((deposit, index) => {
    const externalReference = `opening-${index + 1}-${deposit.asset}`;
    return command("DepositFunds", { ...deposit, externalReference, occurredAt });
  });
  return [...opening, ...payments];
}

class Tally {
  #recorded = 0;
  #known = 0;
  #badRows = 0;
  #commands = 0;
  #problems = 0;
  readonly #refusals: Failure[] = [];
  readonly #path: string;
  readonly #progress: Progress;

  constructor(path: string, progress: Progress) {
    this.#path = path;
    this.#progress = progress;
  }

  bad(line: number, problem: string): void {
    this.#badRows += 1;
    this.#note(line, problem);
  }

  answered(result: CommandResult, line: number): void {
    this.#commands += 1;
    if (result.accepted) {
      if (line > 0) this.#countFill(result.events.length > 0);
      return;
    }
    // The portfolio was opened by an earlier run, perhaps with another name: it is as it is.
    if (line === 0 && result.code === "PORTFOLIO_ALREADY_OPEN") return;
    if (result.code === "NOT_FOUND") throw notOpen(this.#path, result);
    const failure = problemFailure(result, `line ${line} of ${this.#path}`);
    if (line === 0) throw failure;
    this.#refusals.push(failure);
    this.#note(line, `${result.code}: ${result.detail}`);
  }

  result(): ImportedFills {
    const [first] = this.#refusals;
    if (this.#recorded + this.#known === 0) {
      if (first !== undefined) throw first;
      if (this.#badRows > 0) throw this.#allBad();
    }
    return {
      recorded: this.#recorded,
      known: this.#known,
      refused: this.#refusals.length,
      badRows: this.#badRows,
      commands: this.#commands,
    };
  }

  #countFill(isNew: boolean): void {
    if (isNew) this.#recorded += 1;
    else this.#known += 1;
  }

  #note(line: number, problem: string): void {
    this.#problems += 1;
    if (this.#problems > PROBLEMS_SHOWN) return;
    this.#progress.note(`${basename(this.#path)}:${line}: ${problem}`);
  }

  #allBad(): Failure {
    return new Failure(exitCodes.usage, {
      failed: `${this.#path} was not imported`,
      error: `none of its ${this.#badRows} rows is a fill`,
      tried: "every row; see the messages above",
      todo: "see which columns a file must have with: cipherhorizon import fills --help",
    });
  }
}

/** Without its portfolio no fill of the file can be recorded: the first says it for all. */
function notOpen(path: string, { detail, code }: Problem): Failure {
  const parts = {
    failed: `${path} was not imported`,
    error: detail ?? "there is no such portfolio",
    tried: "its first fill",
    todo: "run it again with --open, or with the --portfolio that is meant",
  };
  return new Failure(exitCodes.notFound, parts, code ?? null);
}

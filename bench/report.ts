/** One measured value. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is measured against, and the share of it that is reached. */
  readonly against?: { readonly name: string; readonly ratio: number };
}

/** What was measured of one thing that is asked again and again. */
export interface Row {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly longestMilliseconds: number;
  /** `null` where its answers do not tell it. */
  readonly worstLagSeconds: number | null;
  readonly worstGapEvents: number | null;
}

/** `null`: it was not measured. */
export type Cell = number | string | null;

/** The first column names what is measured. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [string, ...Cell[]])[];
}

/** What one section has measured. */
export interface Section {
  readonly name: string;
  readonly figures: readonly Figure[];
  readonly tables?: readonly Table[];
  /** What the figures do not show, in sentences. */
  readonly remarks?: readonly string[];
}

export function printSections(sections: readonly Section[], isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(sections)}\n`);
    return;
  }
  for (const { name, figures, tables = [], remarks = [] } of sections) {
    const lines = [...figures.map(figureLine), ...tables.flatMap(tableLines), ...remarks];
    process.stdout.write(`\n${[name, ...lines].join("\n")}\n`);
  }
}

function figureLine({ name, value, unit, against }: Figure): string {
  const share = against ? `  (${(against.ratio * 100).toFixed(1)} % of ${against.name})` : "";
  return `${name.padEnd(52)} ${numberText(value).padStart(12)} ${unit}${share}`;
}

function numberText(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}

const COLUMNS: readonly (readonly [string, (row: Row) => number | null])[] = [
  ["requests", (row) => row.requests],
  ["failed", (row) => row.failed],
  ["p50 ms", (row) => row.p50Milliseconds],
  ["p99 ms", (row) => row.p99Milliseconds],
  ["longest", (row) => row.longestMilliseconds],
  ["lag s", (row) => row.worstLagSeconds],
  ["gap", (row) => row.worstGapEvents],
];

/** Slowest first: what is over a limit stands above what is not. */
export function tableOfRoutes(title: string, rows: readonly Row[]): Table {
  const sorted = rows.toSorted((one, two) => two.p99Milliseconds - one.p99Milliseconds);
  return {
    columns: [title, ...COLUMNS.map(([column]) => column)],
    rows: sorted.map((row) => [row.name, ...COLUMNS.map(([, cellOf]) => cellOf(row))]),
  };
}

/** The first column to the left, figures to the right. */
function tableLines({ columns, rows }: Table): string[] {
  const texts = [columns, ...rows.map(([name, ...cells]) => [name, ...cells.map(cellText)])];
  const widths = columns.map((_, i) => Math.max(...texts.map((line) => line[i]?.length ?? 0)));
  const lines = texts.map(([name = "", ...cells]) => {
    const padded = cells.map((cell, i) => cell.padStart((widths[i + 1] ?? 0) + 2));
    return name.padEnd(widths[0] ?? 0) + padded.join("");
  });
  return ["", ...lines];
}

function cellText(value: Cell): string {
  if (value === null) return "-";
  if (typeof value === "string") return value;
  return Number.isInteger(value) || value >= 1_000
    ? Math.round(value).toLocaleString("en")
    : value.toFixed(value < 10 ? 2 : 1);
}

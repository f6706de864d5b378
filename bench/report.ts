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

/** What one section has measured. */
export interface Section {
  readonly name: string;
  readonly figures: readonly Figure[];
  readonly rows?: readonly Row[];
  /** What the figures do not show, in sentences. */
  readonly remarks?: readonly string[];
}

export function printSections(sections: readonly Section[], isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(sections)}\n`);
    return;
  }
  for (const { name, figures, rows = [], remarks = [] } of sections) {
    const lines = [...figures.map(figureLine), ...tableOf(rows), ...remarks];
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
const COLUMN_CHARACTERS = 9;

/** Slowest first: what is over a limit stands above what is not. */
function tableOf(rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const head = COLUMNS.map(([title]) => title.padStart(COLUMN_CHARACTERS));
  const sorted = rows.toSorted((one, two) => two.p99Milliseconds - one.p99Milliseconds);
  const lines = sorted.map((row) => {
    const cells = COLUMNS.map(([, cellOf]) => cellText(cellOf(row)).padStart(COLUMN_CHARACTERS));
    return row.name.padEnd(width) + cells.join("");
  });
  return ["route".padEnd(width) + head.join(""), ...lines];
}

function cellText(value: number | null): string {
  if (value === null) return "-";
  return Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(1);
}

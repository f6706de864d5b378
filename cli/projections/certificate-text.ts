import { table } from "../output.ts";

const SHOWN_OF_A_SUM = 16;

/** Of a certificate, or of a comparison that was made here. */
interface FoundEqual {
  readonly positions: Readonly<Record<string, number>>;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly sum: string;
  }[];
  readonly rechecked: number;
  readonly held: number;
  readonly beyond: number;
  readonly parkedStreams: readonly string[];
  readonly leftOut?: readonly string[];
}

interface FoundDifferent {
  readonly reason: string;
  readonly differences: readonly {
    readonly table: string;
    readonly key: string;
    readonly live: string | null;
    readonly built: string | null;
  }[];
}

/** What a comparison that found no difference rests on, for a person. */
export function certificateText(certificate: FoundEqual): string {
  const { positions, tables, rechecked, held, beyond } = certificate;
  const rows = tables.map((one) => [
    one.table,
    String(one.rows),
    `${one.sum.slice(0, SHOWN_OF_A_SUM)}…`,
  ]);
  const partitions = Object.entries(positions).map(([key, next]) => `${key}@${next}`);
  return [
    table(["table", "rows", "digest"], rows, ["rows"]),
    `compared up to ${partitions.join(", ")}`,
    `${rechecked} rows that changed meanwhile were compared again, ${held} of them held`,
    ...(beyond > 0 ? [`${beyond} rows are newer than the old generation, which stands still`] : []),
    ...listed("parked in both", certificate.parkedStreams),
    ...listed("declared to differ", certificate.leftOut ?? []),
  ].join("\n");
}

function listed(what: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${what}: ${items.join(", ")}`];
}

/** The first rows that differ: `table key`, then both. */
export function differenceText({ reason, differences }: FoundDifferent): string {
  const rows = differences.map(({ table: name, key, live, built }) => {
    return `${name} ${key}\n  live:  ${live ?? "none"}\n  built: ${built ?? "none"}`;
  });
  return [reason, ...rows].join("\n");
}

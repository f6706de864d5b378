/** One place where two documents differ; a side that has nothing there is left out. */
interface Difference {
  /** A JSON pointer. */
  readonly pointer: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Where two JSON values differ, in the order of their fields; lists are compared by place. */
export function differences(before: unknown, after: unknown, pointer = ""): Difference[] {
  if (isBranch(before) && isBranch(after) && Array.isArray(before) === Array.isArray(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => {
      return differences(before[name], after[name], `${pointer}/${escaped(name)}`);
    });
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [
    {
      pointer,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

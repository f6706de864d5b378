/** One thing looked at. `warn`: it works, but look at it. `fail`: it does not work. */
export interface Finding {
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at: `disk space`. */
  readonly about: string;
  readonly detail: string;
  /** What to do or to look at next; empty where all is well. */
  readonly todo: string;
}

export function ok(about: string, detail: string): Finding {
  return { level: "ok", about, detail, todo: "" };
}

export function warn(about: string, detail: string, todo: string): Finding {
  return { level: "warn", about, detail, todo };
}

export function fail(about: string, detail: string, todo: string): Finding {
  return { level: "fail", about, detail, todo };
}

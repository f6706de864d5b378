/** One line of `POST /v1/commands`. */
export interface CommandLine {
  readonly aggregate: string;
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly commandId?: string;
  readonly expectedVersion?: number | "none";
}

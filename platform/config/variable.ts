import { type ZodType, z } from "zod";

/** One variable of the environment: how it is read, and what the reference says about it. */
export interface Variable<T = unknown> {
  readonly name: string;
  readonly meaning: string;
  readonly rule: string;
  readonly example: string;
  /** What stands when the variable is not set, as it would be written; null: nothing. */
  readonly fallback: string | null;
  /** Its value never appears in an output. */
  readonly secret: boolean;
  readonly schema: ZodType<T, string>;
}

/** A row of the table; what it leaves out is as usual. */
type Row<T> = Omit<Variable<T>, "secret" | "fallback"> & { readonly secret?: true };

export function required<T>(row: Row<T> & { readonly fallback: string }): Variable<T> {
  return { secret: false, ...row };
}

export function optional<T>(row: Row<T>): Variable<T> & { readonly fallback: null } {
  return { secret: false, ...row, fallback: null };
}

export function integer(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum);
}

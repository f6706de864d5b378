import { z } from "zod";
import { idField, NumberText, textField } from "../../../../platform/fields/fields.ts";
import { intervals } from "../../../../platform/market/interval.ts";
import { isPeriod, type Parsed, PERIOD_RULE, parseCondition, parseIndicator } from "./rules.ts";

const MOST_RULES = 50;
const MOST_TAGS = 20;
const MOST_INSTRUMENTS = 100;
const MOST_DOCUMENT_CHARACTERS = 64 * 1024;
const MOST_FURTHER_CHARACTERS = 16 * 1024;

/** What the platform says of a strategy beside its document; a document cannot claim it. */
const RESERVED_FIELDS = [
  "_id",
  "status",
  "version",
  "ownerId",
  "visibility",
  "forkedFrom",
  "createdAt",
  "changedAt",
] as const;

function parsedBy(parse: (text: string) => Parsed<unknown>) {
  return z
    .string()
    .max(100)
    .superRefine((text, context) => {
      const parsed = parse(text);
      if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.reason });
    });
}

const params = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/),
    z.union([z.number(), z.string().max(100), z.boolean()]),
  )
  .refine((given) => given["period"] === undefined || isPeriod(given["period"]), {
    error: PERIOD_RULE,
  });

const rule = z.strictObject({
  indicator: parsedBy(parseIndicator),
  params: params.optional(),
  condition: parsedBy(parseCondition),
  action: z.enum(["buy", "sell", "close", "alert"]),
  size: z.number().positive().optional(),
  repeat: z.boolean().optional(),
});

const further = z.unknown().refine((value) => !holdsLongNumber(value), {
  error: "holds a number of more digits than a JSON number keeps; send it as text",
});

/** The fields of a strategy's document; those it does not know are kept as they are. */
const fields = {
  name: textField(80),
  type: textField(40),
  tags: z.array(textField(40)).max(MOST_TAGS).optional(),
  rules: z.array(rule).min(1).max(MOST_RULES),
  risk_profile: z
    .object({
      max_loss: z.number().gt(0).lte(1),
      volatility: z.union([z.number().positive(), z.enum(["low", "medium", "high"])]),
    })
    .catchall(further),
  instruments: z.array(idField()).max(MOST_INSTRUMENTS).optional(),
  interval: z.enum(intervals).optional(),
  portfolio: idField().optional(),
};

const FIELD_NAMES = new Set(Object.keys(fields));

export function documentField() {
  return withRules(z.object(fields).catchall(further));
}

/** The document as it is sent to `POST /v1/strategies`, with its id. */
export function documentWithIdField() {
  return z
    .object({ _id: idField(), ...fields })
    .catchall(further)
    .superRefine(({ _id, ...document }, context) => checkWhole(document, context));
}

export type StrategyDocument = z.infer<ReturnType<typeof documentField>>;

function withRules<T extends z.ZodType<Record<string, unknown>>>(schema: T): T {
  return schema.superRefine((document, context) => {
    checkWhole(document as Record<string, unknown>, context as z.RefinementCtx);
  }) as T;
}

function checkWhole(document: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const name of RESERVED_FIELDS) {
    if (!Object.hasOwn(document, name)) continue;
    context.addIssue({ code: "custom", path: [name], message: "is set by the platform" });
  }
  const others = Object.entries(document).filter(([name]) => !FIELD_NAMES.has(name));
  requireAtMost(JSON.stringify(Object.fromEntries(others)), MOST_FURTHER_CHARACTERS, context);
  requireAtMost(JSON.stringify(document), MOST_DOCUMENT_CHARACTERS, context);
}

function requireAtMost(text: string, most: number, context: z.RefinementCtx): void {
  if (text.length <= most) return;
  const message = `must be at most ${most} characters of JSON, further fields ${MOST_FURTHER_CHARACTERS}`;
  context.addIssue({ code: "custom", message });
}

function holdsLongNumber(value: unknown): boolean {
  if (value instanceof NumberText) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsLongNumber);
}

import { z } from "zod";
import { idField, NumberText, textField } from "../../../../platform/fields/fields.ts";
import { intervals } from "../../../../platform/market/interval.ts";
import { isPeriod, type Parsed, PERIOD_RULE, parseCondition, parseIndicator } from "./rules.ts";

const MOST_RULES = 50;
const MOST_TAGS = 20;
const MOST_INSTRUMENTS = 100;
const MOST_DOCUMENT_CHARACTERS = 64 * 1024;
const TOO_LARGE = { error: `must be at most ${MOST_DOCUMENT_CHARACTERS} characters of JSON` };
const MOST_ATTRIBUTES_CHARACTERS = 16 * 1024;

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

const LONG_NUMBER = "holds a number of more digits than a JSON number keeps; send it as text";
const further = z.unknown().refine((value) => !holdsLongNumber(value), { error: LONG_NUMBER });

/** Taken as it was parsed: a copy would lose a member named `__proto__`. */
const attributes = z
  .custom<Readonly<Record<string, unknown>>>(isObject, { error: "must be an object" })
  .meta({ type: "object" })
  .refine((given) => !holdsLongNumber(given), { error: LONG_NUMBER })
  .refine((given) => Object.keys(given).every((name) => name.length <= 100), {
    error: "must have names of at most 100 characters",
  })
  .refine((given) => JSON.stringify(given).length <= MOST_ATTRIBUTES_CHARACTERS, {
    error: `must be at most ${MOST_ATTRIBUTES_CHARACTERS} characters of JSON`,
  });

/** The fields of a strategy's document, under the names it was specified with. */
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
  /** Whatever else belongs to it: kept as it is, from version to version. */
  attributes: attributes.optional(),
};

export function documentField() {
  return z.strictObject(fields).refine(isSmall, TOO_LARGE);
}

/** The document as it is sent to `POST /v1/strategies`, with its id. */
export function documentWithIdField() {
  return z.strictObject({ _id: idField(), ...fields }).refine(isSmall, TOO_LARGE);
}

export type StrategyDocument = z.infer<ReturnType<typeof documentField>>;

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSmall(document: object): boolean {
  return JSON.stringify(document).length <= MOST_DOCUMENT_CHARACTERS;
}

function holdsLongNumber(value: unknown): boolean {
  if (value instanceof NumberText) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsLongNumber);
}

import type { core } from "zod";
import type { FieldError } from "../errors/catalogue.ts";

/** Errors told of one request; more would not help anybody. */
const MAXIMUM_FIELD_ERRORS = 20;

/**
 * Zod's issues as JSON pointers below `prefix` ("" for the body, `/query` and `/path`), one for
 * each unknown field.
 */
export function fieldErrors(issues: readonly core.$ZodIssue[], prefix = ""): readonly FieldError[] {
  return issues.flatMap((issue) => errorsOf(issue, prefix)).slice(0, MAXIMUM_FIELD_ERRORS);
}

function errorsOf(issue: core.$ZodIssue, prefix: string): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code !== "unrecognized_keys") {
    return [{ pointer: pointerOf(path, prefix), detail: detailOf(issue) }];
  }
  return issue.keys.map((key) => ({
    pointer: pointerOf([...path, key], prefix),
    detail: "is not a known field",
  }));
}

function detailOf(issue: core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) {
    return "is missing";
  }
  return issue.message.replace(/^Invalid input: /, "");
}

/** RFC 6901: `~` and `/` inside a key are written `~0` and `~1`. */
function pointerOf(path: readonly string[], prefix: string): string {
  const escaped = path.map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1"));
  return [prefix, ...escaped].join("/");
}

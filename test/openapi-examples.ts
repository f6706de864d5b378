export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly example: unknown }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
  /** One alternative per role; empty: no key is needed. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

interface Parameter {
  readonly name?: string;
  readonly in?: "path" | "query" | "header";
  readonly required?: boolean;
  readonly example?: string;
}

/** One request made of the examples of an operation. */
export interface Example {
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  /** `null` without a body. */
  readonly contentType: string | null;
  readonly body: string | null;
}

/** Query parameters that an operation needs, where the document has no example of them. */
const NEEDED: Readonly<Record<string, string>> = {
  topic: "portfolio.events",
  interval: "1m",
  from: "2024-08-08T00:00:00Z",
  to: "2024-08-09T00:00:00Z",
  fromVersion: "1",
  toVersion: "1",
  key: '["p-1"]',
};

/** One example per operation and kind of body. */
export function examplesOf({ paths }: OpenApi): readonly Example[] {
  return Object.entries(paths).flatMap(([path, operations]) => {
    return Object.entries(operations).flatMap(([method, operation]): Example[] => {
      const common = { operation, method: method.toUpperCase(), path };
      const content = Object.entries(operation.requestBody?.content ?? {});
      if (content.length === 0) return [{ ...common, contentType: null, body: null }];
      return content.map(([contentType, { example }]) => {
        const body = typeof example === "string" ? example : JSON.stringify(example);
        return { ...common, contentType, body };
      });
    });
  });
}

/** The example's path, `id` in place of the document's, with the query that it needs. */
export function addressOf({ path, operation }: Example, id?: string): string {
  const examples = new Map(operation.parameters.map(({ name, example }) => [name, example]));
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const example = (name === "id" ? id : undefined) ?? examples.get(name);
    if (example === undefined) throw new Error(`${path} has no example of {${name}}`);
    return encodeURIComponent(example);
  });
  const needed = operation.parameters.filter((one) => one.in === "query" && one.required);
  const query = needed.map(({ name = "" }) => {
    const value = NEEDED[name];
    if (value === undefined) throw new Error(`${path}: no example of ?${name}=`);
    return `${name}=${encodeURIComponent(value)}`;
  });
  return query.length === 0 ? filled : `${filled}?${query.join("&")}`;
}

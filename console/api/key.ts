/** The tab keeps it, and forgets it when it is closed; `/docs` in the same tab reads it there. */
const NAME = "cipherhorizon.apiKey";

/** The key that the page's requests bear, and whether the server wants another one. */
class ApiKey {
  readonly #listeners = new Set<() => void>();
  #refusal: string | null = null;

  /** Null: none was given. */
  get value(): string | null {
    return sessionStorage.getItem(NAME);
  }

  /** Why the server lets nobody in with this key, or without one; null: it does. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** What was asked in vain is asked again. */
  give(key: string): void {
    sessionStorage.setItem(NAME, key);
    this.#refusal = null;
    this.#tell();
  }

  forget(): void {
    sessionStorage.removeItem(NAME);
    this.#tell();
  }

  /** An answer of 401 came; the first tells the page, which then asks for a key. */
  refused(reason: string): void {
    if (this.#refusal === reason) return;
    this.#refusal = reason;
    this.#tell();
  }

  headers(): Readonly<Record<string, string>> {
    const key = this.value;
    return key === null ? {} : { Authorization: `Bearer ${key}` };
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** There is one page. */
export const apiKey = new ApiKey();

/** Asks with the key; the page hears of a 401. */
export async function fetchWithKey(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...apiKey.headers(), ...init.headers };
  const response = await fetch(path, { ...init, headers });
  if (response.status === 401) apiKey.refused(await reasonOf(response.clone()));
  return response;
}

async function reasonOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const isProblem = typeof body === "object" && body !== null && "detail" in body;
  return isProblem ? String(body.detail) : response.statusText;
}

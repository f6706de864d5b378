import { useEffect, useState } from "preact/hooks";
import { fetchWithKey } from "../api/key.ts";
import { useKeyChanges } from "./use-key.ts";

/** Which routes this platform has; null while that is not known. */
export type Routes = ReadonlySet<string> | null;

let asked: Promise<Routes> | null = null;

/** The paths of the API document. What cannot be told is shown: its page says what is wrong. */
export function useRoutes(): Routes {
  const [routes, setRoutes] = useState<Routes>(null);
  const changes = useKeyChanges();
  useEffect(() => {
    asked ??= askRoutes();
    void asked.then(setRoutes);
  }, [changes]);
  return routes;
}

export function has(routes: Routes, path: string): boolean {
  return routes === null || routes.has(path);
}

async function askRoutes(): Promise<Routes> {
  try {
    const response = await fetchWithKey("/openapi.json");
    if (response.ok) return pathsOf(await response.json());
    // With another key it may be told.
    asked = null;
    return null;
  } catch {
    // The pages' own calls tell that the platform cannot be reached.
    asked = null;
    return null;
  }
}

function pathsOf(document: unknown): Routes {
  if (typeof document !== "object" || document === null || !("paths" in document)) return null;
  return new Set(Object.keys(document.paths as object));
}

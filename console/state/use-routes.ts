import { useEffect, useState } from "preact/hooks";

/** Which routes this platform has; null while that is not known. */
export type Routes = ReadonlySet<string> | null;

let asked: Promise<Routes> | null = null;

/** The paths of the API document. What cannot be told is shown: its page says what is wrong. */
export function useRoutes(): Routes {
  const [routes, setRoutes] = useState<Routes>(null);
  useEffect(() => {
    asked ??= askRoutes();
    void asked.then(setRoutes);
  }, []);
  return routes;
}

export function has(routes: Routes, path: string): boolean {
  return routes === null || routes.has(path);
}

async function askRoutes(): Promise<Routes> {
  try {
    const response = await fetch("/openapi.json");
    const document: unknown = response.ok ? await response.json() : null;
    return pathsOf(document);
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

import { useEffect, useState } from "preact/hooks";
import { apiKey } from "../api/key.ts";

/** How often a key was given or refused: what rests on it begins anew with each. */
export function useKeyChanges(): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => apiKey.listen(() => setChanges((count) => count + 1)), []);
  return changes;
}

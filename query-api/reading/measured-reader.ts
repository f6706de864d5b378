import { measuredRequest } from "../../platform/telemetry/client-requests.ts";
import { inSpan } from "../../platform/telemetry/tracing.ts";
import { type StoreName, storeSpan } from "../../projections/runner/measured-store.ts";
import type { GenerationReader, OpenGeneration } from "./generation-reader.ts";

/** Counts and times what is asked of a store's readers, and traces queries; one for all stores. */
export function measuredReaders<Reader>(
  open: OpenGeneration<Reader>,
  store: StoreName,
): OpenGeneration<Reader> {
  return async (generation) => {
    const reader = await open(generation);
    return reader === null ? null : measuredReader(reader, store);
  };
}

function measuredReader<Reader>(
  reader: GenerationReader<Reader>,
  store: StoreName,
): GenerationReader<Reader> {
  const { server } = store;
  const reading = storeSpan("read", store);
  return {
    read: (query) => {
      const request = { server, operation: "read" };
      return inSpan(reading, () => measuredRequest(request, () => reader.read(query)));
    },
    positions: () => {
      return measuredRequest({ server, operation: "positions" }, () => reader.positions());
    },
    close: () => reader.close(),
  };
}

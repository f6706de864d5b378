import { v5 } from "uuid";

/** The namespace of event ids; it never changes, or the same decision would get another id. */
const EVENT_NAMESPACE = "6f1c9e0a-53a4-5d0e-9c41-2b7f4d1a8e55";

/**
 * uuid v5 of topic, aggregate, command and index: deciding a command again yields the same id.
 *
 * Where command ids are not remembered, a client may use one twice. There the event's `sequence`
 * takes part, which no other event of the stream has; `null` elsewhere.
 */
export function eventId(
  topic: string,
  aggregateId: string,
  commandId: string,
  index: number,
  sequence: number | null = null,
): string {
  const place = sequence === null ? index : `${index}|${sequence}`;
  return v5(`${topic}|${aggregateId}|${commandId}|${place}`, EVENT_NAMESPACE);
}

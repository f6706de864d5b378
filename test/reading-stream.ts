/** An event of a `text/event-stream`. */
export interface StreamedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StreamRequest {
  readonly url: string;
  readonly lastEventId?: string | undefined;
}

/** The stream as it is open: it gives events until it is closed or the other side ends it. */
export interface OpenStream {
  readonly events: AsyncIterable<StreamedEvent>;
  close(): void;
}

/** Resolves when the server has accepted: what is appended from then on is in the stream. */
export async function openStream({ url, lastEventId }: StreamRequest): Promise<OpenStream> {
  const closing = new AbortController();
  const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
  const response = await fetch(url, { headers, signal: closing.signal });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return { events: eventsOf(response), close: () => closing.abort() };
}

/** The next `count` events; the stream is closed then. */
export async function takeEvents(
  request: StreamRequest,
  count: number,
): Promise<readonly StreamedEvent[]> {
  const stream = await openStream(request);
  const taken: StreamedEvent[] = [];
  for await (const event of stream.events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  stream.close();
  return taken;
}

async function* eventsOf(response: Response): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) if (!block.startsWith(":")) yield parse(block);
  }
}

function parse(block: string): StreamedEvent {
  const fields = new Map(
    block.split("\n").map((line): [string, string] => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const data = JSON.parse(fields.get("data") ?? "");
  return { id: fields.get("id") ?? "", event: fields.get("event") ?? "", data };
}

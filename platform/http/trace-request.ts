import type { Request, Response } from "express";
import { type Span, tracing } from "../telemetry/tracing.ts";
import { conversationOn, incomingTraceparent, introduce } from "./conversation.ts";
import type { Route } from "./route.ts";

/** Probes and files are asked for all the time, and lead nowhere. */
const TRACED = "/v1/";
const SERVER_ERROR = 500;

/**
 * Serves a request within a span, which the conversation names from then on: what is asked and
 * appended meanwhile belongs to it. It ends with the answer.
 */
export async function inRequestSpan(
  route: Route,
  { request, response }: { readonly request: Request; readonly response: Response },
  serve: () => Promise<void>,
): Promise<void> {
  const trace = tracing();
  if (trace === null || !route.path.startsWith(TRACED)) return serve();
  const span = trace.begin({
    name: `${request.method} ${route.path}`,
    kind: "server",
    parent: incomingTraceparent(request),
    attributes: { "http.request.method": request.method, "http.route": route.path },
  });
  introduce(response, { ...conversationOn(response), traceparent: span.traceparent });
  response.once("close", () => end(span, response));
  return trace.within(span, serve);
}

function end(span: Span, response: Response): void {
  const { statusCode: status, headersSent: isAnswered } = response;
  if (isAnswered) span.set({ "http.response.status_code": status });
  const failure = status >= SERVER_ERROR ? `answered ${status}` : undefined;
  span.end(isAnswered ? failure : "the client has gone");
}

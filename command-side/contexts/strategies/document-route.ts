import { traders } from "../../../platform/access/roles.ts";
import type { Route } from "../../../platform/http/route.ts";
import { acceptedAnswer, sendOutcome } from "../../command-answer.ts";
import { COMMAND_HEADERS, commandRequest } from "../../command-routes.ts";
import type { CommandGateway } from "../../gateway.ts";
import { EXAMPLE_DOCUMENT } from "./strategy/commands.ts";
import { documentWithIdField } from "./strategy/document.ts";
import { strategy } from "./strategy/index.ts";

/** `POST /v1/strategies`: a whole document, which names its own id in `_id`. */
export function documentRoute(gateway: CommandGateway): Route {
  return {
    method: "POST",
    path: `/v1/${strategy.collection}`,
    operationId: "createStrategyDocument",
    tag: strategy.context,
    summary: "Create a strategy from a document that carries its id",
    access: traders,
    pathParameters: null,
    pathExample: {},
    query: null,
    body: {
      contentTypes: ["application/json"],
      schema: documentWithIdField(),
      example: { _id: "strategy_123", ...EXAMPLE_DOCUMENT },
    },
    headers: COMMAND_HEADERS,
    answers: [
      {
        status: 201,
        description: "The strategy now exists; its document stands beside",
        contentType: "application/json",
        schema: acceptedAnswer.loose(),
      },
    ],
    handle: async (request, response) => {
      const { _id: id, ...document } = request.body as { readonly _id: string };
      const { raw, identity } = request;
      const asked = { raw, identity, path: { id }, body: document };
      const outcome = await gateway.submit(commandRequest(strategy, "CreateStrategy", asked));
      sendOutcome(response, outcome, { _id: id, ...document });
    },
  };
}

import { type Catalogue, refusal } from "../../../../platform/errors/catalogue.ts";

export const refusals = {
  TRADER_NOT_REGISTERED: refusal(
    "Trader not registered",
    "No trader was registered under this id.",
  ),
  TRADER_ALREADY_REGISTERED: refusal(
    "Trader already registered",
    "A trader was registered under this id with other content.",
  ),
  TRADER_LEFT: refusal("Trader left", "Who has left takes part in nothing more."),
  HANDLE_TAKEN: refusal("Handle taken", "Another trader has the handle, in whatever case."),
  OWN_RELATION: refusal("Relation to oneself", "Nobody follows, blocks or copies oneself."),
  TRADER_UNKNOWN: refusal("Trader unknown", "The other trader is not registered or has left."),
  TRADER_BLOCKED: refusal("Trader blocked", "One of the two has blocked the other."),
  TOO_MANY_RELATIONS: refusal("Too many relations", "The trader has the most there may be."),
  COPIES_NOT_ACCEPTED: refusal("Copies not accepted", "The leader lets nobody copy."),
  COPIERS_FULL: refusal("Copiers full", "The leader has as many copiers as it lets in."),
  COPY_CYCLE: refusal("Copy cycle", "The leader copies the follower, directly or through others."),
  COPY_EXISTS: refusal("Copy exists", "The relation exists with other terms; adjust it."),
  COPY_UNKNOWN: refusal("Copy unknown", "There is no such copy relation."),
  PORTFOLIO_NOT_OWNED: refusal(
    "Portfolio of another trader",
    "A trader copies with a portfolio of their own, or with one that names no owner.",
  ),
  PORTFOLIO_UNUSABLE: refusal("Portfolio unusable", "There is no such portfolio, or it is closed."),
  ALLOCATION_NOT_COVERED: refusal(
    "Allocation not covered",
    "The portfolio's cash does not cover all that is allocated from it.",
  ),
} satisfies Catalogue;

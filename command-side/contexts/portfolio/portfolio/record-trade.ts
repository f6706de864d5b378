import { type Decimal, ZERO } from "../../../../platform/kernel/decimal.ts";
import {
  accepted,
  type Decision,
  type Refusal,
  refused,
} from "../../../../platform/kernel/decider.ts";
import type { RecordTrade } from "./commands.ts";
import { ASSUMED_BASIS, type Basis, NO_BASIS } from "./cost.ts";
import {
  acquire,
  type Draft,
  figuresOf,
  giveUp,
  held,
  isCash,
  openDraft,
  realise,
} from "./draft.ts";
import type { PortfolioEvent, TradeRecorded } from "./events.ts";
import { accounts, transfer } from "./ledger.ts";
import { matchKey, tradeNaturalKey } from "./natural-keys.ts";
import type { OpenState } from "./open-state.ts";
import { refuseUnrecordable } from "./recordable.ts";
import { feeTooLarge, shortfall, tradeIdConflict } from "./refusals.ts";
import { type TradeFigures, tradeFigures, type Value } from "./trade-figures.ts";

type Data = RecordTrade["data"];

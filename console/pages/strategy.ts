import { html } from "htm/preact";
import {
  getStrategy,
  listStrategyVersions,
  type Strategy,
  type StrategyVersion,
} from "../api/strategies.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Facts } from "../view/facts.ts";
import { Badge, Count, Time } from "../view/figure.ts";
import { plainText, wordsOf } from "../view/format.ts";
import { Panel } from "../view/panel.ts";
import { Rules, strategyTone } from "../view/strategy-parts.ts";
import { type Column, Table } from "../view/table.ts";

/** One strategy: its document, its rules and their history. */
export function page({ place }: PageProps) {
  const id = place.id ?? "";
  const [call, versions] = [getStrategy(id), listStrategyVersions(id)];
  const asked = useAnswer(call);
  const askedVersions = useAnswer(versions);
  return html`
    <${Panel} title="Strategy" asked=${asked} path=${call.path}
      render=${(data: Strategy) => html`
        <${Facts} facts=${factsOf(data)} />
        <h3>Rules</h3>
        <${Rules} rules=${data.rules} />
      `} />
    <${Panel} title="Versions" asked=${askedVersions} path=${versions.path}
      render=${(rows: readonly StrategyVersion[]) => html`
        <${Table} caption="Versions" columns=${versionColumns} rows=${rows}
          keyOf=${({ version }: StrategyVersion) => String(version)} />
      `} />
  `;
}

function factsOf(data: Strategy) {
  const { _id: id, status } = data;
  const signals = hrefOf("events", null, {
    topic: "strategies.events",
    aggregateId: id,
    from: "start",
  });
  const profile = Object.entries(data.risk_profile ?? {});
  return [
    { name: "name", shown: data.name },
    { name: "status", shown: html`<${Badge} word=${status} tone=${strategyTone(status)} />` },
    { name: "version", shown: html`<${Count} value=${data.version} href=${signals} />` },
    { name: "type", shown: data.type ?? "–" },
    { name: "owner", shown: data.ownerId ?? "–" },
    { name: "interval", shown: data.interval ?? "–" },
    { name: "instruments", shown: data.instruments?.map(instrumentLink) ?? "–" },
    ...profile.map(([name, value]) => ({ name: wordsOf(name), shown: plainText(value) })),
  ];
}

function instrumentLink(id: string) {
  return html`<a key=${id} href=${hrefOf("market", id)}>${id}</a> `;
}

const versionColumns: readonly Column<StrategyVersion>[] = [
  { title: "Version", isFigure: true, cell: ({ version }) => html`<${Count} value=${version} />` },
  { title: "Since (UTC)", cell: ({ createdAt }) => html`<${Time} value=${createdAt} />` },
  {
    title: "Rules",
    cell: ({ rules }) =>
      rules?.map((one) => `${one.indicator} ${one.condition} → ${one.action}`).join("; ") ?? "–",
  },
];

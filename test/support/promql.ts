import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** What an expression of PromQL says of one series: its name, and what its labels must be. */
export interface Selector {
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** An expression as Prometheus' own grammar reads it. */
export interface Expression {
  readonly selectors: readonly Selector[];
  /** The labels that it groups by, or joins on. */
  readonly grouped: readonly string[];
}

/** Reads an expression; throws where it is none. Grafana's variables stand for what they come to be. */
export function readPromql(given: string): Expression {
  const text = given.replaceAll("$__rate_interval", "5m");
  const textOf = ({ from, to }: SyntaxNode) => text.slice(from, to);
  const all = (below: SyntaxNode, name: string): SyntaxNode[] => {
    const found: SyntaxNode[] = [];
    below.cursor().iterate((node) => {
      if (node.name === name && node.from >= below.from && node.to <= below.to) found.push(node.node);
    });
    return found;
  };
  const { topNode } = parser.parse(text);
  const [fault] = all(topNode, "⚠");
  if (fault) throw new Error(`${given}: cannot be read at ${fault.from}`);
  return {
    selectors: all(topNode, "VectorSelector").map((selector) => ({
      name: all(selector, "Identifier").map(textOf)[0] ?? "",
      matchers: all(selector, "UnquotedLabelMatcher").map((matcher) => ({
        label: all(matcher, "LabelName").map(textOf)[0] ?? "",
        operator: all(matcher, "MatchOp").map(textOf)[0] ?? "",
        value: all(matcher, "StringLiteral").map(textOf)[0]?.slice(1, -1) ?? "",
      })),
    })),
    grouped: all(topNode, "GroupingLabels").flatMap((labels) => all(labels, "LabelName").map(textOf)),
  };
}

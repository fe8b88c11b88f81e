/** Memory's graph for people (its heaviest edges), for Graphviz (DOT) and for Mermaid. */
import type { MemoryGraph } from "@nopea/domain";
import type { Look } from "../Terminal.js";
import { oneLine, paintFor, plural, table } from "../Text.js";

type Graph = MemoryGraph.MemoryGraph;

const SHOWN = 40;

const namesOf = ({ nodes }: Graph): ReadonlyMap<string, string> =>
  new Map(
    nodes.map(({ id, name, namespace }) => [
      id,
      namespace === undefined ? name : `${namespace}/${name}`,
    ]),
  );

const words: Readonly<Record<MemoryGraph.Relation, string>> = {
  deployed_to: "deployed to",
  breaks: "broken by",
  deployed_together: "deployed with",
  breaks_after: "breaks after",
};

/** That a drawing is not of all. */
export const cutWords = ({ edges }: Graph): string =>
  `the ${plural(edges.length, "heaviest edge")} alone, of more: -n, -s and --limit choose`;

export const graphLines = (graph: Graph, look: Look, limit = SHOWN): ReadonlyArray<string> => {
  const paint = paintFor(look);
  if (graph.edges.length === 0) return ["no edge: nothing was learnt here yet, or it has faded"];
  const names = namesOf(graph);
  const more = graph.edges.length - limit;
  return [
    ...table<MemoryGraph.GraphEdge>(
      [
        { title: "FROM", cell: ({ from }) => names.get(from) ?? from },
        { title: "RELATION", cell: ({ relation }) => words[relation] },
        { title: "TO", cell: ({ to }) => names.get(to) ?? to },
        { title: "TIMES", cell: ({ observations }) => String(observations) },
        { title: "WEIGHT", cell: ({ weight }) => weight.toFixed(2) },
      ],
      graph.edges.slice(0, limit),
      paint,
      look.width,
    ),
    ...(more > 0
      ? [
          paint.dim(
            `${plural(more, "more edge")}${graph.truncated ? " and others" : ""}, lighter than these: --limit ${graph.edges.length} shows them`,
          ),
        ]
      : graph.truncated
        ? [paint.dim("there are more, lighter than these: a larger --limit, -n or -s shows them")]
        : []),
  ];
};

const quoted = (text: string): string =>
  `"${oneLine(text).replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;

const shapes: Readonly<Record<MemoryGraph.GraphNode["kind"], string>> = {
  service: "box",
  namespace: "folder",
  reason: "octagon",
};

/** https://graphviz.org/doc/info/lang.html */
export const dot = (graph: Graph): ReadonlyArray<string> => {
  const names = namesOf(graph);
  return [
    "digraph memory {",
    "  rankdir=LR;",
    ...graph.nodes.map(
      ({ id, kind }) =>
        `  ${quoted(id)} [label=${quoted(names.get(id) ?? id)}, shape=${shapes[kind]}];`,
    ),
    ...graph.edges.map(({ relation, from, to, observations }) => {
      const both = relation === "deployed_together" ? ", dir=none" : "";
      return `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(`${words[relation]} (${observations})`)}${both}];`;
    }),
    ...(graph.truncated ? [`  // ${cutWords(graph)}`] : []),
    "}",
  ];
};

/** https://mermaid.js.org/syntax/flowchart.html */
export const mermaid = (graph: Graph): ReadonlyArray<string> => {
  const names = namesOf(graph);
  const ids = new Map(graph.nodes.map(({ id }, index) => [id, `n${index}`]));
  // Quotes end a label, and there is no escape but the entity.
  const label = (text: string) => `"${oneLine(text).replace(/"/g, "#quot;")}"`;
  const node = ({ id, kind }: MemoryGraph.GraphNode): string => {
    const text = label(names.get(id) ?? id);
    const short = ids.get(id) ?? id;
    switch (kind) {
      case "service":
        return `  ${short}[${text}]`;
      case "namespace":
        return `  ${short}([${text}])`;
      case "reason":
        return `  ${short}{{${text}}}`;
    }
  };
  return [
    "flowchart LR",
    ...graph.nodes.map(node),
    ...graph.edges.map(({ relation, from, to, observations }) => {
      const arrow = relation === "deployed_together" ? "---" : "-->";
      return `  ${ids.get(from) ?? from} ${arrow}|${label(`${words[relation]} (${observations})`)}| ${ids.get(to) ?? to}`;
    }),
    ...(graph.truncated ? [`  %% ${cutWords(graph)}`] : []),
  ];
};

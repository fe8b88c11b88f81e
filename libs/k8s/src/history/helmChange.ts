/**
 * How two revisions of a Helm release differ, as a `Change`, read from the rendered text without
 * parsing it: documents by kind and name, lines as they stand, images by their repository. Pure.
 */
import type { Plan } from "@nopea/domain";
import { furthest, semverStep } from "../planning/Change.js";
import type { HelmRecord } from "./helmRecord.js";

interface Document {
  readonly isConfig: boolean;
  /** Each line, and how often it stands there. */
  readonly lines: ReadonlyMap<string, number>;
}

const SEPARATOR = /^---[ \t]*$/m;
/** Lines that change with every chart, or because a ConfigMap did: no change of their own. */
const FOLLOWS = /checksum|helm\.sh\/chart:|app\.kubernetes\.io\/version:/;

const documentsOf = (manifest: string): ReadonlyMap<string, Document> => {
  const documents = new Map<string, Document>();
  for (const text of manifest.split(SEPARATOR)) {
    const kind = /^kind:[ \t]*["']?(\w+)/m.exec(text)?.[1];
    if (kind === undefined) continue;
    const name = /^ +name:[ \t]*(\S+)/m.exec(text)?.[1] ?? "";
    const lines = new Map<string, number>();
    for (const line of text.split("\n")) {
      const said = line.trimEnd();
      if (said === "" || said.startsWith("# Source:")) continue;
      lines.set(said, (lines.get(said) ?? 0) + 1);
    }
    documents.set(`${kind}/${name}`, {
      isConfig: kind === "ConfigMap" || kind === "Secret",
      lines,
    });
  }
  return documents;
};

const sizeOf = ({ lines }: Document): number =>
  [...lines.values()].reduce((sum, count) => sum + count, 0);

/** Lines of one that the other lacks. */
const lacking = (one: Document, other: Document): ReadonlyArray<string> =>
  [...one.lines].flatMap(([line, count]) =>
    Array.from({ length: Math.max(0, count - (other.lines.get(line) ?? 0)) }, () => line),
  );

const EMPTY: Document = { isConfig: false, lines: new Map() };

interface DocumentChange {
  readonly isConfig: boolean;
  readonly lines: number;
  /** All of it follows from something else. */
  readonly follows: boolean;
}

const changesOf = (before: string, after: string): ReadonlyArray<DocumentChange> => {
  const one = documentsOf(before);
  const other = documentsOf(after);
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((key) => {
    const was = one.get(key) ?? EMPTY;
    const is = other.get(key) ?? EMPTY;
    const removed = lacking(was, is);
    const added = lacking(is, was);
    if (removed.length === 0 && added.length === 0) return [];
    return [
      {
        isConfig: was.isConfig || is.isConfig,
        lines: Math.max(removed.length, added.length),
        follows: [...removed, ...added].every((line) => FOLLOWS.test(line)),
      },
    ];
  });
};

const IMAGE = /^[ \t]*(?:-[ \t]+)?image:[ \t]*["']?([^"'\s#]+)/gm;
const repositoryOf = (image: string): string => image.replace(/@.*$/, "").replace(/:[\w.-]+$/, "");

/** By repository: its references, in one text. */
const imagesOf = (manifest: string): ReadonlyMap<string, string> => {
  const images = new Map<string, string>();
  for (const [, image = ""] of manifest.matchAll(IMAGE)) images.set(repositoryOf(image), image);
  return images;
};

export const created = ({ manifest }: HelmRecord): Plan.Change => {
  const documents = [...documentsOf(manifest).values()];
  return {
    kind: "manifests",
    semver: "none",
    objects: documents.length,
    lines: documents.reduce((sum, document) => sum + sizeOf(document), 0),
  };
};

/** The step is the larger of the chart's version and of the images'. */
export const between = (before: HelmRecord, after: HelmRecord): Plan.Change => {
  const changed = changesOf(before.manifest, after.manifest);
  const was = imagesOf(before.manifest);
  const steps = [...imagesOf(after.manifest)].flatMap(([repository, image]) => {
    const old = was.get(repository);
    return old === undefined || old === image ? [] : [semverStep(old, image)];
  });
  const own = changed.filter(({ follows }) => !follows);
  const chart = (version: string) => `chart:${version.replace(/\+.*$/, "")}`;
  return {
    kind:
      steps.length > 0
        ? "image"
        : own.length > 0 && own.every(({ isConfig }) => isConfig)
          ? "config"
          : "manifests",
    semver: furthest([...steps, semverStep(chart(before.chartVersion), chart(after.chartVersion))]),
    objects: changed.length,
    lines: changed.reduce((sum, { lines }) => sum + lines, 0),
  };
};

/** Helm's hooks and Argo CD's sync waves: when a document wants to be applied, beside its kind's class. */
import { BadInput, KubeObject } from "@nopea/domain";
import { Either } from "effect";

const HOOK = "helm.sh/hook";
const HOOK_WEIGHT = "helm.sh/hook-weight";
const WAVE = "argocd.argoproj.io/sync-wave";

/** `first`: Namespaces and CustomResourceDefinitions, before any hook. */
export const PHASES = { first: -2, before: -1, main: 0, after: 1 } as const;

/** Its phase, or why it is never applied. A hook of several kinds goes by the first that a deploy has. */
export const phaseOf = (object: KubeObject.KubeObject): number | { readonly skipped: string } => {
  const hook = object.metadata.annotations?.[HOOK];
  if (hook === undefined) return PHASES.main;
  const names = hook
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of names) {
    if (name === "crd-install") return PHASES.main;
    if (/^pre-(?:install|upgrade|rollback)$/.test(name)) return PHASES.before;
    if (/^post-(?:install|upgrade|rollback)$/.test(name)) return PHASES.after;
  }
  return names.length === 0
    ? PHASES.main
    : { skipped: `a Helm hook (${names.join(", ")}) that no deploy runs` };
};

/** Its hook weight or sync wave; undefined where it has none. */
export const weightOf = ({
  object,
  source,
}: {
  readonly object: KubeObject.KubeObject;
  readonly source: string;
}): Either.Either<number | undefined, BadInput> => {
  const annotations = object.metadata.annotations;
  const name = annotations?.[HOOK] === undefined ? WAVE : HOOK_WEIGHT;
  const text = annotations?.[name];
  if (text === undefined) return Either.right(undefined);
  return /^[-+]?[0-9]{1,9}$/.test(text.trim())
    ? Either.right(Number(text))
    : Either.left(
        new BadInput({
          message: `${source}: the annotation ${name} is ${JSON.stringify(text)}, not a whole number`,
          source,
          field: `metadata.annotations[${JSON.stringify(name)}]`,
          object: KubeObject.refOf(object),
        }),
      );
};

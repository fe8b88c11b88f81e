/** `nopea explain`. */
import { Surface } from "@nopea/surface";
import { Effect } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { explainLines } from "../render/Explain.js";
import { noteLines } from "../render/Result.js";
import { documents } from "./documents.js";
import { where } from "./where.js";

export const run: Run = ({ args: [service = ""], flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const { file, kustomize, alsoNamespace } = flags;
    const hasDocuments = file !== undefined || kustomize !== undefined;
    const explanation = yield* surface.explain({
      service,
      ...where(flags),
      ...(flags.strategy === undefined ? {} : { strategy: flags.strategy }),
      ...(flags.overrideFreeze === undefined ? {} : { overrideFreeze: true }),
      ...(hasDocuments ? { manifests: yield* documents(flags) } : {}),
      ...(alsoNamespace === undefined ? {} : { alsoNamespaces: alsoNamespace }),
    });
    yield* Output.result("explain", explanation, Output.styleOf(flags), {
      table: (look) => [
        ...explainLines(explanation, look),
        ...noteLines(explanation.warnings, look),
      ],
      names: explanation.strategy === undefined ? [] : [explanation.strategy],
    });
    return ExitCode.done;
  });

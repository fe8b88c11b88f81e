/** `nopea diff`, and `nopea deploy --dry-run`, which is the same but for its exit code. */
import { KubeObject } from "@nopea/domain";
import { Surface } from "@nopea/surface";
import { Effect } from "effect";
import type { Run } from "../Run.js";
import * as ExitCode from "../ExitCode.js";
import * as Output from "../Output.js";
import { diffLines } from "../render/Plan.js";
import { noteLines } from "../render/Result.js";
import { documents, planFlags } from "./documents.js";

export const run: Run = ({ flags }) =>
  Effect.gen(function* () {
    const surface = yield* Surface.Surface;
    const manifests = yield* documents(flags);
    const diff = yield* surface.diff({ ...planFlags(flags), manifests });
    const style = Output.styleOf(flags);
    yield* Output.result("diff", diff, style, {
      table: (look) => [...diffLines(diff, look), ...noteLines(diff.warnings, look)],
      names: diff.objects
        .filter(({ action }) => action !== "unchanged")
        .map(({ object }) => KubeObject.refText(object, diff.namespace)),
    });
    if (flags.dryRun === true) return ExitCode.done;
    return diff.unchanged ? ExitCode.done : ExitCode.failed;
  });

/** Who asks: what the environment gives away of the person or pipeline behind a command. */
import { Who } from "@nopea/domain";
import { Config, Effect } from "effect";

/** The first of these that is set and not empty. */
const first = (names: ReadonlyArray<string>): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    for (const name of names) {
      const value = yield* Effect.orElseSucceed(Config.string(name), () => "");
      if (value.trim() !== "") return value.trim();
    }
    return undefined;
  });

/** Names that CI services give to whoever started a run, the best known first. */
const CI_ACTORS = [
  "GITHUB_ACTOR",
  "GITLAB_USER_LOGIN",
  "BUILDKITE_BUILD_CREATOR",
  "CIRCLE_USERNAME",
  "BUILD_USER_ID",
];

export const fromEnvironment: Effect.Effect<Who.Who> = Effect.gen(function* () {
  const ci = yield* first(["CI"]);
  if (ci !== undefined && ci !== "false") {
    return {
      kind: "ci",
      name: ((yield* first(CI_ACTORS)) ?? "ci").slice(0, Who.NAME_LIMIT),
    } as const;
  }
  const name = (yield* first(["USER", "LOGNAME", "USERNAME"])) ?? "unknown";
  return { kind: "human", name: name.slice(0, Who.NAME_LIMIT) } as const;
});

/**
 * A container whose image can't be had: finds the runtime's own words for it, which differ by
 * runtime and registry, and gives them one of the image reasons.
 */
import type { Reason } from "@nopea/domain";
import { type ContainerView, lastEvent } from "./ContainerView.js";
import * as ContainerStartFailed from "./ContainerStartFailed.js";
import * as ImageNotFound from "./ImageNotFound.js";
import * as ImagePullDenied from "./ImagePullDenied.js";
import * as ImagePullFailed from "./ImagePullFailed.js";
import * as ImageReferenceInvalid from "./ImageReferenceInvalid.js";
import { eventAt } from "./Pod.js";
import { make, seen, seenEvent, type Sign } from "./Sign.js";

/**
 * The order decides where a text says several things. A broken network first: it also breaks
 * "failed to authorize". Denied before not found: Docker Hub says both of a private repository.
 */
const order: ReadonlyArray<readonly [Reason.Reason, (text: string) => boolean]> = [
  ["image_reference_invalid", ImageReferenceInvalid.says],
  ["image_pull_failed", ImagePullFailed.says],
  ["image_pull_denied", ImagePullDenied.says],
  ["container_start_failed", ContainerStartFailed.isForAnotherPlatform],
  ["image_not_found", ImageNotFound.says],
];

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The text without the image's own name and without addresses: `registry.io/denied:404` says nothing. */
const withoutNames = (text: string, image: string): string => {
  const repository = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const tag = image.slice(repository.length + 1);
  const path = repository.includes("/")
    ? repository.slice(repository.indexOf("/") + 1)
    : repository;
  return [image, repository, ...(path.length > 2 ? [path] : []), ...(tag.length > 2 ? [tag] : [])]
    .filter((name) => name !== "")
    .reduce(
      (rest, name) =>
        rest.replace(new RegExp(`(?<![\\w-])${escaped(name)}(?![\\w-])`, "g"), "image"),
      text.replace(/https?:\/\/[^\s"']+/g, "address"),
    );
};

/** The reason that a runtime's pull error comes down to. `image` is the reference as the pod has it. */
export const reasonOf = (text: string, image = ""): Reason.Reason => {
  const bare = withoutNames(text, image);
  return order.find(([, says]) => says(bare))?.[0] ?? "image_pull_failed";
};

const waitingReasons: ReadonlyArray<string> = [
  "ErrImagePull",
  "ImagePullBackOff",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
  ...ImageReferenceInvalid.waitingReasons,
];

/** `Back-off pulling image "x": ErrImagePull: …` → what follows; nothing where only the back-off is told (before 1.31). */
const causeIn = (waitingMessage: string): string => {
  const at = waitingMessage.search(
    /\bErrImagePull: |\bRegistryUnavailable: |\bSignatureValidationFailed: /,
  );
  if (at >= 0) return waitingMessage.slice(waitingMessage.indexOf(": ", at) + 2);
  return /^Back-off pulling image\b/.test(waitingMessage) ? "" : waitingMessage;
};

/** Events that only name the state again say nothing of its cause. */
const tellsCause = (message: string): boolean =>
  !/^Error: (?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName)\s*$/.test(
    message,
  ) && /pull|image|manifest|registry|repository/i.test(message);

export const rule = (view: ContainerView): Sign | undefined => {
  if (!waitingReasons.includes(view.waitingReason)) return undefined;
  const event = lastEvent(view, ["Failed", "InspectFailed", "ErrImageNeverPull"], tellsCause);
  const cause =
    causeIn(view.waitingMessage) ||
    event?.message ||
    view.context.earlierPullErrors?.get(view.name) ||
    "";
  const image = view.spec.image ?? view.status.image ?? "";
  return make({
    reason: ImageReferenceInvalid.waitingReasons.includes(view.waitingReason)
      ? "image_reference_invalid"
      : reasonOf(cause, image),
    message: cause === "" ? `can't pull image ${image}` : cause,
    container: view.name,
    evidence: [
      seen("state", `${view.waitingReason}: ${view.waitingMessage || cause}`),
      event === undefined ? undefined : seenEvent(event),
    ],
    decidedAt: event === undefined ? undefined : eventAt(event),
    lasting: view.waitingReason === ImageReferenceInvalid.UNREADABLE ? true : undefined,
  });
};

/** The pull error that a container shows now, to be remembered for when it only backs off. */
export const shownCause = (waitingReason: string, waitingMessage: string): string =>
  waitingReasons.includes(waitingReason) ? causeIn(waitingMessage) : "";

/**
 * The API server's refusals whose words alone decide: the same for its answers to us and for
 * what controllers quote of its answers to them.
 */
import type { Reason } from "@nopea/domain";
import * as AdmissionDenied from "./AdmissionDenied.js";
import * as ApiUnavailable from "./ApiUnavailable.js";
import * as NamespaceTerminating from "./NamespaceTerminating.js";
import * as QuotaExceeded from "./QuotaExceeded.js";

/** The order decides where a text says several things: a quota that is not counted yet names the quota too. */
export const rules: ReadonlyArray<readonly [Reason.Reason, (text: string) => boolean]> = [
  ["namespace_terminating", NamespaceTerminating.says],
  ["api_unavailable", ApiUnavailable.says],
  ["quota_exceeded", QuotaExceeded.says],
  ["admission_denied", AdmissionDenied.says],
];

/** Undefined where the words leave it open. */
export const reasonOf = (text: string): Reason.Reason | undefined =>
  rules.find(([, says]) => says(text))?.[0];

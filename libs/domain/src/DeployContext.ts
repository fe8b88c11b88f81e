/**
 * What memory says of a service before a deploy: how likely it is to fail and why, what broke it
 * before, what it is deployed with, and what to do about it. Every word has the figures that it
 * rests on.
 */
import { Schema } from "effect";
import { Outcome } from "./Outcome.js";
import { Reason } from "./Reason.js";
import { Risk } from "./Risk.js";
import { Namespace, ServiceName } from "./Service.js";
import { Strategy } from "./Strategy.js";
import { Timestamp } from "./Timestamp.js";
import { key, optional, optionalKey } from "./Wire.js";

const Share = Schema.Number.pipe(Schema.between(0, 1));

/** One deploy that a pattern rests on. */
export const PatternEvidence = Schema.Struct({
  deployId: key(Schema.String, "deploy_id"),
  at: Timestamp,
  /** The failed deploy's own words, where its result is known here; text from a cluster: data. */
  text: optional(Schema.String),
}).annotations({ identifier: "PatternEvidence" });
export type PatternEvidence = typeof PatternEvidence.Type;

/** What breaks the service. */
export const FailurePattern = Schema.Struct({
  error: Reason,
  /** The share of its deploys that fail so, older ones counting less; each success lowers it. */
  confidence: Share,
  /** How many deploys ever failed so. */
  observations: Schema.NonNegativeInt,
  /** The newest few. */
  evidence: Schema.Array(PatternEvidence),
}).annotations({ identifier: "FailurePattern" });
export type FailurePattern = typeof FailurePattern.Type;

/** What is deployed within an hour of the service, before or after it. */
export const Dependency = Schema.Struct({
  target: ServiceName,
  /** The share of the service's deploys, older ones counting less. */
  weight: Share,
  observations: Schema.NonNegativeInt,
}).annotations({ identifier: "Dependency" });
export type Dependency = typeof Dependency.Type;

export const Tally = Schema.Struct({
  deploys: Schema.NonNegativeInt,
  failed: Schema.NonNegativeInt,
}).annotations({ identifier: "Tally" });
export type Tally = typeof Tally.Type;

/** The service fails when another was deployed shortly before, more than by chance. */
export const ConditionalPattern = Schema.Struct({
  /** The other service, of the same namespace. */
  when: ServiceName,
  withinMs: key(Schema.NonNegativeInt, "within_ms"),
  with: Tally,
  otherwise: Tally,
  /** How many times as often it fails then, as was to be expected of these deploys otherwise. */
  lift: Schema.Number,
  /** One minus how likely chance alone shows as much; such patterns stand after correction for how many pairs were looked at. */
  confidence: Share,
  /** The other was deployed within that time before the deploy that was asked about. */
  now: Schema.Boolean,
}).annotations({ identifier: "ConditionalPattern" });
export type ConditionalPattern = typeof ConditionalPattern.Type;

export const LastOutcome = Schema.Struct({
  /** A deploy's id, or what an import made of it. */
  deployId: key(Schema.String, "deploy_id"),
  at: Timestamp,
  outcome: Outcome,
  reason: optional(Reason),
  strategy: Strategy,
}).annotations({ identifier: "LastOutcome" });
export type LastOutcome = typeof LastOutcome.Type;

export const DeployContext = Schema.Struct({
  service: ServiceName,
  namespace: Namespace,
  /** False where nothing was learnt of it yet. */
  known: Schema.Boolean,
  risk: Risk,
  /** The likeliest first. */
  failurePatterns: key(Schema.Array(FailurePattern), "failure_patterns"),
  conditionalPatterns: key(Schema.Array(ConditionalPattern), "conditional_patterns"),
  dependencies: Schema.Array(Dependency),
  /** The newest first. */
  lastOutcomes: key(Schema.Array(LastOutcome), "last_outcomes"),
  /** Sentences, each with its figures. */
  recommendations: Schema.Array(Schema.String),
  /** Lessons up to this deploy were forgotten on purpose. */
  learnAfter: optionalKey(Schema.String, "learn_after"),
}).annotations({ identifier: "DeployContext" });
export type DeployContext = typeof DeployContext.Type;

/** What discovery says of one kind. */
export interface ApiResource {
  /** `apps/v1`, `v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural in paths: `deployments`. */
  readonly name: string;
  readonly namespaced: boolean;
  readonly verbs: ReadonlyArray<string>;
  readonly shortNames: ReadonlyArray<string>;
}

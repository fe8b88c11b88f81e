/** What the caller says of which cluster it means; what is left out, kubectl's order decides. */
export interface ClusterOptions {
  /** A file; else KUBECONFIG (a list), else `~/.kube/config`, else in-cluster. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

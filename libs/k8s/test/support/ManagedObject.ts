/** A Deployment as the API server answers it: with the fields that each manager owns. */
import type { KubeObject } from "@nopea/domain";
import * as FieldSet from "../../src/fields/FieldSet.js";

export type Json = Readonly<Record<string, unknown>>;

export const managed = (
  manager: string,
  fieldsV1: Json,
  more: Partial<KubeObject.ManagedFieldsEntry> = {},
): KubeObject.ManagedFieldsEntry => ({
  manager,
  operation: "Apply",
  apiVersion: "apps/v1",
  fieldsType: "FieldsV1",
  fieldsV1,
  ...more,
});

const CONTAINER = 'k:{"name":"web"}';
const PORT = 'k:{"containerPort":80,"protocol":"TCP"}';
export const OURS = managed("nopea", {
  "f:metadata": { "f:labels": { "f:app": {} } },
  "f:spec": {
    "f:replicas": {},
    "f:selector": {},
    "f:template": {
      "f:spec": {
        "f:containers": {
          [CONTAINER]: {
            ".": {},
            "f:name": {},
            "f:image": {},
            "f:args": {},
            "f:ports": { [PORT]: { ".": {}, "f:containerPort": {} } },
          },
        },
      },
    },
  },
});

export interface Shape {
  readonly replicas?: number;
  readonly containers?: ReadonlyArray<Json>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly managers?: ReadonlyArray<KubeObject.ManagedFieldsEntry>;
}

export const web = {
  name: "web",
  image: "app:v1",
  args: ["a", "b"],
  imagePullPolicy: "IfNotPresent",
  ports: [{ containerPort: 80, protocol: "TCP" }],
};

export const deployment = (shape: Shape = {}): KubeObject.KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    namespace: "ns",
    uid: "u",
    resourceVersion: "7",
    generation: 3,
    labels: shape.labels ?? { app: "web", theirs: "x" },
    managedFields: shape.managers ?? [OURS],
  },
  spec: {
    replicas: shape.replicas ?? 2,
    selector: { matchLabels: { app: "web" } },
    template: { spec: { containers: shape.containers ?? [web] } },
    progressDeadlineSeconds: 600,
  },
  status: { readyReplicas: shape.replicas ?? 2 },
});

export const applied = FieldSet.cutDown(deployment(), "nopea");

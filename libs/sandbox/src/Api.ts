/**
 * The verbs on stored objects: what a real API server does between the request's body and etcd.
 * The order of its steps is the real one's, since it decides which of two faults is told.
 */
import { randomUUID } from "node:crypto";
import {
  alreadyExists,
  ApiError,
  badRequest,
  CHANGED,
  conflict,
  forbidden,
  invalid,
  invalidValue,
  notFound,
  type FieldError,
} from "./ApiError.js";
import { admit } from "./Admission.js";
import { deleteObject, finished, type Deleted } from "./Deletion.js";
import { FieldSet } from "./apply/FieldSet.js";
import * as Managed from "./apply/ManagedFields.js";
import { faults } from "./apply/Validate.js";
import type { Clock } from "./Clock.js";
import {
  clone,
  equal,
  fieldsOf,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  type Meta,
} from "./Json.js";
import { kindOf } from "./kinds/index.js";
import type { Allocator } from "./kinds/Kind.js";
import { distinct, finalizerErrors, metadataErrors } from "./MetadataRules.js";
import type { DeleteOptions, PatchType, WriteOptions } from "./Options.js";
import { readApplied, readObject, typeText } from "./Reading.js";
import { jsonPatch, mergePatch, PatchError } from "./patch/JsonPatch.js";
import { strategicMerge } from "./patch/StrategicMerge.js";
import { decode, zero } from "./schema/Decode.js";
import { suffix } from "./schema/Names.js";
import type { Resource, Resources } from "./schema/Resources.js";
import type { Store } from "./Store.js";

const RESET_MAIN = new FieldSet(new Set(["f:status"]));
const RESET_STATUS = new FieldSet(
  new Set(["f:spec"]),
  new Map([
    ["f:metadata", new FieldSet(new Set(["f:labels", "f:deletionTimestamp", "f:ownerReferences"]))],
  ]),
);
const RESET_NONE = new FieldSet();

export class Api implements Allocator {
  private lastIp = 0;
  private lastNodePort = 30_000;

  constructor(
    readonly store: Store,
    readonly resources: Resources,
    readonly clock: Clock,
  ) {}

  clusterIp(): string {
    const n = ++this.lastIp + 1;
    return `10.0.${(n >> 8) & 255}.${n & 255}`;
  }
  nodePort(): number {
    return ++this.lastNodePort;
  }
  uid(): string {
    return randomUUID();
  }
  stamp(): string {
    return this.clock.stamp();
  }

  get(r: Resource, namespace: string | undefined, name: string): KubeObject {
    const found = this.store.get(r, namespace, name);
    if (!found) throw notFound(r, name);
    return found;
  }

  private checkNamespace(r: Resource, object: KubeObject, namespace: string | undefined): void {
    const given = object.metadata.namespace;
    if (given && given !== (namespace ?? ""))
      throw badRequest(
        "the namespace of the provided object does not match the namespace sent on the request",
      );
    if (r.namespaced && namespace !== undefined) object.metadata.namespace = namespace;
    else delete object.metadata.namespace;
  }

  create(
    r: Resource,
    namespace: string | undefined,
    body: Json,
    options: WriteOptions,
  ): KubeObject {
    const object = readObject(this.resources, r, body, options);
    this.checkNamespace(r, object, namespace);
    if (object.metadata.resourceVersion)
      throw new ApiError(500, "", "resourceVersion should not be set on objects to be created");
    return this.insert(r, object, options, undefined);
  }

  /** `applied` are the managed fields of an apply that creates; else the creator's are computed. */
  private insert(
    r: Resource,
    object: KubeObject,
    options: WriteOptions,
    applied: Meta["managedFields"],
  ): KubeObject {
    const kind = kindOf(r);
    const meta = object.metadata;
    if (!meta.name && meta.generateName) meta.name = `${meta.generateName.slice(0, 58)}${suffix()}`;
    kind.defaults?.(fieldsOf(object));
    const managed =
      applied ??
      Managed.update(undefined, object, r.type, this.writer(r, options), {
        now: this.clock.stamp(),
        reset: this.reset(r, options),
        base: zero(r.type),
      });
    this.checkLifecycle(r, meta);
    delete meta.resourceVersion;
    delete meta.deletionTimestamp;
    delete meta.deletionGracePeriodSeconds;
    delete meta.generation;
    meta.uid = this.uid();
    meta.creationTimestamp = this.clock.stamp();
    if (kind.generation === true) meta.generation = 1;
    const fields = fieldsOf(object);
    if (r.subresources.has("status") && fields["status"] !== undefined) {
      if (r.custom) delete fields["status"];
      else fields["status"] = decode({ metadata: {} }, r.type).value["status"] ?? {};
    }
    kind.beforeCreate?.(fields, this);
    const errors = [...metadataErrors(r, meta), ...(kind.validate?.(fields) ?? [])];
    if (errors.length > 0) throw invalid(r, meta.name ?? "", errors);
    const existing = this.store.get(r, meta.namespace, meta.name);
    admit(this, r, object, undefined);
    if (existing) throw alreadyExists(r, meta.name);
    if (managed && managed.length > 0) meta.managedFields = managed;
    else delete meta.managedFields;
    if (options.dryRun === true) return object;
    return this.store.put(r, object);
  }

  private checkLifecycle(r: Resource, meta: Meta): void {
    if (!r.namespaced) return;
    const namespaces = this.resources.must("v1", "namespaces");
    const name = meta.namespace ?? "";
    const there = this.store.get(namespaces, undefined, name);
    if (!there) throw notFound(namespaces, name);
    if (there.metadata.deletionTimestamp !== undefined)
      throw forbidden(
        r,
        meta.name,
        `unable to create new content in namespace ${name} because it is being terminated`,
        [
          {
            reason: "NamespaceTerminating",
            message: `namespace ${name} is being terminated`,
            field: "metadata.namespace",
          },
        ],
      );
  }

  private writer(
    r: Resource,
    options: WriteOptions,
    operation: "Apply" | "Update" = "Update",
  ): Managed.Writer {
    return {
      manager: options.manager,
      operation,
      apiVersion: r.groupVersion,
      ...(options.subresource ? { subresource: options.subresource } : {}),
    };
  }
  private reset(r: Resource, options: WriteOptions): FieldSet {
    if (!r.subresources.has("status")) return RESET_NONE;
    return options.subresource === "status" ? RESET_STATUS : RESET_MAIN;
  }

  update(
    r: Resource,
    namespace: string | undefined,
    name: string,
    body: Json,
    options: WriteOptions,
  ): KubeObject {
    const object = readObject(this.resources, r, body, options);
    if (object.metadata.name !== name && object.metadata.name)
      throw badRequest(
        `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
      );
    this.checkNamespace(r, object, namespace);
    const old = this.store.get(r, namespace, name);
    if (!old) {
      if (r.plural === "leases" || r.plural === "events")
        return this.create(r, namespace, body, options);
      throw notFound(r, name);
    }
    if (!object.metadata.resourceVersion && kindOf(r).versionRequired === true)
      throw invalid({ ...r, kind: r.plural }, name, [
        invalidValue("metadata.resourceVersion", 0, "must be specified for an update"),
      ]);
    return this.replace(r, old, object, options, undefined);
  }

  patch(
    r: Resource,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: Json,
    options: WriteOptions & { readonly force?: boolean },
  ): KubeObject {
    const old = this.store.get(r, namespace, name);
    if (type === "apply") return this.apply(r, namespace, name, old, body, options);
    if (!old) throw notFound(r, name);
    const before = fieldsOf(old) as Json;
    let patched: Json;
    try {
      if (type === "json") {
        if (!Array.isArray(body))
          throw badRequest(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
          );
        patched = jsonPatch(before, body);
      } else if (!isObject(body))
        throw badRequest(
          "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        );
      else
        patched =
          type === "merge" ? mergePatch(before, body) : strategicMerge(before, body, r.type);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new ApiError(
        422,
        "Invalid",
        `the server rejected our request due to an error in our request`,
        {},
      );
    }
    const object = readObject(this.resources, r, patched, options);
    if (object.metadata.name !== name)
      throw new ApiError(
        422,
        "Invalid",
        `${r.kind}${r.group ? `.${r.group}` : ""} "${name}" is invalid: metadata.name: Invalid value: ${JSON.stringify(object.metadata.name)}: field is immutable`,
        {
          name,
          ...(r.group ? { group: r.group } : {}),
          kind: r.kind,
          causes: [
            {
              reason: "FieldValueInvalid",
              message: `Invalid value: ${JSON.stringify(object.metadata.name)}: field is immutable`,
              field: "metadata.name",
            },
          ],
        },
      );
    return this.replace(r, old, object, options, undefined);
  }

  private apply(
    r: Resource,
    namespace: string | undefined,
    name: string,
    old: KubeObject | undefined,
    body: Json,
    options: WriteOptions & { readonly force?: boolean },
  ): KubeObject {
    if (!isObject(body))
      throw badRequest(
        "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
      );
    if (body["kind"] !== r.kind || body["apiVersion"] !== r.groupVersion)
      throw badRequest(`invalid object type: ${typeText(body)}`);
    const meta = isObject(body["metadata"]) ? body["metadata"] : {};
    if (meta["managedFields"] !== undefined) throw badRequest("metadata.managedFields must be nil");
    const config = clone({ ...body, metadata: meta }) as unknown as KubeObject;
    if (config.metadata.namespace && config.metadata.namespace !== (namespace ?? ""))
      throw badRequest(
        "the namespace of the provided object does not match the namespace sent on the request",
      );
    if (config.metadata.name && config.metadata.name !== name)
      throw badRequest(
        `the name of the object (${config.metadata.name}) does not match the name on the URL (${name})`,
      );
    const wrong = faults(config as unknown as Json, r.type);
    if (wrong.length > 0) {
      const who = `${config.metadata.namespace ?? ""}/${name}; ${typeText({ apiVersion: r.groupVersion, kind: r.kind })}`;
      const text =
        wrong.length === 1 ? (wrong[0] ?? "") : `errors:\n${wrong.map((w) => `  ${w}`).join("\n")}`;
      throw new ApiError(500, "", `failed to create typed patch object (${who}): ${text}`);
    }
    if (!old && options.subresource) throw notFound(r, name);
    if (!old && config.metadata.uid)
      throw conflict(
        r,
        name,
        `uid mismatch: the provided object specified uid ${config.metadata.uid}, and no existing object was found`,
      );
    const base: KubeObject =
      old ??
      (decode(
        {
          apiVersion: r.groupVersion,
          kind: r.kind,
          metadata: { name, ...(namespace ? { namespace } : {}) },
        },
        r.type,
      ).value as unknown as KubeObject);
    const applied = Managed.apply(base, config, r.type, this.writer(r, options, "Apply"), {
      force: options.force === true,
      now: this.clock.stamp(),
      reset: this.reset(r, options),
    });
    const next = readApplied(
      this.resources,
      r,
      applied.object,
      config.metadata.namespace ?? "",
      options,
    );
    if (!old) {
      this.checkNamespace(r, next, namespace);
      next.metadata.name = name;
      return this.insert(r, next, options, applied.entries);
    }
    return this.replace(r, old, next, options, applied.entries);
  }

  /** The rest of every update: what may not change, defaults, validation, owners, and the write. */
  private replace(
    r: Resource,
    old: KubeObject,
    object: KubeObject,
    options: WriteOptions,
    applied: Meta["managedFields"],
  ): KubeObject {
    const kind = kindOf(r);
    const name = old.metadata.name;
    const sent = object.metadata;
    if (sent.uid && sent.uid !== old.metadata.uid)
      throw conflict(
        r,
        name,
        `StorageError: invalid object, Code: 4, Key: /registry/${r.plural}/${old.metadata.namespace ? `${old.metadata.namespace}/` : ""}${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${old.metadata.uid ?? ""}`,
      );
    if (sent.resourceVersion && sent.resourceVersion !== old.metadata.resourceVersion)
      throw conflict(r, name, CHANGED);
    const next = this.scoped(r, old, object, options);
    kind.defaults?.(fieldsOf(next));
    const managed =
      options.untracked === true
        ? old.metadata.managedFields
        : (applied ??
          Managed.update(old, next, r.type, this.writer(r, options), {
            now: this.clock.stamp(),
            reset: this.reset(r, options),
            base: {},
          }));
    if (options.subresource !== "status") kind.beforeUpdate?.(fieldsOf(next), fieldsOf(old), this);
    if (
      kind.generation === true &&
      options.subresource !== "status" &&
      !equal(withoutMeta(next), withoutMeta(old))
    )
      next.metadata.generation = (old.metadata.generation ?? 0) + 1;
    if (options.subresource !== "status") {
      const errors: FieldError[] = [
        ...metadataErrors(r, next.metadata),
        ...finalizerErrors(next.metadata, old.metadata),
        ...(kind.validate?.(fieldsOf(next)) ?? []),
        ...(kind.validateUpdate?.(fieldsOf(next), fieldsOf(old)) ?? []),
      ];
      if (errors.length > 0) throw invalid(r, name, distinct(errors));
      admit(this, r, next, old);
    }
    if (managed && managed.length > 0) next.metadata.managedFields = managed;
    else delete next.metadata.managedFields;
    if (equal(next, old) || equal(timeless(next), timeless(old))) return old;
    if (options.dryRun === true) return next;
    if (
      next.metadata.deletionTimestamp !== undefined &&
      (next.metadata.finalizers ?? []).length === 0 &&
      finished(r, next)
    )
      return this.store.delete(r, next);
    return this.store.put(r, next);
  }

  /** Only the half of the object that the path writes to; the server's own metadata as it was. */
  private scoped(
    r: Resource,
    old: KubeObject,
    object: KubeObject,
    options: WriteOptions,
  ): KubeObject {
    const fixed: Partial<Meta> = {};
    for (const key of [
      "name",
      "namespace",
      "uid",
      "resourceVersion",
      "generation",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "generateName",
    ] as const)
      if (old.metadata[key] !== undefined) Object.assign(fixed, { [key]: old.metadata[key] });
    const {
      deletionTimestamp: _,
      deletionGracePeriodSeconds: __,
      generation: ___,
      generateName: ____,
      ...sent
    } = object.metadata;
    if (!r.subresources.has("status"))
      return { ...object, metadata: { ...sent, ...fixed } as Meta };
    const [mine, theirs] = options.subresource === "status" ? [object, old] : [old, object];
    const next: JsonObject = { ...fieldsOf(theirs) };
    if (fieldsOf(mine)["status"] === undefined) delete next["status"];
    else next["status"] = fieldsOf(mine)["status"];
    const metadata = options.subresource === "status" ? { ...sent, ...labelsOf(old) } : sent;
    next["metadata"] = { ...metadata, ...fixed } as unknown as JsonObject;
    return clone(next) as unknown as KubeObject;
  }

  delete(
    r: Resource,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions,
  ): Deleted {
    return deleteObject(this.store, this.clock, r, namespace, name, options);
  }
}

const labelsOf = (object: KubeObject): Partial<Meta> => ({
  ...(object.metadata.labels ? { labels: object.metadata.labels } : {}),
  ...(object.metadata.ownerReferences ? { ownerReferences: object.metadata.ownerReferences } : {}),
  ...(object.metadata.finalizers ? { finalizers: object.metadata.finalizers } : {}),
});
const withoutMeta = (object: KubeObject): JsonObject => {
  const { metadata: _, status: __, ...rest } = fieldsOf(object);
  return rest;
};
const timeless = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    ...(object.metadata.managedFields
      ? { managedFields: object.metadata.managedFields.map(({ time: _, ...entry }) => entry) }
      : {}),
  },
});

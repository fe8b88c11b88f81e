/** Discovery, and what every object can be asked: create, get, list, watch, update, patch, delete. */
import { expect, it } from "vitest";
import { eventually, type Json } from "../harness/Api.js";
import { describeCluster, randomName } from "../harness/Cluster.js";
import { at, configMap, customResource } from "./objects.js";

describeCluster("discovery", (cluster) => {
  it("names the version", async () => {
    const { status, body } = await cluster.api.get("/version");
    expect(status).toBe(200);
    expect(body).toMatchObject({ major: "1", gitVersion: expect.stringMatching(/^v1\./) });
  });

  it("lists the core group's kinds with scope, verbs and short names", async () => {
    const { body } = await cluster.api.get("/api/v1");
    expect(body).toMatchObject({ kind: "APIResourceList", groupVersion: "v1" });
    const named = (name: string) => body.resources.find((each: Json) => each.name === name);
    expect(named("configmaps")).toMatchObject({
      kind: "ConfigMap",
      namespaced: true,
      singularName: "configmap",
      shortNames: ["cm"],
      verbs: expect.arrayContaining([
        "create",
        "delete",
        "get",
        "list",
        "patch",
        "update",
        "watch",
      ]),
    });
    expect(named("namespaces")).toMatchObject({ kind: "Namespace", namespaced: false });
    expect(named("pods/log")).toMatchObject({ kind: "Pod", verbs: ["get"] });
  });

  it("lists groups with the version that is preferred", async () => {
    const { body } = await cluster.api.get("/apis");
    expect(body.kind).toBe("APIGroupList");
    expect(body.groups).toContainEqual(
      expect.objectContaining({
        name: "apps",
        preferredVersion: { groupVersion: "apps/v1", version: "v1" },
      }),
    );
    const batch = await cluster.api.get("/apis/batch/v1");
    expect(batch.body.resources.map((each: Json) => each.name)).toEqual(
      expect.arrayContaining(["jobs", "jobs/status", "cronjobs"]),
    );
  });

  it("answers 404 with a plain text for a group that nobody serves", async () => {
    const answer = await cluster.api.get("/apis/nothing.example/v1");
    expect(answer.status).toBe(404);
    expect(answer.text).toContain("404 page not found");
  });
});

describeCluster("an object", (cluster) => {
  const create = async (body: Json) => {
    const answer = await cluster.api.post(at(cluster, "configmaps"), body);
    expect(answer.status).toBe(201);
    return answer.body;
  };

  it("gets uid, resourceVersion, creation time and namespace when it is created", async () => {
    const made = await create(configMap("one"));
    expect(made.metadata).toMatchObject({
      name: "one",
      namespace: cluster.namespace,
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      resourceVersion: expect.stringMatching(/^\d+$/),
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const got = await cluster.api.get(at(cluster, "configmaps", "one"));
    expect(got.status).toBe(200);
    expect(got.body).toEqual(made);
  });

  it("is there once: a second create is AlreadyExists", async () => {
    await create(configMap("one"));
    const { status, body } = await cluster.api.post(at(cluster, "configmaps"), configMap("one"));
    expect(status).toBe(409);
    expect(body).toMatchObject({
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason: "AlreadyExists",
      code: 409,
      message: 'configmaps "one" already exists',
      details: { name: "one", kind: "configmaps" },
    });
  });

  it("that isn't there is NotFound, by name", async () => {
    const { status, body } = await cluster.api.get(at(cluster, "configmaps", "none"));
    expect(status).toBe(404);
    expect(body).toMatchObject({
      kind: "Status",
      reason: "NotFound",
      message: 'configmaps "none" not found',
      details: { name: "none", kind: "configmaps" },
    });
    const deployment = await cluster.api.get(at(cluster, "deployments", "none"));
    expect(deployment.body).toMatchObject({
      message: 'deployments.apps "none" not found',
      details: { name: "none", group: "apps", kind: "deployments" },
    });
  });

  it("is created with a generated name where it asks for one", async () => {
    const made = await create({ ...configMap("x"), metadata: { generateName: "gen-" } });
    expect(made.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
  });

  it("is updated only at the resourceVersion that the caller has seen", async () => {
    const made = await create(configMap("one"));
    const path = at(cluster, "configmaps", "one");
    const updated = await cluster.api.put(path, { ...made, data: { color: "red" } });
    expect(updated.status).toBe(200);
    expect(updated.body.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
    const late = await cluster.api.put(path, { ...made, data: { color: "green" } });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({
      reason: "Conflict",
      details: { name: "one", kind: "configmaps" },
    });
    expect(late.body.message).toBe(
      'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it("keeps its resourceVersion when an update changes nothing", async () => {
    const made = await create(configMap("one"));
    const { body } = await cluster.api.put(at(cluster, "configmaps", "one"), made);
    expect(body.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it("is merged with a merge patch, null taking a key away", async () => {
    await create(configMap("one", { a: "1", b: "2" }));
    const path = at(cluster, "configmaps", "one");
    const { status, body } = await cluster.api.merge(path, { data: { a: null, c: "3" } });
    expect(status).toBe(200);
    expect(body.data).toEqual({ b: "2", c: "3" });
  });

  it("is not merged at a resourceVersion that is gone", async () => {
    await create(configMap("one"));
    const patch = { metadata: { resourceVersion: "1" }, data: { a: "1" } };
    const { status, body } = await cluster.api.merge(at(cluster, "configmaps", "one"), patch);
    expect(status).toBe(409);
    expect(body.reason).toBe("Conflict");
  });

  it("is changed by a JSON patch, whose test must hold", async () => {
    await create(configMap("one", { a: "1" }));
    const path = at(cluster, "configmaps", "one");
    const changed = await cluster.api.jsonPatch(path, [
      { op: "test", path: "/data/a", value: "1" },
      { op: "replace", path: "/data/a", value: "2" },
      { op: "add", path: "/metadata/labels", value: { x: "y" } },
    ]);
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ data: { a: "2" }, metadata: { labels: { x: "y" } } });
    const refused = await cluster.api.jsonPatch(path, [
      { op: "test", path: "/data/a", value: "9" },
    ]);
    expect(refused.status).toBe(422);
    expect(refused.body.reason).toBe("Invalid");
  });

  it("is neither made nor changed by a dry-run, which answers as if", async () => {
    const dry = await cluster.api.post(`${at(cluster, "configmaps")}?dryRun=All`, configMap("one"));
    expect(dry.status).toBe(201);
    expect(dry.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect((await cluster.api.get(at(cluster, "configmaps", "one"))).status).toBe(404);
    await create(configMap("two"));
    const path = at(cluster, "configmaps", "two");
    const patched = await cluster.api.send(
      "PATCH",
      `${path}?dryRun=All`,
      { data: { color: "red" } },
      {
        type: "application/merge-patch+json",
      },
    );
    expect(patched.body.data).toEqual({ color: "red" });
    expect((await cluster.api.delete(`${path}?dryRun=All`)).status).toBe(200);
    expect((await cluster.api.get(path)).body.data).toEqual({ color: "blue" });
  });

  it("is deleted only if its uid is the one that was meant", async () => {
    const made = await create(configMap("one"));
    const path = at(cluster, "configmaps", "one");
    const uid = "00000000-0000-0000-0000-000000000000";
    const refused = await cluster.api.delete(path, { preconditions: { uid } });
    expect(refused.status).toBe(409);
    expect(refused.body.reason).toBe("Conflict");
    expect(refused.body.message).toBe(
      `Operation cannot be fulfilled on ConfigMap "one": the UID in the precondition (${uid}) does not match the UID in record (${made.metadata.uid}). The object might have been deleted and then recreated`,
    );
    const done = await cluster.api.delete(path, { preconditions: { uid: made.metadata.uid } });
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "one", kind: "configmaps", uid: made.metadata.uid },
    });
    expect((await cluster.api.delete(path)).status).toBe(404);
  });

  it("with a finalizer is gone only when the finalizer is", async () => {
    const body = configMap("one");
    await create({ ...body, metadata: { ...body.metadata, finalizers: ["example.com/hold"] } });
    const path = at(cluster, "configmaps", "one");
    const deleting = await cluster.api.delete(path);
    expect(deleting.status).toBe(200);
    expect((await cluster.api.get(path)).body.metadata.deletionTimestamp).toBeDefined();
    expect((await cluster.api.merge(path, { metadata: { finalizers: null } })).status).toBe(200);
    expect((await cluster.api.get(path)).status).toBe(404);
  });

  it("takes what it owns with it", async () => {
    const owner = await create(configMap("owner"));
    const owned = configMap("owned");
    owned.metadata.ownerReferences = [
      { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid },
    ];
    await create(owned);
    await cluster.api.delete(at(cluster, "configmaps", "owner"));
    await eventually(
      () => cluster.api.get(at(cluster, "configmaps", "owned")),
      ({ status }) => status === 404,
    );
  });
});

describeCluster("a list", (cluster) => {
  const names = (body: Json) =>
    body.items
      .map((each: Json) => each.metadata.name)
      .filter((name: string) => name !== "kube-root-ca.crt");
  const fill = async () => {
    for (const [name, tier] of [
      ["a", "web"],
      ["b", "db"],
      ["c", "web"],
    ] as const) {
      const body = configMap(name);
      body.metadata.labels = { tier };
      await cluster.api.post(at(cluster, "configmaps"), body);
    }
  };

  it("is of its kind, has a resourceVersion, and its items say neither kind nor version", async () => {
    await fill();
    const { body } = await cluster.api.get(at(cluster, "configmaps"));
    expect(body).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1" });
    expect(body.metadata.resourceVersion).toMatch(/^\d+$/);
    expect(names(body)).toEqual(["a", "b", "c"]);
    expect(body.items[0].kind).toBeUndefined();
  });

  it("is narrowed by labels and by name", async () => {
    await fill();
    const by = async (query: string) =>
      names((await cluster.api.get(`${at(cluster, "configmaps")}?${query}`)).body);
    expect(await by("labelSelector=tier%3Dweb")).toEqual(["a", "c"]);
    expect(await by("labelSelector=tier%20in%20(db,other)")).toEqual(["b"]);
    expect(await by("labelSelector=tier")).toEqual(["a", "b", "c"]);
    expect(await by("labelSelector=!tier")).toEqual([]);
    expect(await by("fieldSelector=metadata.name%3Db")).toEqual(["b"]);
  });

  it("comes in pages", async () => {
    await fill();
    const path = `${at(cluster, "configmaps")}?labelSelector=tier&limit=2`;
    const first = await cluster.api.get(path);
    expect(names(first.body)).toEqual(["a", "b"]);
    const rest = await cluster.api.get(
      `${path}&continue=${encodeURIComponent(first.body.metadata.continue)}`,
    );
    expect(names(rest.body)).toEqual(["c"]);
    expect(rest.body.metadata.continue ?? "").toBe("");
  });

  it("comes as metadata alone where that is asked for", async () => {
    await fill();
    const { body } = await cluster.api.send("GET", at(cluster, "configmaps"), undefined, {
      headers: { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" },
    });
    expect(body).toMatchObject({ kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" });
    const [item] = body.items.filter((each: Json) => each.metadata.name === "a");
    expect(item).toMatchObject({ metadata: { name: "a", labels: { tier: "web" } } });
    expect(item.data).toBeUndefined();
  });

  it("spans all namespaces where none is named", async () => {
    const name = randomName("unique");
    await cluster.api.post(at(cluster, "configmaps"), configMap(name));
    const { body } = await cluster.api.get(
      `/api/v1/configmaps?fieldSelector=metadata.name%3D${name}`,
    );
    expect(body.items.map((each: Json) => each.metadata.namespace)).toEqual([cluster.namespace]);
  });
});

describeCluster("a watch", (cluster) => {
  const named = (name: string, type: string) => (event: { type: string; object: Json }) =>
    event.type === type && event.object.metadata.name === name;

  it("from a list's resourceVersion shows what came after it, and nothing before", async () => {
    await cluster.api.post(at(cluster, "configmaps"), configMap("before"));
    const list = await cluster.api.get(at(cluster, "configmaps"));
    const watch = await cluster.api.watch(
      at(cluster, "configmaps"),
      `&resourceVersion=${list.body.metadata.resourceVersion}`,
    );
    try {
      const made = await cluster.api.post(at(cluster, "configmaps"), configMap("one"));
      expect((await watch.next(named("one", "ADDED"))).object).toEqual(made.body);
      await cluster.api.merge(at(cluster, "configmaps", "one"), { data: { color: "red" } });
      expect((await watch.next(named("one", "MODIFIED"))).object.data).toEqual({ color: "red" });
      await cluster.api.delete(at(cluster, "configmaps", "one"));
      const deleted = await watch.next(named("one", "DELETED"));
      expect(deleted.object.data).toEqual({ color: "red" });
      expect(Number(deleted.object.metadata.resourceVersion)).toBeGreaterThan(
        Number(made.body.metadata.resourceVersion),
      );
      expect(watch.seen.filter(({ object }) => object.metadata.name === "before")).toEqual([]);
    } finally {
      watch.close();
    }
  });

  it("from nowhere shows first what is there", async () => {
    await cluster.api.post(at(cluster, "configmaps"), configMap("before"));
    const watch = await cluster.api.watch(at(cluster, "configmaps"));
    try {
      await watch.next(named("before", "ADDED"));
    } finally {
      watch.close();
    }
  });

  it("with a selector shows an object that no longer matches as deleted", async () => {
    const watch = await cluster.api.watch(at(cluster, "configmaps"), "&labelSelector=on%3Dyes");
    try {
      const body = configMap("one");
      body.metadata.labels = { on: "yes" };
      await cluster.api.post(at(cluster, "configmaps"), body);
      await cluster.api.post(at(cluster, "configmaps"), configMap("other"));
      await watch.next(named("one", "ADDED"));
      await cluster.api.merge(at(cluster, "configmaps", "one"), {
        metadata: { labels: { on: "no" } },
      });
      await watch.next(named("one", "DELETED"));
      expect(watch.seen.map(({ object }) => object.metadata.name)).toEqual(["one", "one"]);
    } finally {
      watch.close();
    }
  });

  it("sends a bookmark before its time is over, then ends", async () => {
    const watch = await cluster.api.watch(
      at(cluster, "configmaps"),
      "&allowWatchBookmarks=true&timeoutSeconds=4",
    );
    const bookmark = await watch.next(({ type }) => type === "BOOKMARK");
    expect(bookmark.object).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
    expect(bookmark.object.metadata.resourceVersion).toMatch(/^\d+$/);
    await expect(watch.next(({ type }) => type === "ERROR")).rejects.toThrow("the watch ended");
  });

  it("from a resourceVersion that is forgotten is an ERROR event with 410", async () => {
    // A real cluster remembers nothing of a kind from before the kind was there.
    const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const definition = customResource(randomName("watched"));
    const { name } = definition.metadata;
    await cluster.api.post(crds, definition);
    const { group } = definition.spec;
    const path = `/apis/${group}/v1/namespaces/${cluster.namespace}/things`;
    try {
      await eventually(
        () => cluster.api.get(path),
        ({ status }) => status === 200,
      );
      cluster.forgetHistory();
      const watch = await cluster.api.watch(path, "&resourceVersion=1");
      const error = await watch.next(({ type }) => type === "ERROR");
      expect(error.object).toMatchObject({
        kind: "Status",
        status: "Failure",
        reason: "Expired",
        code: 410,
      });
      expect(error.object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
      watch.close();
    } finally {
      await cluster.api.delete(`${crds}/${name}`);
    }
  });
});

describeCluster("a Lease", (cluster) => {
  it("is taken by one of two who saw the same", async () => {
    const lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "lock" },
      spec: {
        holderIdentity: "a",
        leaseDurationSeconds: 15,
        renewTime: "2026-01-01T00:00:00.000000Z",
      },
    };
    const made = await cluster.api.post(at(cluster, "leases"), lease);
    expect(made.status).toBe(201);
    expect(made.body.spec).toEqual(lease.spec);
    const claim = (holderIdentity: string) =>
      cluster.api.put(at(cluster, "leases", "lock"), {
        ...made.body,
        spec: { ...made.body.spec, holderIdentity },
      });
    const [first, second] = await Promise.all([claim("b"), claim("c")]);
    expect([first.status, second.status].sort()).toEqual([200, 409]);
  });
});

describeCluster("a Secret", (cluster) => {
  it("turns stringData into data, which is base64", async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      stringData: { password: "hunter2" },
    };
    const { status, body } = await cluster.api.post(at(cluster, "secrets"), secret);
    expect(status).toBe(201);
    expect(body.data).toEqual({ password: "aHVudGVyMg==" });
    expect(body.stringData).toBeUndefined();
    expect(body.type).toBe("Opaque");
  });

  it("refuses data that is no base64", async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { a: "%%%" },
    };
    const { status, body } = await cluster.api.post(at(cluster, "secrets"), secret);
    expect(status).toBe(400);
    expect(body.reason).toBe("BadRequest");
    expect(body.message).toContain("illegal base64 data");
  });
});

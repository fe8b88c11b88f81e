/** The same thing said by containerd, CRI-O, Docker and the registries behind them comes down to the same reason. */
import { assert, describe, it } from "@effect/vitest";
import { reasonOf } from "../src/diagnosis/ImagePull.js";

const words: Readonly<Record<string, ReadonlyArray<string>>> = {
  image_not_found: [
    // containerd
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:nope": failed to resolve reference "docker.io/library/nginx:nope": docker.io/library/nginx:nope: not found',
    'failed to pull and unpack image "ghcr.io/org/app:v9": failed to resolve reference "ghcr.io/org/app:v9": unexpected status from HEAD request to https://ghcr.io/v2/org/app/manifests/v9: 404 Not Found',
    'failed to pull and unpack image "reg.example.org/app@sha256:0000": failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:0000 (application/vnd.oci.image.config.v1+json) from remote: not found',
    // Docker
    "rpc error: code = Unknown desc = Error response from daemon: manifest for nginx:nope not found: manifest unknown: manifest unknown",
    "Error response from daemon: manifest unknown",
    "Error response from daemon: No such image: app:v9",
    // CRI-O and Podman
    "rpc error: code = Unknown desc = reading manifest nope in docker.io/library/nginx: manifest unknown",
    "initializing source docker://reg.example.org/org/app:v9: reading manifest v9 in reg.example.org/org/app: name unknown: Repository name not known to registry",
    "initializing source docker://reg.example.org/app:v9: reading manifest v9 in reg.example.org/app: StatusCode: 404, 404 page not found",
    // registries: distribution, ECR, GCR and Artifact Registry, quay, Harbor, ACR, GitLab
    '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
    '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}',
    "Requested image not found",
    "RepositoryNotFoundException: The repository with name 'app' does not exist in the registry with id '123456789012'",
    "name unknown: The repository with name 'app' does not exist in the registry with id '123456789012'",
    'failed to resolve reference "gcr.io/p/app:v9": gcr.io/p/app:v9: not found',
    'name unknown: Repository "images" not found',
    "unknown: Tag v9 was deleted or has expired. To pull, revive via time machine",
    "unknown: artifact library/app:v9 not found",
    "unknown: repository library/app not found",
    'manifest unknown: manifest tagged by "v9" is not found',
  ],
  image_pull_denied: [
    'failed to pull and unpack image "docker.io/acme/private:1": failed to resolve reference "docker.io/acme/private:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    'failed to resolve reference "x": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    "Error response from daemon: pull access denied for acme/private, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'Error response from daemon: Get "https://reg.example.org/v2/app/manifests/1": unauthorized: authentication required',
    'Error response from daemon: Head "https://reg.example.org/v2/app/manifests/1": no basic auth credentials',
    "reading manifest 1 in docker.io/acme/private: requested access to the resource is denied",
    "reading manifest 1 in quay.io/acme/private: unauthorized: access to the requested resource is not authorized",
    "initializing source docker://x: unable to retrieve auth token: invalid username/password: unauthorized: incorrect username or password",
    "failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://reg.example.org/token: 401 Unauthorized",
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Aorg%2Fapp%3Apull: 403 Forbidden",
    "unexpected status from HEAD request to https://registry.example.org/v2/app/manifests/1: 403 Forbidden",
    'denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "projects/p/locations/eu/repositories/r" (or it may not exist)',
    "denied: User: arn:aws:sts::1:assumed-role/node is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:1:repository/app",
    "denied: Your authorization token has expired. Reauthenticate and try again.",
    "unauthorized: unauthorized to access repository: library/app, action: pull: unauthorized to access repository: library/app, action: pull",
    "denied: access forbidden",
    'error getting credentials - err: exec: "docker-credential-ecr-login": executable file not found in $PATH, out: ``',
  ],
  image_pull_failed: [
    "failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading",
    "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
    'failed to do request: Head "https://reg.example.org/v2/app/manifests/1": dial tcp: lookup reg.example.org on 10.96.0.10:53: no such host',
    'Error response from daemon: Get "https://reg.example.org/v2/": dial tcp 10.0.0.1:443: i/o timeout',
    'Error response from daemon: Get "https://reg.example.org/v2/": net/http: TLS handshake timeout',
    'failed to do request: Head "https://reg.example.org/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'pinging container registry reg.example.org: Get "https://reg.example.org/v2/": dial tcp: lookup reg.example.org: no such host',
    'pinging container registry reg.example.org: Get "https://reg.example.org/v2/": http: server gave HTTP response to HTTPS client',
    "unexpected status from HEAD request to https://reg.example.org/v2/app/manifests/1: 503 Service Unavailable",
    "received unexpected HTTP status: 502 Bad Gateway",
    "received unexpected HTTP status: 500 Internal Server Error",
    'failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token": dial tcp: lookup auth.docker.io: Temporary failure in name resolution',
    "read tcp 10.0.0.2:5000->10.0.0.3:443: read: connection reset by peer",
    "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    "failed to extract layer sha256:00: write /var/lib/containerd/x: no space left on device",
    "something that no list here knows",
    "",
  ],
  image_reference_invalid: [
    'Failed to apply default image tag "UPPER/Case:1": couldn\'t parse image name "UPPER/Case:1": invalid reference format: repository name (UPPER/Case) must be lowercase',
    "Error response from daemon: invalid reference format",
    'couldn\'t parse image reference "app:": invalid reference format',
    'Container image "app:1" is not present with pull policy of Never',
    'short-name "app:1" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"',
    "failed to parse reference: invalid checksum digest length",
  ],
  container_start_failed: [
    'failed to pull and unpack image "x": no match for platform in manifest: not found',
    "Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries: not found",
    'choosing an image from manifest list docker://x: no image found in manifest list for architecture "arm64", variant "v8", OS "linux"',
  ],
};

describe("what runtimes and registries say of a pull", () => {
  for (const [reason, texts] of Object.entries(words))
    it.each(texts)(`is ${reason}: %s`, (text) => {
      assert.strictEqual(reasonOf(text), reason);
    });

  it("does not take the image's own name for the registry's words", () => {
    const image = "reg.example.org/team/denied-404:forbidden-x509";
    assert.strictEqual(
      reasonOf(
        `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
        image,
      ),
      "image_not_found",
    );
    assert.strictEqual(
      reasonOf(
        'Get "https://reg.example.org/v2/team/not-found/manifests/429": unauthorized',
        "reg.example.org/team/not-found:429",
      ),
      "image_pull_denied",
    );
  });
});

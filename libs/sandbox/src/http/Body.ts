/** Request bodies: JSON, or YAML where kubectl sends it. */
import type { IncomingMessage } from "node:http";
import { ApiError, badRequest } from "../ApiError.js";
import type { Json } from "../Json.js";

/** The API server's limit of a request's body. */
const LIMIT = 3 * 1024 * 1024;

export const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > LIMIT)
      throw new ApiError(
        413,
        "RequestEntityTooLarge",
        `Request entity too large: limit is ${LIMIT}`,
      );
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
};

export const parseBody = async (text: string, kind: string): Promise<Json> => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    try {
      const { parse } = await import("yaml");
      const value = parse(text) as Json;
      if (typeof value === "object") return value;
    } catch {
      // Told below, in the API's words.
    }
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: invalid JSON (${Buffer.from(text.slice(0, 20)).toString("hex")} ...)`,
    );
  }
};

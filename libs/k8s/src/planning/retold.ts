/** An API failure in other words. A plain spread would lose the message, which an Error keeps to itself. */
import { ApiFailure } from "../connection/ClusterError.js";

export const retold = (
  failure: ApiFailure,
  changes: Partial<Pick<ApiFailure, "message" | "reason" | "object" | "evidence" | "advice">>,
): ApiFailure => new ApiFailure({ ...failure, message: failure.message, ...changes });

/** The services that are known, one a line. */
import { Timestamp } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import type { Look } from "../Terminal.js";
import { age, paintFor, table } from "../Text.js";
import { statusText } from "./History.js";

type Services = Operations.Output<"services">;

export const servicesLines = (
  { services, namespace }: Services,
  look: Look,
  now: number,
): ReadonlyArray<string> => {
  const paint = paintFor(look);
  if (services.length === 0) {
    return [
      namespace === undefined ? "no service is known yet" : `no service is known in ${namespace}`,
    ];
  }
  const clusters = new Set(services.map(({ cluster }) => cluster)).size;
  return table<Services["services"][number]>(
    [
      { title: "NAMESPACE", cell: (each) => each.namespace },
      { title: "SERVICE", cell: ({ service }) => service },
      {
        title: "STATUS",
        cell: ({ status }) => status,
        paint: (text) => statusText(text, paint),
      },
      { title: "REASON", cell: ({ reason }) => reason ?? "" },
      { title: "AGE", cell: ({ timestamp }) => age(now - Timestamp.toMillis(timestamp)) },
      { title: "DEPLOYS", cell: ({ deploys }) => String(deploys) },
      { title: "LAST DEPLOY", cell: ({ deployId }) => deployId },
      // One cluster's name on every line would say nothing.
      { title: "CLUSTER", cell: ({ cluster }) => (clusters > 1 ? cluster : ""), shrinks: true },
    ],
    services,
    paint,
    look.width,
  );
};

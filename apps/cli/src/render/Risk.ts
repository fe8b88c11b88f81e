/** A risk and its drivers, as a colleague would say them. */
import type { Risk } from "@nopea/domain";
import type { Look } from "../Terminal.js";
import { oneLine, type Paint, paintFor, paragraph, plural } from "../Text.js";

/** `31 %`; below one per cent with a digit more. */
export const percent = (share: number): string =>
  share > 0 && share < 0.01 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;

export const riskText = ({ probability }: Risk.Risk, paint: Paint): string => {
  const text = percent(probability);
  if (probability > 0.15) return paint.red(text);
  return probability > 0.08 ? paint.yellow(text) : paint.green(text);
};

/** The risk and what speaks most for or against it, in a line. */
export const riskLine = (risk: Risk.Risk): string => {
  const [driver] = risk.drivers;
  return `risk ${percent(risk.probability)}${driver === undefined ? "" : `: ${oneLine(driver.text)}`}`;
};

/** Less than this, in log-odds, tells nobody more: it changes a risk of 10 % by half a point. */
const WORTH_A_LINE = 0.05;

/** From where the risk begins, what speaks for failure (`+`) and against it (`-`), the strongest first. */
export const driverLines = ({ drivers, basedOn }: Risk.Risk, look: Look): ReadonlyArray<string> => {
  const paint = paintFor(look);
  const isBase = ({ name }: Risk.Driver) => name === "base";
  const others = drivers.filter(
    (driver) => !isBase(driver) && Math.abs(driver.logOdds) >= WORTH_A_LINE,
  );
  const lines = [...drivers.filter(isBase), ...others].flatMap((driver) => {
    const sign = isBase(driver) ? " " : driver.logOdds > 0 ? paint.red("+") : paint.green("-");
    const text = isBase(driver)
      ? `${percent(1 / (1 + Math.exp(-driver.logOdds)))} to begin with: ${driver.text}`
      : driver.text;
    return paragraph(oneLine(text), 4, look).map((line, index) =>
      index === 0 ? `  ${sign} ${line.trimStart()}` : line,
    );
  });
  const { service, namespace, cluster } = basedOn;
  return [
    ...lines,
    paint.dim(
      `  learnt from ${plural(service, "deploy")} of the service, ${namespace} of the namespace, ${cluster} of the cluster`,
    ),
  ];
};

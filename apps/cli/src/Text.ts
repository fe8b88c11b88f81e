/**
 * Text that fits a terminal: widths as a terminal counts them, colours only where they are wanted,
 * and a cluster's words made safe to print.
 */
import { Evidence } from "@nopea/domain";
import pc from "picocolors";
import { eastAsianWidth } from "get-east-asian-width";
import type { Look } from "./Terminal.js";

const PLAIN = /^[ -~]*$/;
/** Marks that go onto the character before, joiners, and what shows nothing. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u;

/** Columns that a terminal takes for it. Most text is ASCII, for which nothing has to be looked up. */
const widthOf = (text: string): number => {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!NO_WIDTH.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
};

export type Paint = ReturnType<typeof pc.createColors>;

export const paintFor = (look: Look): Paint => pc.createColors(look.color);

/** One safe line: no control characters, and line breaks as spaces. */
export const oneLine = (text: string): string =>
  Evidence.clean(text)
    .replace(/\s*\n\s*/g, " ")
    .replace(/\t/g, " ")
    .trim();

/** At most `width` columns; what does not fit ends in `…`. Plain text only. */
export const fit = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return "";
  let kept = "";
  let used = 0;
  for (const character of text) {
    const next = widthOf(character);
    if (used + next > width - 1) break;
    kept += character;
    used += next;
  }
  return `${kept}…`;
};

/** Breaks at spaces so that no line is wider than `width`; a longer word stays whole, to be copied. */
export const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
};

export const indent = (lines: ReadonlyArray<string>, by: number): ReadonlyArray<string> =>
  lines.map((line) => (line === "" ? "" : " ".repeat(by) + line));

/** A paragraph that hangs under its first word. */
export const paragraph = (text: string, by: number, look: Look): ReadonlyArray<string> =>
  indent(wrap(text, Math.max(24, look.width - by)), by);

export const plural = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? "" : "s"}`;

/** `3m`, `2h`, `5d`: how long ago, in its largest unit. */
export const age = (millis: number): string => {
  const seconds = Math.max(0, Math.floor(millis / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
};

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly paint?: (text: string, row: Row) => string;
  /** May be cut short where there is no room for all of it. */
  readonly shrinks?: boolean;
}

const GAP = 3;
const SHORTEST = 8;

/**
 * Columns as kubectl draws them, never wider than `width`: a column that has no room any more is
 * left out (the more important ones come first), and so is one that is empty in every row.
 */
export const table = <Row>(
  columns: ReadonlyArray<Column<Row>>,
  rows: ReadonlyArray<Row>,
  paint: Paint,
  width = Number.POSITIVE_INFINITY,
): ReadonlyArray<string> => {
  const cells = rows.map((row) => columns.map(({ cell }) => oneLine(cell(row))));
  const shown: Array<{ readonly column: Column<Row>; readonly index: number; width: number }> = [];
  let room = width;
  columns.forEach((column, index) => {
    const texts = cells.map((line) => line[index] ?? "");
    if (texts.length > 0 && texts.every((text) => text === "")) return;
    const wanted = Math.max(...[column.title, ...texts].map((text) => widthOf(text)));
    const gap = shown.length === 0 ? 0 : GAP;
    const least = column.shrinks === true ? Math.min(wanted, SHORTEST) : wanted;
    if (shown.length > 0 && gap + least > room) return;
    const given = Math.max(least, Math.min(wanted, room - gap));
    shown.push({ column, index, width: given });
    room -= gap + given;
  });
  const line = (texts: ReadonlyArray<string>, row: Row | undefined) =>
    shown
      .map(({ column, index, width }) => {
        const text = fit(texts[index] ?? "", width);
        const painted = row === undefined ? paint.dim(text) : (column.paint?.(text, row) ?? text);
        return painted + " ".repeat(width - widthOf(text));
      })
      .join(" ".repeat(GAP))
      .trimEnd();
  return [
    line(
      columns.map(({ title }) => title),
      undefined,
    ),
    ...cells.map((texts, index) => line(texts, rows[index])),
  ];
};

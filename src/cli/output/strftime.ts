// strftime(3) in the C locale and UTC, for -w's %time{…}. Pure.
//
// Beyond POSIX: %f, microseconds, as curl has it. A letter that is none stays as it stands.

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAY_MS = 86_400_000;

/** Conversions that stand for others. */
const SHORTHANDS: { readonly [conversion: string]: string } = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  h: "%b",
  r: "%I:%M:%S %p",
  R: "%H:%M",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

const CONVERSIONS: { readonly [conversion: string]: (date: Date, epochMs: number) => string } = {
  a: (d) => (DAYS[d.getUTCDay()] ?? "").slice(0, 3),
  A: (d) => DAYS[d.getUTCDay()] ?? "",
  b: (d) => (MONTHS[d.getUTCMonth()] ?? "").slice(0, 3),
  B: (d) => MONTHS[d.getUTCMonth()] ?? "",
  C: (d) => padded(Math.floor(d.getUTCFullYear() / 100), 2),
  d: (d) => padded(d.getUTCDate(), 2),
  e: (d) => padded(d.getUTCDate(), 2, " "),
  f: (_, epochMs) => padded(Math.floor((epochMs * 1000) % 1_000_000), 6),
  g: (d) => padded(isoWeek(d).year % 100, 2),
  G: (d) => String(isoWeek(d).year),
  H: (d) => padded(d.getUTCHours(), 2),
  I: (d) => padded(d.getUTCHours() % 12 || 12, 2),
  j: (d) => padded(yearDay(d) + 1, 3),
  k: (d) => padded(d.getUTCHours(), 2, " "),
  l: (d) => padded(d.getUTCHours() % 12 || 12, 2, " "),
  m: (d) => padded(d.getUTCMonth() + 1, 2),
  M: (d) => padded(d.getUTCMinutes(), 2),
  n: () => "\n",
  p: (d) => (d.getUTCHours() < 12 ? "AM" : "PM"),
  P: (d) => (d.getUTCHours() < 12 ? "am" : "pm"),
  s: (_, epochMs) => String(Math.floor(epochMs / 1000)),
  S: (d) => padded(d.getUTCSeconds(), 2),
  t: () => "\t",
  u: (d) => String(d.getUTCDay() || 7),
  // Weeks that begin with Sunday, with Monday: days before the first one are week 0.
  U: (d) => padded(Math.floor((yearDay(d) + 7 - d.getUTCDay()) / 7), 2),
  V: (d) => padded(isoWeek(d).week, 2),
  w: (d) => String(d.getUTCDay()),
  W: (d) => padded(Math.floor((yearDay(d) + 7 - ((d.getUTCDay() + 6) % 7)) / 7), 2),
  y: (d) => padded(d.getUTCFullYear() % 100, 2),
  Y: (d) => String(d.getUTCFullYear()),
  z: () => "+0000",
  Z: () => "UTC",
  "%": () => "%",
};

/** @param epochMs milliseconds since 1970, with microseconds behind the point; unknown conversions stay as they are */
export function strftime(format: string, epochMs: number): string {
  const date = new Date(epochMs);
  return format.replace(/%(.)/gs, (text, conversion: string) => {
    const shorthand = SHORTHANDS[conversion];
    if (shorthand !== undefined) return strftime(shorthand, epochMs);
    return CONVERSIONS[conversion]?.(date, epochMs) ?? text;
  });
}

function padded(value: number, digits: number, fill = "0"): string {
  return String(value).padStart(digits, fill);
}

/** 0 for January 1st. */
function yearDay(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS);
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(date: Date): { readonly week: number; readonly year: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS);
  return { week: Math.floor(yearDay(thursday) / 7) + 1, year: thursday.getUTCFullYear() };
}

// The progress meter's figures: sizes and durations as text of a fixed width, by curl's rules.
//
// Here: the two formats, for the meter's row and the lines of the paths below it. Not here: the columns themselves
// (progress.ts, path-lines.ts), and the reports' units, which are decimal (report/words.ts).

/** Six columns: plain up to 99999, above in powers of 1024: `97.66k`, `976.6k`, ` 0.98M`. */
export function sizeText(bytes: number): string {
  if (bytes <= 99_999) return String(bytes).padStart(6);
  let value = bytes;
  let unit = "";
  for (const next of ["k", "M", "G", "T", "P"]) {
    value /= 1024;
    unit = next;
    if (value < 999.95) break;
  }
  const digits = value < 99.995 ? 2 : value < 999.95 ? 1 : 0;
  return `${value.toFixed(digits)}${unit}`.padStart(6);
}

/** Seven columns: blank for nothing, `MM:SS`, `H:MM:SS`, `HHh MMm`, `DDd HHh`, days. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (value: number): string => String(value).padStart(2, "0");
  let text: string;
  if (seconds <= 0) text = "";
  else if (hours === 0) text = `${two(minutes)}:${two(seconds % 60)}`;
  else if (hours < 10) text = `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  else if (hours < 100) text = `${hours}h ${two(minutes % 60)}m`;
  else if (days < 100) text = `${days}d ${two(hours % 24)}h`;
  else text = `${Math.min(days, 999_999)}d`;
  return text.padStart(7);
}

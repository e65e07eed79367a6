// The kernel's network counters as numbers by name, from the text of /proc/net/snmp and /proc/net/netstat.
//
// They count per network namespace, so in a fresh one they are evidence of what one program did. Pure; reading the
// files inside a namespace is netns.ts.

/** Kernel counters by name: MPTcpExt's as they are, Tcp's and TcpExt's with that before them; an absent name counts 0. */
export type Counters = (name: string) => number;

const PREFIXES: Readonly<Record<string, string>> = {
  "Tcp:": "Tcp",
  "TcpExt:": "TcpExt",
  "MPTcpExt:": "",
};

/** Reads /proc/net/snmp and /proc/net/netstat: pairs of lines, names and then values, behind the same "Group:". */
export function parseCounters(text: string): Counters {
  const values = new Map<string, number>();
  const lines = text.split("\n").map((line) => line.split(" "));
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [names = [], numbers = []] = [lines[i], lines[i + 1]];
    const prefix = PREFIXES[names[0] ?? ""];
    if (prefix === undefined) continue;
    for (let k = 1; k < names.length; k++) values.set(`${prefix}${names[k]}`, Number(numbers[k]));
  }
  return (name) => values.get(name) ?? 0;
}

// One download over MPTCP by mpcurl's own transfer, with its looks at the paths or without, run as a script in a
// namespace; prints wall and CPU of the transfer alone, in milliseconds:
//
//     bun tests/bench/looks.ts URL on|off
//
// "off" takes the watch away from the connection, which no option of the program does.
import { Session } from "../../src/client/session.ts";
import { transfer } from "../../src/client/transfer.ts";
import { connect } from "../../src/net/connect.ts";
import { PLAIN_ROUTE, plainTransfer } from "../support/client/transfer-run.ts";

async function main([url = "", looks = ""]: readonly string[]): Promise<void> {
  const session = new Session({
    connect: async (...way) => {
      const stream = await connect(...way);
      return looks === "on" ? stream : Object.assign(stream, { watch: null });
    },
  });
  const route = { ...PLAIN_ROUTE, protocol: "mptcp" as const };
  const sink = { header() {}, begin() {}, write() {}, restart() {}, finish() {} };
  const [startMs, cpu] = [performance.now(), process.cpuUsage()];
  const outcome = await transfer({ ...plainTransfer(url), route }, { session, sink });
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  session.close();
  if (outcome.error) throw outcome.error;
  process.stdout.write(`${JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 })}\n`);
}

await main(process.argv.slice(2));

// What download.test.ts and upload.test.ts share: how large a file goes over how fast uplinks, when it has gone far
// enough for a path of it to be cut, and what the report must say of the dead path and of the one that took over.
import { expect } from "bun:test";
import type { JsonPath } from "../../../src/cli/output/mptcp-json.ts";
import type { UplinkNetwork } from "../../support/mptcp/paths.ts";
import { connectionOf, pathFrom, type Transferred, untilMoved } from "../lab.ts";

export const SIZE = 8_000_000;
export const RATE_MBIT = 20;

/** A path that is cut has carried this much, so that it is one of two at work. */
export const BEFORE_CUT = 1_000_000;

/**
 * A path's bytes against its device's, which count headers too (5 to 7 %), of an upload also what was sent again. Of a
 * path that died they are 200 ms apart besides: a look at it comes every 100 ms, and the shaper holds 100 ms. What came
 * after the last look the downloader does not know; what the shaper still held is never acknowledged to the uploader.
 */
const BYTES = {
  download: { told: "bytes_in", counted: "receivedBytes", leastShare: 0.9 },
  upload: { told: "bytes_out", counted: "sentBytes", leastShare: 0.85 },
} as const;

type Direction = keyof typeof BYTES;

export function bothAtWork(network: UplinkNetwork, during: Promise<unknown>): Promise<void> {
  return untilMoved(network, { bytes: BEFORE_CUT, devices: ["c1", "c2"], during });
}

/** By the number that cut() takes. */
export function pathOn(network: UplinkNetwork, done: Transferred, number: number): JsonPath {
  return pathFrom(done, network.uplinks[number - 1]?.address ?? "");
}

interface Death {
  readonly path: number;
  readonly cause: JsonPath["end_cause"];
}

/** MPTCP to the end, over two paths: one died of that cause, the other is up. */
export function expectOneDied(
  network: UplinkNetwork,
  done: Transferred,
  { path, cause }: Death,
): void {
  const { verdict, subflows } = connectionOf(done);
  expect({ verdict, subflows }).toEqual({ verdict: "mptcp", subflows: 2 });
  const dead = pathOn(network, done, path);
  expect(["down", "closed"]).toContain(dead.state);
  expect(dead).toMatchObject({ end_cause: cause, down_ms: expect.any(Number) });
  expect(pathOn(network, done, 3 - path)).toMatchObject({ state: "up", end_cause: null });
}

/** Each path has carried what its device has, as far as the client can know. */
export async function expectBytesOfDevices(
  network: UplinkNetwork,
  done: Transferred,
  direction: Direction,
): Promise<void> {
  const { told, counted, leastShare } = BYTES[direction];
  const traffic = await network.topology.traffic("client");
  for (const { number, device } of network.uplinks) {
    const path = pathOn(network, done, number);
    const ofDevice = traffic[device]?.[counted] ?? 0;
    const unseen = path.state === "up" ? 0 : (0.2 * RATE_MBIT * 1e6) / 8;
    expect(path[told]).toBeLessThanOrEqual(ofDevice);
    expect(path[told]).toBeGreaterThan(leastShare * ofDevice - unseen);
  }
}

import { describe, expect, test } from "bun:test";
import { Deadline, type NextTimeout, type Phase } from "../../src/deadline.ts";

interface Case {
  readonly name: string;
  /** --connect-timeout, --max-time, in milliseconds. */
  readonly limits: readonly [number, number];
  readonly phase: Phase;
  /** Since the transfer began: now, and when this connect began. */
  readonly nowMs: number;
  readonly phaseStartedMs: number;
  readonly expected: NextTimeout | null;
}

const CASES: readonly Case[] = [
  {
    name: "without limits nothing ends a connect",
    limits: [0, 0],
    phase: "connect",
    nowMs: 5,
    phaseStartedMs: 0,
    expected: null,
  },
  {
    name: "the connect limit counts from the phase's start",
    limits: [300, 0],
    phase: "connect",
    nowMs: 1100,
    phaseStartedMs: 1000,
    expected: { afterMs: 200, reason: "connect-timeout" },
  },
  {
    name: "resolving is part of connecting",
    limits: [300, 0],
    phase: "resolve",
    nowMs: 1000,
    phaseStartedMs: 1000,
    expected: { afterMs: 300, reason: "connect-timeout" },
  },
  {
    name: "the connect limit does not end an exchange",
    limits: [300, 0],
    phase: "exchange",
    nowMs: 1000,
    phaseStartedMs: 0,
    expected: null,
  },
  {
    name: "the whole limit counts from the transfer's start",
    limits: [0, 5000],
    phase: "exchange",
    nowMs: 4000,
    phaseStartedMs: 3900,
    expected: { afterMs: 1000, reason: "max-time" },
  },
  {
    name: "the nearer of both: connect",
    limits: [300, 5000],
    phase: "connect",
    nowMs: 1000,
    phaseStartedMs: 1000,
    expected: { afterMs: 300, reason: "connect-timeout" },
  },
  {
    name: "the nearer of both: whole",
    limits: [3000, 5000],
    phase: "connect",
    nowMs: 4500,
    phaseStartedMs: 4500,
    expected: { afterMs: 500, reason: "max-time" },
  },
  {
    name: "at the same moment it is the whole",
    limits: [500, 1500],
    phase: "connect",
    nowMs: 1000,
    phaseStartedMs: 1000,
    expected: { afterMs: 500, reason: "max-time" },
  },
  {
    name: "what is over is due now, never before",
    limits: [0, 100],
    phase: "exchange",
    nowMs: 900,
    phaseStartedMs: 0,
    expected: { afterMs: 0, reason: "max-time" },
  },
  {
    name: "a connect that is over is due now",
    limits: [100, 0],
    phase: "connect",
    nowMs: 900,
    phaseStartedMs: 0,
    expected: { afterMs: 0, reason: "connect-timeout" },
  },
];

describe("Deadline.next", () => {
  for (const { name, limits, phase, nowMs, phaseStartedMs, expected } of CASES) {
    test(name, () => {
      const startedMs = 70_000;
      const [connectTimeoutMs, maxTimeMs] = limits;
      const deadline = new Deadline({ connectTimeoutMs, maxTimeMs }, startedMs);
      expect(deadline.next(phase, startedMs + nowMs, startedMs + phaseStartedMs)).toEqual(expected);
    });
  }
});

// An endpoint of the path manager with no flag set: what tests set theirs on.
import type { EndpointFlags } from "../../ffi/netlink/mptcp-pm.ts";

export const NO_FLAGS: EndpointFlags = {
  signal: false,
  subflow: false,
  backup: false,
  fullmesh: false,
  implicit: false,
  laminar: false,
};

// Numbers of the kernel's interface, each with its header and, where it is young, its first kernel.
//
// They are the same on x86-64 and AArch64, the two architectures that mpcurl is built for.

// sys/socket.h
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
export const SO_KEEPALIVE = 9;
export const SO_BINDTODEVICE = 25;
export const SO_PROTOCOL = 38;

// netinet/in.h
export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
/** linux/in.h, Linux 4.2. */
export const IP_BIND_ADDRESS_NO_PORT = 24;
/** linux/in.h, Linux 5.6. */
export const IPPROTO_MPTCP = 262;

// netinet/tcp.h
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const TCP_INFO = 11;
/** linux/tcp.h, Linux 6.10. */
export const TCP_IS_MPTCP = 43;

// linux/mptcp.h
/** Linux 5.16. */
export const SOL_MPTCP = 284;
/** Linux 5.16. */
export const MPTCP_INFO = 1;
/** Linux 5.16. */
export const MPTCP_TCPINFO = 2;
/** Linux 5.16. */
export const MPTCP_SUBFLOW_ADDRS = 3;
/** Linux 6.5. */
export const MPTCP_FULL_INFO = 4;

// fcntl.h
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

// unistd.h
export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const F_OK = 0;

// poll.h
export const POLLIN = 1;
export const POLLOUT = 4;

// asm-generic/ioctls.h
export const TIOCGWINSZ = 0x5413;

// linux/stat.h, fcntl.h
export const AT_EMPTY_PATH = 0x1000;
export const STATX_TYPE = 0x1;
export const STATX_SIZE = 0x200;
export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;

// linux/netlink.h
export const AF_NETLINK = 16;
export const SOCK_RAW = 3;
export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;
export const NETLINK_GENERIC = 16;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLA_F_NESTED = 0x8000;
export const NLA_TYPE_MASK = 0x3fff;

// sys/socket.h
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

// linux/genetlink.h
export const GENL_ID_CTRL = 16;
export const CTRL_CMD_GETFAMILY = 3;
export const CTRL_ATTR = { FAMILY_ID: 1, FAMILY_NAME: 2 } as const;

// linux/mptcp_pm.h (linux/mptcp.h before Linux 6.7); the family is Linux 5.6
export const MPTCP_PM_NAME = "mptcp_pm";
export const MPTCP_PM_VERSION = 1;
export const MPTCP_PM_CMD = { ADD_ADDR: 1, DEL_ADDR: 2, GET_ADDR: 3, GET_LIMITS: 6 } as const;
export const MPTCP_PM_ATTR = { ADDR: 1, RCV_ADD_ADDRS: 2, SUBFLOWS: 3 } as const;
export const MPTCP_PM_ADDR_ATTR = {
  FAMILY: 1,
  ID: 2,
  ADDR4: 3,
  ADDR6: 4,
  PORT: 5,
  FLAGS: 6,
  IF_IDX: 7,
} as const;
/** FULLMESH is Linux 5.18, IMPLICIT 5.19, LAMINAR 6.18. */
export const MPTCP_PM_ADDR_FLAG = {
  SIGNAL: 0x1,
  SUBFLOW: 0x2,
  BACKUP: 0x4,
  FULLMESH: 0x8,
  IMPLICIT: 0x10,
  LAMINAR: 0x20,
} as const;

// linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/if.h
export const RTM_GETLINK = 18;
export const RTM_GETADDR = 22;
export const RTM_GETROUTE = 26;
export const IFLA = { IFNAME: 3, EXT_MASK: 29 } as const;
/** Linux 4.4. */
export const RTEXT_FILTER_SKIP_STATS = 0x8;
export const IFF = { UP: 0x1, LOOPBACK: 0x8, RUNNING: 0x40 } as const;
export const IFA = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
export const IFA_F = { DADFAILED: 0x8, TENTATIVE: 0x40 } as const;
export const RTA = {
  DST: 1,
  SRC: 2,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
} as const;
export const RT_TABLE_MAIN = 254;
export const RTN_UNICAST = 1;
export const RTNH_F_DEAD = 0x1;
export const RTM_F_LOOKUP_TABLE = 0x1000;

// linux/sock_diag.h, linux/inet_diag.h
export const SOCK_DIAG_BY_FAMILY = 20;
export const INET_DIAG_INFO = 2;
export const INET_DIAG_NOCOOKIE = 0xffffffff;
/** Linux 5.4; without CAP_NET_ADMIN too. */
export const INET_DIAG_ULP_INFO = 19;
export const INET_ULP_INFO_MPTCP = 3;

// linux/mptcp.h: what INET_ULP_INFO_MPTCP holds, Linux 5.6
export const MPTCP_SUBFLOW_ATTR_FLAGS = 8;
export const MPTCP_SUBFLOW_FLAG_BKUP_REM = 0x10;
export const MPTCP_SUBFLOW_FLAG_BKUP_LOC = 0x20;

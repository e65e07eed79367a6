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
export const SO_PROTOCOL = 38;

// netinet/in.h
export const IPPROTO_TCP = 6;
/** linux/in.h, Linux 5.6. */
export const IPPROTO_MPTCP = 262;

// netinet/tcp.h
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
/** linux/tcp.h, Linux 6.10. */
export const TCP_IS_MPTCP = 43;

// linux/mptcp.h
/** Linux 5.16. */
export const SOL_MPTCP = 284;
/** Linux 5.16. */
export const MPTCP_INFO = 1;

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
export const POLLOUT = 4;

// asm-generic/ioctls.h
export const TIOCGWINSZ = 0x5413;

// linux/stat.h, fcntl.h
export const AT_EMPTY_PATH = 0x1000;
export const STATX_TYPE = 0x1;
export const STATX_SIZE = 0x200;
export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;

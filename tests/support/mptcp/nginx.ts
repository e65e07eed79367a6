// nginx whose listeners speak MPTCP, because mptcpize stands between it and socket(2): its configuration and its
// command line. One process, in the foreground, that dies with whoever started it; everything it writes lies under
// the directory it is given. Starting it, in a namespace or on loopback, is the caller's.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface NginxOptions {
  /** Directory of its own; served files lie in "www", uploads by PUT go to "www/in". */
  readonly root: string;
  /** Numeric IPv4. */
  readonly address: string;
  readonly port: number;
  /** PEM files, and the port to speak TLS on. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly port: number };
}

/** Writes the configuration and the directories. @returns the command that runs it */
export function prepareNginx({ root, address, port, tls }: NginxOptions): string[] {
  mkdirSync(join(root, "www/in"), { recursive: true });
  const secure =
    tls === undefined
      ? ""
      : `server {
          listen ${address}:${tls.port} ssl; root ${root}/www;
          ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};
        }`;
  const configuration = `
    daemon off; master_process off; user root; pid ${root}/pid; error_log ${root}/error.log;
    events {}
    http {
      access_log off; sendfile on; keepalive_requests 100000; client_max_body_size 0;
      client_body_temp_path ${root}/temporary; proxy_temp_path ${root}/1;
      fastcgi_temp_path ${root}/2; uwsgi_temp_path ${root}/3; scgi_temp_path ${root}/4;
      server {
        listen ${address}:${port}; root ${root}/www;
        location /in { dav_methods PUT DELETE; }
      }
      ${secure}
    }\n`;
  writeFileSync(join(root, "nginx.conf"), configuration);
  return ["mptcpize", "run", "nginx", "-p", root, "-c", "nginx.conf"];
}

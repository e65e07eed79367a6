// A real nginx under mptcpize, in a directory of its own: plain and TLS listeners over MPTCP,
// with files, ranges, gzip, redirects, Basic credentials, uploads, and a large generated file.
//
//   /files/…   what the test put there, ranges and gzip as nginx does them
//   /gzip/…    the same, compressed on the fly        /to/N  redirects: /to/2 → /to/1 → /files/hello.txt
//   /private/  user "al", password "secret"           /up/…  PUT through WebDAV, directories made
//   /limited/  uploads over 1 KiB are 413             /echo  the request's fields as text

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeTempDir, tempDir } from "../temp-dir.ts";
import type { KeyPair } from "./certs.ts";
import { type Daemon, retried, startDaemon } from "./daemon.ts";
import { freePort } from "./loopback.ts";

export interface Nginx {
  readonly port: number;
  readonly tlsPort: number;
  readonly base: string;
  readonly tlsBase: string;
  /** Directory behind /files/. */
  readonly files: string;
  /** Directory behind /up/. */
  readonly uploads: string;
  /** Lines "connection number, requests on it, method, path, status, protocol". */
  log(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface NginxOptions {
  readonly tls: KeyPair;
  /** Default true: run under mptcpize. */
  readonly mptcp?: boolean;
}

function configuration(root: string, ports: readonly [number, number], tls: KeyPair): string {
  return `
daemon off;
master_process off;
pid ${root}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  log_format compact '$connection $connection_requests $request_method $request_uri $status $server_protocol';
  access_log ${root}/access.log compact;
  client_body_temp_path ${root}/tmp-body;
  proxy_temp_path ${root}/tmp-proxy;
  fastcgi_temp_path ${root}/tmp-fastcgi;
  uwsgi_temp_path ${root}/tmp-uwsgi;
  scgi_temp_path ${root}/tmp-scgi;
  types { text/plain txt; application/octet-stream bin; }
  sendfile on;
  client_max_body_size 2g;
  server {
    listen 127.0.0.1:${ports[0]};
    listen 127.0.0.1:${ports[1]} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${tls.certFile};
    ssl_certificate_key ${tls.keyFile};
    root ${root};
    location /files/ { }
    location /gzip/ { alias ${root}/files/; gzip on; gzip_min_length 1; gzip_types text/plain; }
    location = /to/1 { return 302 /files/hello.txt; }
    location ~ ^/to/(?<n>[2-9])$ { return 301 /to/1; }
    location = /loop { return 302 /loop; }
    location /private/ {
      alias ${root}/files/;
      auth_basic "the vault";
      auth_basic_user_file ${root}/users;
    }
    location /up/ { dav_methods PUT DELETE; create_full_put_path on; }
    location /limited/ { client_max_body_size 1k; dav_methods PUT; }
    location = /echo {
      default_type text/plain;
      return 200 "$request_method $request_uri $server_protocol\\nhost=$http_host\\nagent=$http_user_agent\\naccept=$http_accept\\ntls=$ssl_protocol\\nalpn=$ssl_alpn_protocol\\nsni=$ssl_server_name\\n";
    }
  }
}
`;
}

/** Starts nginx; `files/hello.txt` and `files/text.txt` (16 KiB) are there from the start. */
export function startNginx(options: NginxOptions): Promise<Nginx> {
  return retried(async () => {
    const root = tempDir("nginx");
    const files = join(root, "files");
    const uploads = join(root, "up");
    for (const path of [files, uploads, join(root, "limited")]) mkdirSync(path);
    writeFileSync(join(files, "hello.txt"), "hello, world\n");
    writeFileSync(join(files, "text.txt"), "sixteen letters\n".repeat(1024));
    writeFileSync(join(root, "users"), "al:{PLAIN}secret\n");
    const ports = [freePort(), freePort()] as const;
    const configurationFile = join(root, "nginx.conf");
    writeFileSync(configurationFile, configuration(root, ports, options.tls));
    const command = ["nginx", "-p", root, "-c", configurationFile];
    const daemon: Daemon = await startDaemon(
      options.mptcp === false ? command : ["mptcpize", "run", ...command],
      { ports, cwd: root },
    );
    return {
      port: ports[0],
      tlsPort: ports[1],
      base: `http://127.0.0.1:${ports[0]}`,
      tlsBase: `https://localhost:${ports[1]}`,
      files,
      uploads,
      log: async () =>
        (await Bun.file(join(root, "access.log")).text()).split("\n").filter(Boolean),
      async stop() {
        await daemon.stop();
        removeTempDir(root);
      },
    };
  });
}

// A real Apache under mptcpize, in a directory of its own: a plain and a TLS listener over MPTCP,
// with files, ranges, compression by mod_deflate, redirects by mod_alias and Basic credentials.
//
//   /files/…   what the test put there      /old  redirects to /files/hello.txt
//   /private/  user "al", password "secret" /deflate/…  compressed on the fly

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeTempDir, tempDir } from "../temp-dir.ts";
import type { KeyPair } from "./certs.ts";
import { retried, startDaemon } from "./daemon.ts";
import { freePort } from "./loopback.ts";

export interface Apache {
  readonly port: number;
  readonly tlsPort: number;
  readonly base: string;
  readonly tlsBase: string;
  readonly files: string;
  stop(): Promise<void>;
}

const MODULES = [
  "mpm_event",
  "authz_core",
  "authn_core",
  "authn_file",
  "authz_user",
  "auth_basic",
  "alias",
  "mime",
  "filter",
  "deflate",
  "ssl",
  "headers",
];

function configuration(root: string, ports: readonly [number, number], tls: KeyPair): string {
  const loads = MODULES.map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  return `${loads.join("\n")}
ServerRoot ${root}
ServerName localhost
PidFile ${root}/httpd.pid
DefaultRuntimeDir ${root}
ErrorLog ${root}/error.log
LogLevel warn
Mutex file:${root}
${process.getuid?.() === 0 ? "User nobody\nGroup nogroup" : ""}
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8
ServerLimit 1
Listen 127.0.0.1:${ports[0]}
Listen 127.0.0.1:${ports[1]}
DocumentRoot ${root}/web
TypesConfig /dev/null
AddType text/plain .txt
EnableMMAP off
<Directory ${root}/web>
  Require all granted
</Directory>
Alias /private ${root}/web/files
<Location /private>
  AuthType Basic
  AuthName vault
  AuthBasicProvider file
  AuthUserFile ${root}/users
  Require valid-user
</Location>
Alias /deflate ${root}/web/files
<Location /deflate>
  SetOutputFilter DEFLATE
</Location>
Redirect 301 /old /files/hello.txt
<VirtualHost 127.0.0.1:${ports[1]}>
  SSLEngine on
  SSLCertificateFile ${tls.certFile}
  SSLCertificateKeyFile ${tls.keyFile}
</VirtualHost>
`;
}

/** Starts Apache; `files/hello.txt` and `files/text.txt` (16 KiB) are there from the start. */
export function startApache(options: { readonly tls: KeyPair }): Promise<Apache> {
  return retried(async () => {
    const root = tempDir("apache");
    const files = join(root, "web/files");
    mkdirSync(files, { recursive: true });
    Bun.spawnSync(["chmod", "0755", root]);
    writeFileSync(join(files, "hello.txt"), "hello, world\n");
    writeFileSync(join(files, "text.txt"), "sixteen letters\n".repeat(1024));
    const hashed = Bun.spawnSync(["openssl", "passwd", "-apr1", "secret"]).stdout.toString().trim();
    writeFileSync(join(root, "users"), `al:${hashed}\n`);
    const ports = [freePort(), freePort()] as const;
    const configurationFile = join(root, "httpd.conf");
    writeFileSync(configurationFile, configuration(root, ports, options.tls));
    const daemon = await startDaemon(
      ["mptcpize", "run", "apache2", "-D", "FOREGROUND", "-f", configurationFile],
      { ports, cwd: root },
    );
    return {
      port: ports[0],
      tlsPort: ports[1],
      base: `http://127.0.0.1:${ports[0]}`,
      tlsBase: `https://localhost:${ports[1]}`,
      files,
      async stop() {
        await daemon.stop();
        removeTempDir(root);
      },
    };
  });
}

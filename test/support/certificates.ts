import { execFileSync } from "node:child_process";
import { join } from "node:path";

const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes authorities and certificates in a folder: `NAME.pem` and `NAME.key`. */
export function certificatesIn(folder: string) {
  const file = (name: string) => join(folder, name);
  const openssl = (...parameters: string[]) => execFileSync("openssl", parameters, { cwd: folder, stdio: "ignore" });
  return {
    file,
    authority(name: string) {
      const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
      openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name}`, ...out);
    },
    /** Its names are as openssl takes them: "DNS:localhost,URI:spiffe://grid/heart". */
    certificate(authority: string, name: string, commonName: string, names: string, days = 2) {
      const subject = ["-subj", `/CN=${commonName}`, "-addext", `subjectAltName=${names}`];
      openssl("req", ...key, ...subject, "-keyout", `${name}.key`, "-out", `${name}.csr`);
      const signer = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`];
      const copied = ["-days", String(days), "-copy_extensions", "copy", "-out", `${name}.pem`];
      openssl("x509", "-req", "-in", `${name}.csr`, ...signer, ...copied);
    },
    /** What listens with such a certificate, or connects with it. */
    options: (name: string) => ["--tls-cert", file(`${name}.pem`), "--tls-key", file(`${name}.key`)],
  };
}

import { experimental, ServerCredentials } from "@grpc/grpc-js";
import type { ServerTls, TlsMaterial } from "../server-tls.js";

/** How gRPC's clients connect: by what the TLS files hold at the time, or without TLS. */
export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  // grpc-js asks for both before it listens to either.
  const follow = (listener: (material: TlsMaterial) => void) => queueMicrotask(() => tls.onMaterial(listener));
  const provider: experimental.CertificateProvider = {
    addCaCertificateListener: (listener) => follow(({ ca }) => listener(ca ? { caCertificate: ca } : null)),
    removeCaCertificateListener() {},
    addIdentityCertificateListener: (listener) =>
      follow(({ cert, key }) => listener({ certificate: cert, privateKey: key })),
    removeIdentityCertificateListener() {},
  };
  // The first has the server's certificate, the second the authority of clients: grpc-js's types say it the other way.
  return experimental.createCertificateProviderServerCredentials(
    provider,
    tls.material.ca ? provider : null,
    tls.isRequired,
  );
}

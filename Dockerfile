# The current LTS line of Node. glibc, as the embedded database's prebuilt driver is smallest and best tested there.
FROM node:26-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Scripts are not run: no package needs its own, and the service's own would build before its source is here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/bundle.ts scripts/
COPY generated/ts generated/ts
COPY src src
# What runs needs no compiler, and no driver for the other C library. The packages stay, though they are in dist too: for
# the driver, for what is read from their files, for their licences, and for whoever scans the image.
RUN npm run build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@libsql/linux-*-musl

FROM node:26-trixie-slim
ENV NODE_ENV=production \
    ARCHIVE_HOST=0.0.0.0 \
    ARCHIVE_HTTP_PORT=50052 \
    ARCHIVE_DATABASE_URL=sqlite:/data/archive.db \
    ARCHIVE_LOG_FORMAT=json \
    SQLITE_TMPDIR=/data
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN install --directory --owner=node --group=node /data
# The user `node`, by number, so that Kubernetes can tell that it is not root. All but /data is root's.
USER 1000:1000
# Only here is anything written: the root file system can be read-only.
VOLUME /data
EXPOSE 50051 50052
# Where the service has another port or TLS, ARCHIVE_ADDRESS, ARCHIVE_TLS_CA and so on say so to the health command.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --start-interval=1s CMD ["node", "dist/src/main.js", "health"]
ENTRYPOINT ["node", "/app/dist/src/main.js"]
CMD ["serve"]

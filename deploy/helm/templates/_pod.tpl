{{- /* What a Deployment and a StatefulSet run. */}}
{{- define "archive.pod" -}}
{{- $isServer := eq .Values.database.kind "server" }}
{{- $tls := .Values.tls.secret }}
metadata:
  labels: {{- include "archive.labels" . | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  # Else the service's own address would stand in variables that the archive reads.
  enableServiceLinks: false
  # The pause before the end, the 10 s that running calls have, and some.
  terminationGracePeriodSeconds: 25
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    seccompProfile: { type: RuntimeDefault }
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $isServer }}
  initContainers:
    # Brings the schema up to date; where it is, it writes nothing. An embedded database is migrated by who serves it.
    - name: migrate
      {{- include "archive.container" . | nindent 6 }}
      command: {{- include "archive.command" . | nindent 8 }}
      args: [migrate]
      env:
        - { name: ARCHIVE_LOG_FORMAT, value: {{ .Values.log.format | quote }} }
        - { name: ARCHIVE_LOG_LEVEL, value: {{ .Values.log.level | quote }} }
  {{- end }}
  containers:
    - name: archive
      {{- include "archive.container" . | nindent 6 }}
      command: {{- include "archive.command" . | nindent 8 }}
      args: [serve]
      env:
        - { name: ARCHIVE_HOST, value: "0.0.0.0" }
        - { name: ARCHIVE_PORT, value: "50051" }
        - { name: ARCHIVE_HTTP_PORT, value: "50052" }
        - { name: ARCHIVE_LOG_FORMAT, value: {{ .Values.log.format | quote }} }
        - { name: ARCHIVE_LOG_LEVEL, value: {{ .Values.log.level | quote }} }
        - { name: ARCHIVE_LOG_ID, value: {{ .Values.log.id | quote }} }
        {{- with .Values.log.target }}
        - { name: ARCHIVE_LOG_TARGET, value: {{ . | quote }} }
        {{- end }}
        {{- if not $isServer }}
        - { name: ARCHIVE_DATABASE_URL, value: "sqlite:/data/archive.db" }
        {{- end }}
        {{- if .Values.access.secret }}
        - { name: ARCHIVE_ACCESS, value: /run/access/access.yaml }
        {{- else }}
        - { name: ARCHIVE_OPEN, value: {{ .Values.access.open | quote }} }
        {{- end }}
        {{- if $tls }}
        - { name: ARCHIVE_TLS_CERT, value: /run/tls/tls.crt }
        - { name: ARCHIVE_TLS_KEY, value: /run/tls/tls.key }
        {{- if .Values.tls.clientCertificates }}
        - { name: ARCHIVE_TLS_CLIENT_CA, value: /run/tls/ca.crt }
        # The probes have no certificate; who has neither that nor a token gets no further.
        - { name: ARCHIVE_TLS_CLIENT_AUTH, value: optional }
        {{- end }}
        {{- end }}
        {{- with .Values.http.allowHosts }}
        - { name: ARCHIVE_HTTP_ALLOW_HOSTS, value: {{ join "," . | quote }} }
        {{- end }}
        {{- with .Values.http.allowOrigins }}
        - { name: ARCHIVE_HTTP_ALLOW_ORIGINS, value: {{ join "," . | quote }} }
        {{- end }}
        {{- range $name, $value := .Values.environment }}
        - { name: {{ $name }}, value: {{ $value | quote }} }
        {{- end }}
      ports:
        - { name: grpc, containerPort: 50051 }
        - { name: http, containerPort: 50052 }
      startupProbe:
        {{- include "archive.probe" (dict "path" "/livez" "tls" $tls) | nindent 8 }}
        periodSeconds: 1
        failureThreshold: 60
      livenessProbe:
        {{- include "archive.probe" (dict "path" "/livez" "tls" $tls) | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      # Longer than a copy takes to start: after a migration those of the version before are not ready any more.
      readinessProbe:
        {{- include "archive.probe" (dict "path" "/readyz" "tls" $tls) | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 3
      lifecycle:
        # Until everybody knows that nothing more is to be sent here.
        preStop: { exec: { command: [sleep, "5"] } }
  {{- if or $isServer $tls .Values.access.secret .Values.metrics.tokenSecret.name }}
  volumes:
    {{- if $isServer }}
    # Nothing is kept there with a database server.
    - { name: data, emptyDir: {} }
    {{- end }}
    {{- with include "archive.secrets" . }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources: {{- . | trim | nindent 10 }}
    {{- end }}
    {{- with .Values.access.secret }}
    - { name: access, secret: { secretName: {{ . | quote }}, defaultMode: 0440 } }
    {{- end }}
    {{- with $tls }}
    - { name: tls, secret: { secretName: {{ . | quote }}, defaultMode: 0440 } }
    {{- end }}
  {{- end }}
  {{- if and $isServer (not .Values.affinity) }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "archive.selector" . | nindent 10 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

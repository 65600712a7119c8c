{{- define "archive.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "archive.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "archive.labels" -}}
{{ include "archive.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/component: archive
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "archive.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* Secrets are files, each named after the variable that it is for: they stand in no description of a pod. */}}
{{- define "archive.command" -}}
- /bin/sh
- -c
- |
  set -eu
  for file in /run/secrets/archive/*; do
    if [ -f "$file" ]; then export "${file##*/}=$(cat "$file")"; fi
  done
  exec node /app/dist/src/main.js "$@"
- archive
{{- end }}

{{- define "archive.container" -}}
image: {{ include "archive.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - { name: data, mountPath: /data }
  {{- if include "archive.secrets" . }}
  - { name: secrets, mountPath: /run/secrets/archive, readOnly: true }
  {{- end }}
  {{- if .Values.access.secret }}
  - { name: access, mountPath: /run/access, readOnly: true }
  {{- end }}
  {{- if .Values.tls.secret }}
  - { name: tls, mountPath: /run/tls, readOnly: true }
  {{- end }}
{{- end }}

{{- define "archive.secrets" -}}
{{- if eq .Values.database.kind "server" }}
- secret:
    name: {{ .Values.database.server.urlSecret.name | quote }}
    items: [{ key: {{ .Values.database.server.urlSecret.key | quote }}, path: ARCHIVE_DATABASE_URL }]
{{- end }}
{{- if .Values.metrics.tokenSecret.name }}
- secret:
    name: {{ .Values.metrics.tokenSecret.name | quote }}
    items: [{ key: {{ .Values.metrics.tokenSecret.key | quote }}, path: ARCHIVE_METRICS_TOKEN }]
{{- end }}
{{- end }}

{{- define "archive.probe" -}}
httpGet: { path: {{ .path }}, port: http, scheme: {{ if .tls }}HTTPS{{ else }}HTTP{{ end }} }
{{- end }}

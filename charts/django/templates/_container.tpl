{{/*
(root, container, volumeMounts) -> a container of the project's image.

container is a dict: name, args, resources and, where needed, env, ports (name -> number), probes (startup, readiness,
liveness) and lifecycle. state: true adds STATE_DIR, and listener: true that, the port and the probes of the library's
probe listener, unless the container has a probe of its own. There are args but never a command, so that the image's entrypoint runs.

env is a map. Of several sources of one variable the last wins: the staging Secret, the ConfigMap, the project's Secret,
the container's env, envAliases.
*/}}
{{- define "django.container" -}}
{{- $v := .root.Values -}}
{{- $fullname := include "django.fullname" .root -}}
{{- $ports := .container.ports -}}
{{- $probes := .container.probes -}}
{{- if .container.listener -}}
{{- $ports = merge (dict "probe" 8001) ($ports | default dict) -}}
{{- /* The listener asks no broker, so a start takes no longer than any other answer. */ -}}
{{- $listener := dict
  "startup" (dict "port" "probe" "path" "/livez" "period" 2 "failures" 30)
  "readiness" (dict "port" "probe" "path" "/readyz" "period" 5 "failures" 3)
  "liveness" (dict "port" "probe" "path" "/livez" "period" 10 "failures" 3) -}}
{{- range $kind, $probe := $probes -}}
{{- $_ := set $listener $kind $probe -}}
{{- end -}}
{{- $probes = $listener -}}
{{- end -}}
name: {{ .container.name }}
image: {{ $v.image }}
imagePullPolicy: {{ $v.imagePullPolicy }}
args: {{ toJson .container.args }}
envFrom:
  {{- if $v.staging.enabled }}
  - secretRef: {name: {{ $fullname }}-staging}
  {{- end }}
  - configMapRef: {name: {{ $fullname }}-config}
  {{- with include "django.secretName" .root }}
  - secretRef: {name: {{ . }}}
  {{- end }}
{{- $env := dict }}
{{- range $name, $value := $v.env }}
{{- if kindIs "map" $value }}
{{- $_ := set $env $name $value }}
{{- end }}
{{- end }}
{{- range $name, $value := .container.env }}
{{- if kindIs "map" $value }}
{{- $_ := set $env $name $value }}
{{- else if not (kindIs "invalid" $value) }}
{{- $_ := set $env $name (dict "value" (include "django.scalar" $value)) }}
{{- end }}
{{- end }}
{{- $aliases := dict }}
{{- include "django.aliases" (dict "root" .root "env" $env "into" $aliases) }}
{{- with mergeOverwrite $env $aliases }}
env:
  {{- range $name, $value := . }}
  - {{ mergeOverwrite (dict "name" $name) $value | toJson }}
  {{- end }}
{{- end }}
{{- with $ports }}
ports:
  {{- range $name, $port := . }}
  - {name: {{ $name }}, containerPort: {{ $port }}}
  {{- end }}
{{- end }}
resources:
  {{- toYaml .container.resources | nindent 2 }}
{{- range $kind, $probe := $probes }}
{{ $kind }}Probe:
  {{- include "django.probe" $probe | nindent 2 }}
{{- end }}
{{- with .container.lifecycle }}
lifecycle:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
volumeMounts:
  - {name: tmp-{{ .container.name }}, mountPath: /tmp}
  {{- if or .container.listener .container.state }}
  - {name: state, mountPath: /tmp/django-k8s}
  {{- end }}
  {{- if $v.media.enabled }}
  - {name: media, mountPath: /media}
  {{- end }}
  {{- range $path, $file := $v.files }}
  - mountPath: {{ $path | quote }}
    readOnly: true
    {{- if kindIs "map" $file }}
    name: {{ include "django.fileVolume" $file }}
    subPath: {{ $file.key | quote }}
    {{- else }}
    name: files
    subPath: {{ include "django.fileKey" $path }}
    {{- end }}
  {{- end }}
  {{- with .volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* (port and path, command, or port alone; period, failures) -> a probe. A port alone has to take connections. */}}
{{- define "django.probe" -}}
{{- if .command -}}
exec: {command: {{ toJson .command }}}
{{- else if .path -}}
httpGet: {port: {{ .port }}, path: {{ .path | quote }}}
{{- else -}}
tcpSocket: {port: {{ .port }}}
{{- end }}
periodSeconds: {{ .period }}
timeoutSeconds: 5
{{- with .failures }}
failureThreshold: {{ . }}
{{- end }}
{{- end }}

{{/* One pod template for every role. */}}

{{/*
(root, name, args, env, resources, probes, ports, lifecycle, pod) -> a container of the project's image.
args, never command: the image's entrypoint holds. env is a map, a later source wins: staging's Secret, the
ConfigMap, the project's Secret, then what stands here.
*/}}
{{- define "django.container" -}}
{{- $v := .root.Values -}}
{{- $fullname := include "django.fullname" .root -}}
name: {{ .name }}
image: {{ $v.image }}
imagePullPolicy: {{ $v.imagePullPolicy }}
args: {{ toJson .args }}
envFrom:
  {{- if $v.staging.enabled }}
  - secretRef: {name: {{ $fullname }}-staging}
  {{- end }}
  - configMapRef: {name: {{ $fullname }}-config}
  {{- with include "django.secretName" .root }}
  - secretRef: {name: {{ . }}}
  {{- end }}
{{- $env := dict }}
{{- range $name, $value := $v.env }}{{ if kindIs "map" $value }}{{ $_ := set $env $name $value }}{{ end }}{{ end }}
{{- range $name, $value := .env }}
{{- if kindIs "map" $value }}{{ $_ := set $env $name $value }}
{{- else if not (kindIs "invalid" $value) }}{{ $_ := set $env $name (dict "value" (include "django.scalar" $value)) }}{{ end }}
{{- end }}
{{- with $env }}
env:
  {{- range $name, $value := . }}
  - {{ mergeOverwrite (dict "name" $name) $value | toJson }}
  {{- end }}
{{- end }}
{{- with .ports }}
ports:
  {{- range $name, $port := . }}
  - {name: {{ $name }}, containerPort: {{ $port }}}
  {{- end }}
{{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
{{- with .probes }}
{{ toYaml . }}
{{- end }}
{{- with .lifecycle }}
lifecycle:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
volumeMounts:
  - {name: tmp-{{ .name }}, mountPath: /tmp}
  {{- if $v.media.enabled }}
  - {name: media, mountPath: /media}
  {{- end }}
  {{- range $path, $file := $v.files }}
  {{- if kindIs "map" $file }}
  - {name: {{ include "django.fileVolume" $file }}, mountPath: {{ $path | quote }}, subPath: {{ $file.key | quote }}, readOnly: true}
  {{- else }}
  - {name: files, mountPath: {{ $path | quote }}, subPath: {{ include "django.fileKey" $path }}, readOnly: true}
  {{- end }}
  {{- end }}
  {{- with (include "django.podValues" . | fromJson).volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* (root, pod) -> the values of pod with a role's own added, as JSON: lists after lists, maps into maps. */}}
{{- define "django.podValues" -}}
{{- $pod := deepCopy .root.Values.pod -}}
{{- range $key, $own := .pod -}}
{{- $common := get $pod $key -}}
{{- if kindIs "slice" $own }}{{ $own = concat $common $own }}{{ else if kindIs "map" $own }}{{ $own = mergeOverwrite $common (deepCopy $own) }}{{ end -}}
{{- $_ := set $pod $key $own -}}
{{- end -}}
{{ toJson $pod }}
{{- end }}

{{/* A whole number stays one: Helm reads 1000000 as 1e+06. */}}
{{- define "django.scalar" -}}
{{- if kindIs "float64" . }}{{ if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{- define "django.fileKey" -}}
{{ regexReplaceAll "[^A-Za-z0-9._-]" (trimPrefix "/" .) "-" }}
{{- end }}

{{- define "django.fileVolume" -}}
{{ hasKey . "secret" | ternary "secret" "config" }}-{{ (.secret | default .configMap) | replace "." "-" | trunc 50 }}
{{- end }}

{{/* (root) -> the init container that waits for the migrations, as JSON; null when nobody migrates here. */}}
{{- define "django.wait" -}}
{{- if ne .Values.migrate.mode "none" -}}
{{ include "django.container" (dict "root" . "name" "wait" "args" (list "wait" "migrations") "resources" .Values.migrate.resources
   "env" (dict "WAIT_SECONDS" .Values.migrate.waitSeconds)) }}
{{- end }}
{{- end }}

{{/*
(root, component, containers, init, grace, restartPolicy, annotations, extra, pod) -> metadata and spec of a pod.
containers and init are lists of YAML texts; extra: a pod that runs for long, which is spread, restarted by the token,
and has pod.containers beside ours.
*/}}
{{- define "django.pod" -}}
{{- $v := .root.Values -}}
{{- $pod := include "django.podValues" . | fromJson -}}
{{- $fullname := include "django.fullname" .root -}}
{{- $texts := concat (.init | default list) .containers -}}
metadata:
  labels:
    {{- include "django.labels" . | nindent 4 }}
    {{- with $pod.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "django.checksum" .root }}
    {{- if and .extra $v.restartToken }}
    restart-token: {{ $v.restartToken | quote }}
    {{- end }}
    {{- with mergeOverwrite (dict "cluster-autoscaler.kubernetes.io/safe-to-evict" "true") $pod.annotations (.annotations | default dict) }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "django.serviceAccountName" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $v.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- mergeOverwrite (dict "runAsNonRoot" true "fsGroup" 10001 "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault")) (deepCopy $pod.securityContext) | toYaml | nindent 4 }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- with .grace }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  {{- with $pod.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $pod.nodeSelector }}
  nodeSelector: {{ toJson . }}
  {{- end }}
  {{- with $pod.tolerations }}
  tolerations: {{ toJson . }}
  {{- end }}
  {{- with $pod.affinity }}
  affinity: {{ toJson . }}
  {{- end }}
  {{- if and $pod.spread .extra }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      matchLabelKeys: [pod-template-hash]
      labelSelector:
        matchLabels:
          {{- include "django.selector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- if or .init $pod.initContainers }}
  initContainers:
    {{- with $pod.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- range .init }}
    - {{- . | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    {{- range .containers }}
    - {{- . | nindent 6 }}
    {{- end }}
    {{- if .extra }}
    {{- with $pod.containers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
  volumes:
    {{- range $texts }}
    - {name: tmp-{{ (fromYaml .).name }}, emptyDir: {}}
    {{- end }}
    {{- if $v.media.enabled }}
    - {name: media, persistentVolumeClaim: {claimName: {{ $v.media.existingClaim | default (printf "%s-media" $fullname) }}}}
    {{- end }}
    {{- $seen := dict }}
    {{- range $path, $file := $v.files }}
    {{- $name := "files" }}
    {{- if kindIs "map" $file }}{{ $name = include "django.fileVolume" $file }}{{ end }}
    {{- if not (hasKey $seen $name) }}
    {{- $_ := set $seen $name true }}
    {{- if not (kindIs "map" $file) }}
    - {name: files, configMap: {name: {{ $fullname }}-files}}
    {{- else if $file.secret }}
    - {name: {{ $name }}, secret: {secretName: {{ $file.secret }}}}
    {{- else }}
    - {name: {{ $name }}, configMap: {name: {{ $file.configMap }}}}
    {{- end }}
    {{- end }}
    {{- end }}
    {{- with $pod.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Changes with what the chart itself puts into the environment and into files. */}}
{{- define "django.checksum" -}}
{{ printf "%s|%s|%s" (include "django.config" .) (toJson .Values.files) (include "django.stagingSecrets" .) | sha256sum | trunc 32 }}
{{- end }}

{{/* (port, path, period, timeout, failures) -> a probe over HTTP. */}}
{{- define "django.httpProbe" -}}
{{ dict "httpGet" (dict "port" .port "path" .path) "periodSeconds" .period "timeoutSeconds" (.timeout | default 5) "failureThreshold" (.failures | default 3) | toJson }}
{{- end }}

{{/* Probes of worker and beat: their listener asks no broker, so a start needs no more patience than life does. */}}
{{- define "django.listenerProbes" -}}
{{ dict "livenessProbe" (include "django.httpProbe" (dict "port" "probe" "path" "/livez" "period" 10) | fromJson)
   "readinessProbe" (include "django.httpProbe" (dict "port" "probe" "path" "/readyz" "period" 5) | fromJson)
   "startupProbe" (include "django.httpProbe" (dict "port" "probe" "path" "/livez" "period" 2 "failures" 30) | fromJson) | toJson }}
{{- end }}

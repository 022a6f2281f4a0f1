{{/* Labels, and the metadata of objects. */}}

{{/*
(root, component) -> the labels that select a component's pods. Kubernetes lets nobody change the selector of a
Deployment or StatefulSet, so these three stay as they are.
*/}}
{{- define "django.selector" -}}
app.kubernetes.io/name: django
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* (root) -> the image's tag, or the start of its digest, as a label can have it. */}}
{{- define "django.version" -}}
{{- $last := splitList "/" .Values.image | last -}}
{{- $version := regexReplaceAll "^[^:]*:?" $last "" -}}
{{- if contains "@" $last -}}
{{- $version = regexReplaceAll "^.*@sha256:" $last "" | trunc 12 -}}
{{- end -}}
{{ regexReplaceAll "[^A-Za-z0-9_.-]" $version "-" | trunc 63 | trimAll "-_." }}
{{- end }}

{{/*
(root, component, labels) -> all labels of an object: those given, commonLabels, and the recommended ones, which win.
*/}}
{{- define "django.labels" -}}
{{- $labels := dict
  "app.kubernetes.io/name" "django"
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/component" .component
  "app.kubernetes.io/part-of" (include "django.fullname" .root)
  "app.kubernetes.io/managed-by" .root.Release.Service
  "app.kubernetes.io/version" (include "django.version" .root)
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version) -}}
{{- with .root.Values.staging.expires -}}
{{- $_ := set $labels "environment-expires" . -}}
{{- end -}}
{{ mergeOverwrite (dict) (.labels | default dict) .root.Values.commonLabels $labels | toYaml }}
{{- end }}

{{/*
(root, component, name, labels, annotations) -> the metadata of an object. Its name is RELEASE-COMPONENT by default.
*/}}
{{- define "django.metadata" -}}
metadata:
  name: {{ .name | default (printf "%s-%s" (include "django.fullname" .root) .component) }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "django.labels" . | nindent 4 }}
  {{- with mergeOverwrite (deepCopy .root.Values.commonAnnotations) (.annotations | default dict) }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

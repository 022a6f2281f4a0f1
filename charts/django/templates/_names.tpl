{{/* Names and labels. Selectors have name, instance and component alone, for ever: they cannot be changed. */}}

{{- define "django.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* The Secret with the variables; empty in staging unless one is named. */}}
{{- define "django.secretName" -}}
{{- if .Values.secret.name }}{{ .Values.secret.name }}
{{- else if not .Values.staging.enabled }}{{ include "django.fullname" . }}-env
{{- end }}
{{- end }}

{{- define "django.serviceAccountName" -}}
{{- if .Values.serviceAccount.name }}{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create }}{{ include "django.fullname" . }}
{{- else }}default{{ end }}
{{- end }}

{{/* (root, component) -> the labels by which a component is selected. */}}
{{- define "django.selector" -}}
app.kubernetes.io/name: django
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* (root, component) -> all recommended labels. The version is the image's tag, or the start of its digest. */}}
{{- define "django.labels" -}}
{{- $v := .root.Values -}}
{{- $last := splitList "/" $v.image | last -}}
{{- $version := contains "@" $last | ternary (regexReplaceAll "^.*@sha256:" $last "" | trunc 12) (regexReplaceAll "^[^:]*:?" $last "") -}}
{{ include "django.selector" . }}
app.kubernetes.io/part-of: {{ include "django.fullname" .root }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ regexReplaceAll "[^A-Za-z0-9_.-]" $version "-" | trunc 63 | trimAll "-_." | quote }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- with $v.staging.expires }}
environment-expires: {{ . | quote }}
{{- end }}
{{- with $v.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (root, component, name, annotations) -> metadata of an object. */}}
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

{{/* "true" if the project has Celery, else empty. Values of a release from before this one existed have none: --reuse-values. */}}
{{- define "django.celery" -}}
{{- if ne (toString .Values.celery) "false" }}true{{ end }}
{{- end }}

{{/* "true" if there is a scheduler pod: it has beat, a shell or both. */}}
{{- define "django.scheduler" -}}
{{- if and .Values.scheduler.enabled (or (include "django.celery" .) .Values.scheduler.shell.enabled) }}true{{ end }}
{{- end }}

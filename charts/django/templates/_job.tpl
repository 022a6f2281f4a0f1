{{/* Jobs, and the Jobs of a CronJob. */}}

{{/*
(root, component, container, waits, backoffLimit) -> a Job that is named by the hash of its spec. A Job cannot be
changed: another image, environment or releaseToken makes another Job, and the same Job never runs twice.
*/}}
{{- define "django.job" -}}
{{- $spec := include "django.jobSpec" . -}}
{{- $hash := printf "%s|%s" $spec .root.Values.releaseToken | sha256sum | trunc 8 -}}
{{- $component := .component | trunc 13 | trimSuffix "-" -}}
{{- $name := printf "%s-%s-%s" (include "django.fullname" .root) $component $hash -}}
apiVersion: batch/v1
kind: Job
{{ include "django.metadata" (dict "root" .root "component" .component "name" $name) }}
spec:
  {{- $spec | nindent 2 }}
{{- end }}

{{/* (root, component, container, waits, backoffLimit, activeDeadlineSeconds) -> the spec of a Job. */}}
{{- define "django.jobSpec" -}}
{{- $pod := dict
  "root" .root
  "component" .component
  "containers" (list .container)
  "waits" .waits
  "restartPolicy" "Never"
  "graceSeconds" 60 -}}
backoffLimit: {{ .backoffLimit }}
{{- with .activeDeadlineSeconds }}
activeDeadlineSeconds: {{ . }}
{{- end }}
# A pod that is being deleted may still hold the lock or run a task. The next one starts when it has ended.
podReplacementPolicy: Failed
podFailurePolicy:
  rules:
    # Wrong usage (64) and wrong configuration (78): another try cannot succeed.
    - action: FailJob
      onExitCodes: {containerName: {{ .container.name }}, operator: In, values: [64, 78]}
    - action: Ignore
      onPodConditions: [{type: DisruptionTarget, status: "True"}]
template:
  {{- include "django.pod" $pod | nindent 2 }}
{{- end }}

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

{{/* (code) -> the arguments, as JSON, that run a program in the project, with Django set up. */}}
{{- define "django.python" -}}
{{ list "manage" "shell" "--no-imports" "--command" .code | toJson }}
{{- end }}

{{/*
(root, name, args, into): changes the container of a Job so that it runs args unless they have ended well in this database
before. releaseToken makes another run of them.
*/}}
{{- define "django.once" -}}
{{- $hash := printf "%s|%s" (toJson .args) .root.Values.releaseToken | sha256sum | trunc 12 -}}
{{- $command := concat (list "/bin/sh" "/usr/local/lib/django-k8s/entrypoint") .args | toJson -}}
{{- $once := dict "ONCE_MARK" (printf "%s-%s" .name $hash) "ONCE_COMMAND" $command -}}
{{- $_ := set .into "env" (mergeOverwrite $once .into.env) -}}
{{- $code := .root.Files.Get "files/once.py" -}}
{{- $_ := set .into "args" (include "django.python" (dict "code" $code) | fromJsonArray) -}}
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

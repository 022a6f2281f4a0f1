{{/* The container that migrates. */}}
{{- define "django.migrate" -}}
{{- with .Values.migrate }}
{{- include "django.container" (dict "root" $ "name" "migrate" "args" (concat (list "migrate") .args) "env" .env "resources" .resources) }}
{{- end }}
{{- end }}

{{/*
(root, component, container, init, backoffLimit) -> a Job named by the hash of all that it is. A Job cannot be changed:
another image, environment or release token is another Job, and the same one is never run twice.
*/}}
{{- define "django.job" -}}
{{- $spec := include "django.jobSpec" . -}}
apiVersion: batch/v1
kind: Job
{{ include "django.metadata" (dict "root" .root "component" .component "name" (printf "%s-%s-%s" (include "django.fullname" .root) (.component | trunc 13 | trimSuffix "-") (printf "%s|%s" $spec .root.Values.releaseToken | sha256sum | trunc 8))) }}
spec:
  {{- $spec | nindent 2 }}
{{- end }}

{{- define "django.jobSpec" -}}
backoffLimit: {{ .backoffLimit }}
{{- with .activeDeadlineSeconds }}
activeDeadlineSeconds: {{ . }}
{{- end }}
# 78: the configuration is wrong, which another try does not mend.
podFailurePolicy:
  rules:
    - {action: FailJob, onExitCodes: {containerName: {{ (fromYaml .container).name }}, operator: In, values: [64, 78]}}
    - {action: Ignore, onPodConditions: [{type: DisruptionTarget, status: "True"}]}
template:
  {{- include "django.pod" (dict "root" .root "component" .component "containers" (list .container) "init" .init "restartPolicy" "Never" "grace" 60) | nindent 2 }}
{{- end }}

{{/* (root, into): the container that migrates, of the Job or of the scheduler's pod. */}}
{{- define "django.migrate" -}}
{{- with .root.Values.migrate -}}
{{- $_ := set $.into "name" "migrate" -}}
{{- $_ := set $.into "args" (concat (list "migrate") .args) -}}
{{- $_ := set $.into "env" .env -}}
{{- $_ := set $.into "resources" .resources -}}
{{- end -}}
{{- end }}

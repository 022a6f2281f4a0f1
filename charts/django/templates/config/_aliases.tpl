{{/*
(root, env, into): the variables of envAliases, as objects of a container's env.

env has the container's own variables, as such objects too. Each alias refers to the place that its variable has: env,
the ConfigMap, the staging Secret, else the project's Secret. A Secret's value stays in the Secret. If the project's Secret
lacks the variable, there is no alias, and a variable of the alias's name in that Secret holds.
*/}}
{{- define "django.aliases" -}}
{{- with .root.Values.envAliases -}}
{{- $fullname := include "django.fullname" $.root -}}
{{- $config := include "django.config" $.root | fromYaml -}}
{{- $staging := include "django.stagingKeys" $.root | fromJsonArray -}}
{{- $secret := include "django.secretName" $.root -}}
{{- range $name, $of := . -}}
{{- if hasKey $.env $of -}}
{{- $_ := set $.into $name (get $.env $of) -}}
{{- else if hasKey $config $of -}}
{{- $key := dict "name" (printf "%s-config" $fullname) "key" $of -}}
{{- $_ := set $.into $name (dict "valueFrom" (dict "configMapKeyRef" $key)) -}}
{{- else if has $of $staging -}}
{{- $key := dict "name" (printf "%s-staging" $fullname) "key" $of -}}
{{- $_ := set $.into $name (dict "valueFrom" (dict "secretKeyRef" $key)) -}}
{{- else if $secret -}}
{{- $key := dict "name" $secret "key" $of "optional" true -}}
{{- $_ := set $.into $name (dict "valueFrom" (dict "secretKeyRef" $key)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
